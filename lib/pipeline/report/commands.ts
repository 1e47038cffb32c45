import { featureKey } from '../../model/catalog.ts'
import type { StateKind } from '../../model/states.ts'
import type { RunRecord } from '../read-run.ts'
import type { BackfillRequest } from '../request.ts'
import type { SourceStatus } from '../source-status.ts'
import type { ViewStatus } from '../status.ts'
import type { VersionComparison } from './compare-versions.ts'

/** Something to type, and what for. */
export interface NextCommand {
  readonly command: string
  readonly why: string
}

const COMMANDS_MAX = 12

export interface CommandFacts {
  readonly views: readonly ViewStatus[]
  readonly sources: readonly SourceStatus[]
  readonly compared: readonly VersionComparison[]
  readonly run?: RunRecord
  /** All views that are published with the candidate of this one. */
  together(view: string): readonly string[]
}

/** What to type next, the most useful first. */
export function nextCommands({ views, sources, compared, run, together }: CommandFacts): NextCommand[] {
  // A request means the candidate by the view's name alone.
  const named = views.map((one) => ({ ...one, name: one.role === 'candidate' ? one.view : featureKey(one.view, one.version) }))
  const found = [
    ...(run ? goOn(run) : []),
    ...sources.flatMap(unlanded),
    ...repairs(named),
    ...compared.flatMap((one) => publishing(one, together(one.view))),
    ...checking(named),
  ]
  const unique = new Map(found.map((one) => [one.command, one]))
  return [...unique.values()].slice(0, COMMANDS_MAX)
}

/** The command line of a request. */
export function commandOf({ views, period, with: also, reprocess, missingInputs, publish, unverified }: BackfillRequest): string {
  const span = 'last' in period ? `--last ${period.last}` : `--from ${period.from} --to ${period.to}`
  return [
    `hindcast backfill ${views.join(' ')} ${span}`,
    ...(also === 'none' ? [] : [`--with ${also}`]),
    ...(reprocess === 'stale' ? [] : [`--reprocess ${reprocess}`]),
    ...(missingInputs === 'block' ? [] : [`--missing-inputs ${missingInputs}`]),
    ...(publish ? ['--publish'] : []),
    ...(unverified ? ['--unverified'] : []),
  ].join(' ')
}

function goOn({ state, report }: RunRecord): NextCommand[] {
  const different = report.gate?.verdict === 'different' ? report.gate.different[0] : undefined
  if (different) return [{ command: `hindcast explain ${different.view} ${different.partition}`, why: 'says what live computed it from' }]
  if (state === 'killed' || state === 'interrupted')
    return [{ command: commandOf(report.request), why: 'goes on where the run ended; what it finished is fresh' }]
  if (state === 'running') return [{ command: `hindcast report ${report.run}`, why: 'looks again; the run is at work' }]
  return report.failed > 0 ? [{ command: commandOf(report.request), why: 'does what the failed tasks left' }] : []
}

function unlanded({ source, landings }: SourceStatus): NextCommand[] {
  if (!landings || landings.unlanded === 0) return []
  return [{ command: 'hindcast live --once', why: `lands ${landings.unlanded.toLocaleString('en-US')} objects of ${source}` }]
}

/** A version with the name by which a request means it. */
type NamedView = ViewStatus & { readonly name: string }

/** What to do about partitions in some states, in the order in which it is told. */
const REPAIRS: readonly { readonly states: readonly StateKind[]; readonly option: string; readonly why: string }[] = [
  { states: ['missing', 'stale'], option: '', why: 'computes what is missing or has other inputs now' },
  { states: ['aged'], option: ' --reprocess engine', why: 'computes again what another engine build wrote' },
  { states: ['shrunk'], option: ' --reprocess all', why: 'computes again what has lost inputs, if they are gone for good' },
]

/** One command per kind of repair, over all partitions that need it. */
function repairs(views: readonly NamedView[]): NextCommand[] {
  const found = REPAIRS.map(({ states, option, why }) =>
    views.flatMap(({ name, leftOut }): NextCommand[] => {
      const runs = leftOut.filter(({ state }) => states.includes(state))
      const [first, last] = [runs[0], runs.at(-1)]
      if (!first || !last) return []
      return [{ command: `hindcast backfill ${name} --from ${first.first} --to ${last.last}${option}`, why }]
    }),
  )
  const [missing = [], ...others] = found
  return [...missing, ...views.flatMap(retrying), ...views.flatMap(unblocking), ...others.flat()]
}

const UNBLOCKING_MAX = 2

/** What blocks says itself what to type; what has to be written is told where the partitions are. */
function unblocking({ name, leftOut }: NamedView): NextCommand[] {
  const found = leftOut.flatMap(({ state, remedy = '', reason = 'inputs are missing' }) => {
    const command = state === 'blocked' ? /hindcast backfill .*$/.exec(remedy)?.[0] : undefined
    return command === undefined ? [] : [{ command, why: `unblocks ${name}: ${reason}` }]
  })
  return found.slice(0, UNBLOCKING_MAX)
}

function retrying({ name, rejected }: NamedView): NextCommand[] {
  const [newest, oldest] = [rejected[0]?.partition, rejected.at(-1)?.partition]
  if (newest === undefined) return []
  return [
    { command: `hindcast explain ${name} ${newest}`, why: 'says what was refused and why' },
    {
      command: `hindcast backfill ${name} --from ${oldest} --to ${newest} --reprocess failed`,
      why: 'tries what was rejected again, once its data or rules are corrected',
    },
  ]
}

function publishing({ view, partitions, notComparable }: VersionComparison, together: readonly string[]): NextCommand[] {
  if (notComparable !== undefined || partitions.length === 0) return []
  return [
    { command: `hindcast diff ${view}`, why: 'shows which rows differ between the published version and the candidate' },
    {
      command: `hindcast publish ${together.join(' ')}`,
      why:
        together.length > 1
          ? 'makes the candidates what readers see, once you trust them'
          : 'makes the candidate what readers see, once you trust it',
    },
  ]
}

/** One command over the newest days of all views. */
function checking(views: readonly ViewStatus[]): NextCommand[] {
  const days = views
    .filter(({ states }) => (states.fresh ?? 0) > 0)
    .flatMap(({ last }) => (last === undefined ? [] : (wholeDay(last) ?? [])))
  const to = days.sort()[0]
  if (to === undefined) return []
  const from = new Date(Date.parse(to) - (CHECKED_DAYS - 1) * DAY_MS).toISOString().slice(0, 10)
  return [
    {
      command: `hindcast verify --from ${from} --to ${to}`,
      why: 'recomputes the newest days of all views in scratch and compares their bytes',
    },
  ]
}

const CHECKED_DAYS = 7
const DAY_MS = 86_400_000

/** The newest day that is over with this partition; none for a month. */
function wholeDay(partition: string): string | undefined {
  const day = partition.slice(0, 10)
  if (partition.length < 10) return undefined
  if (partition.length === 10 || partition.endsWith('-23')) return day
  return new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10)
}
