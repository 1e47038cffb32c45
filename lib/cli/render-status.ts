import prettyMs from 'pretty-ms'
import { STATE_KINDS } from '../model/states.ts'
import { refusedRemedy } from '../pipeline/refused-remedy.ts'
import type { SourceStatus } from '../pipeline/source-status.ts'
import type { Status, ViewStatus } from '../pipeline/status.ts'
import { renderUnmatched } from '../pipeline/unmatched.ts'
import { EXIT } from './exit-codes.ts'
import { renderRepairs, renderRepairsInShort } from './render-repairs.ts'
import { count, renderTable } from './table.ts'

/** At most this many lines of one kind per view or source: the rest is counted. */
const LINES_MAX = 8

/** The status of a lake for a person. */
export function renderStatus({ views, sources, claims }: Status, repairs = false): string {
  return [
    renderStates(views),
    ...views.flatMap((view) => renderView(view, repairs)),
    ...sources.flatMap(renderSource),
    ...claims.map(({ run, ranges, expires }) => {
      const claimed = Object.entries(ranges).map(
        ([table, list]) => `${table.split('@')[0]} ${list.map((range) => range.join('..')).join(', ')}`,
      )
      return `run ${run} is at work on ${claimed.join('; ')}; its claim holds until ${new Date(expires).toISOString()}`
    }),
  ].join('\n')
}

/** Bad data where something is refused, rejected or blocked. */
export function exitCodeOfStatus({ views, sources }: Status): number {
  const bad = views.some(({ states }) => (states.rejected ?? 0) + (states.blocked ?? 0) > 0)
  return bad || sources.some(({ landings }) => (landings?.refusedInAll ?? 0) > 0) ? EXIT.data : EXIT.ok
}

function renderStates(views: readonly ViewStatus[]): string {
  const used = STATE_KINDS.filter((kind) => views.some(({ states }) => states[kind]))
  const rows = views.map(({ view, version, role, first, last, states }) => [
    view,
    role === 'candidate' ? version : `${version} (not the newest)`,
    first === undefined ? 'no partitions' : `${first}..${last}`,
    ...used.map((kind) => states[kind] ?? 0),
  ])
  return renderTable(['view', 'version', 'partitions', ...used.map((kind) => `>${kind.replace('_', ' ')}`)], rows)
}

function renderView(status: ViewStatus, repairs: boolean): string[] {
  const { view, newest, receipts, rejected, states } = status
  const lines = [
    ...(newest === undefined ? [] : [`nothing stands in this range; the newest partition is ${newest}`]),
    ...renderLeftOut(status),
    ...capped(
      rejected.map(({ partition, reasons }) => `rejected: ${partition}: ${reasons.join('; ')}`),
      states.rejected ?? 0,
    ),
    ...(receipts.strays > 0
      ? [
          `stray: ${count(receipts.strays, 'row')} outside the time of their folder, counted by each partition that reads them, newest in ${receipts.newestStray}`,
        ]
      : []),
    ...(receipts.skipped > 0
      ? [
          `skipped: ${count(receipts.skipped, 'row')} that could not be read, counted by each partition that reads them, newest in ${receipts.newestSkipped}`,
        ]
      : []),
    ...renderAvailability(status),
    ...(repairs ? renderRepairs(status) : renderRepairsInShort(status)),
    ...(receipts.read < receipts.of ? [`read the newest ${receipts.read} of ${count(receipts.of, 'receipt')}`] : []),
  ]
  return lines.length === 0 ? [] : [view, ...lines.map((line) => `  ${line}`)]
}

const MEANINGS: Readonly<Record<string, string>> = {
  missing: "the inputs are there; hindcast backfill computes them, a sweep those within the view's repair",
  stale: "the inputs changed; hindcast backfill computes them again, a sweep those within the view's repair",
  aged: 'another engine build wrote them; --reprocess engine computes them again',
  shrunk: 'objects that they were computed from are gone and nothing came; --reprocess all computes them again',
}

function renderLeftOut({ leftOut }: ViewStatus): string[] {
  const lines = leftOut.map(({ state, first, last, partitions, reason, remedy }) => {
    const range = first === last ? first : `${first}..${last} (${partitions})`
    const words = reason ? `${reason}${partitions > 1 ? ', and the like' : ''}` : MEANINGS[state]
    return `${state.replace('_', ' ')}: ${range}${words ? `: ${words}` : ''}${remedy ? `\n      ${remedy}` : ''}`
  })
  return capped(lines, lines.length)
}

function renderAvailability({ receipts: { availability, byRuns } }: ViewStatus): string[] {
  if (!availability) return byRuns > 0 ? [`available: not measured, no partition here was written by live`] : []
  const { partitions, p50Ms, p95Ms, maxMs, availableAfterMs, later } = availability
  const promise = `available_after is ${availableAfterMs === 0 ? '0' : prettyMs(availableAfterMs)}`
  const held = later === 0 ? `${promise}: held` : `${promise}: ${count(later, 'partition')} came later`
  const words = `half within ${long(p50Ms)} of their end, 95% within ${long(p95Ms)}, all within ${long(maxMs)}`
  return [`available: ${words} (${count(partitions, 'partition')} by live); ${held}`]
}

function renderSource(status: SourceStatus): string[] {
  return [...renderData(status), ...(status.unmatched ? [`  ${renderUnmatched(status.unmatched)}`] : [])]
}

function renderData({ source, newest, landings }: SourceStatus): string[] {
  const data = `${source}: ${newest === undefined ? 'no data' : `newest data in ${newest}`}`
  if (!landings) return [data]
  const { landed, unlanded, refused, refusedInAll, read, rows, late, lateObjects, skipped } = landings
  const reasons = refused.map(({ reason }) => reason)
  const of = read < landed ? `of the newest ${read} objects` : `of ${count(landed, 'object')}`
  return [
    `${data}, ${count(landed, 'object')} landed${unlanded > 0 ? `, ${count(unlanded, 'object')} not yet; hindcast live --once lands them` : ''}`,
    ...(late > 0
      ? [`  late: ${count(late, 'row')} of ${rows.toLocaleString('en-US')}, in ${lateObjects} ${of}, came after the folder of their time`]
      : []),
    ...(skipped > 0 ? [`  skipped: ${count(skipped, 'row')} ${of} could not be read`] : []),
    ...capped(
      refused.map(({ key, reason }) => (reason.includes(key) ? `  refused: ${reason}` : `  refused: ${key}: ${reason}`)),
      refusedInAll,
    ),
    ...(refusedInAll > 0 ? [`    ${refusedRemedy('these objects', 'the source', reasons)}`] : []),
  ]
}

function capped(lines: readonly string[], inAll: number): string[] {
  const shown = lines.slice(0, LINES_MAX)
  return inAll > shown.length ? [...shown, `and ${inAll - shown.length} more${inAll > lines.length ? '' : ', in --json'}`] : shown
}

function long(ms: number): string {
  return prettyMs(ms, { unitCount: 2 })
}
