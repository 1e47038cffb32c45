import prettyBytes from 'pretty-bytes'
import { STATE_KINDS } from '../model/states.ts'
import type { Plan, PlannedState, PlannedView } from '../pipeline/plan.ts'
import type { Advice } from '../pipeline/plan-advice.ts'
import { renderUnmatched } from '../pipeline/unmatched.ts'
import { count, grouped, renderTable, usd } from './table.ts'

const COLUMNS: readonly PlannedState[] = [
  'missing',
  'stale',
  'maybe',
  ...STATE_KINDS.filter((kind) => kind !== 'missing' && kind !== 'stale'),
]

/** A plan for a person: states per view, what is left out and why, tasks, and the price by line. */
export function renderPlan(plan: Plan): string {
  return [
    renderStates(plan.views),
    ...(plan.outside ? [`  no whole partition in this period: ${plan.outside.join(', ')}`] : []),
    ...renderLeftOut(plan.views),
    ...renderLandings(plan),
    ...plan.unmatched.map((one) => `  ${renderUnmatched(one)}`),
    renderWork(plan),
    renderQuote(plan),
    ...plan.advice.map(renderAdvice),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function renderStates(views: readonly PlannedView[]): string {
  const used = COLUMNS.filter((state) => views.some((view) => view.states[state]))
  const rows = views.map((view) => {
    const range = view.first === undefined ? 'no partitions' : `${view.first}..${view.last}`
    return [view.view, view.version, range, ...used.map((state) => view.states[state] ?? 0)]
  })
  return renderTable(['view', 'version', 'partitions', ...used.map((state) => `>${state.replace('_', ' ')}`)], rows)
}

/** At most this many lines of what is left out: the rest is counted. */
const LEFT_OUT_MAX = 12

function renderLeftOut(views: readonly PlannedView[]): string[] {
  const lines = views.flatMap((view) =>
    view.leftOut.map(({ state, first, last, partitions, reason, remedy }) => {
      const range = first === last ? first : `${first}..${last} (${partitions})`
      return `  ${state.replace('_', ' ')}: ${view.view} ${range}${reason ? `: ${reason}` : ''}${remedy ? `\n      ${remedy}` : ''}`
    }),
  )
  const more = lines.length - LEFT_OUT_MAX
  return more > 0 ? [...lines.slice(0, LEFT_OUT_MAX), `  and ${more} more, in --json`] : lines
}

function renderLandings(plan: Plan): string[] {
  return plan.landings.flatMap(({ source, keys, bytes, refused }) => [
    ...(keys.length > 0 ? [`  lands ${count(keys.length, 'object')} of ${source}, ${prettyBytes(bytes)}`] : []),
    ...(refused.length > 0
      ? [`  refused: ${count(refused.length, 'object')} of ${source}, such as ${refused[0]}; hindcast status says why`]
      : []),
  ])
}

function renderWork(plan: Plan): string {
  const tasks = plan.levels.reduce((sum, level) => sum + level.tasks.length, 0)
  if (tasks === 0) return 'nothing to compute'
  const maybe = plan.maybe > 0 ? ` (and ${grouped(plan.maybe)} maybe)` : ''
  return `computes ${count(plan.partitions, 'partition')}${maybe} in ${count(tasks, 'task')} on ${count(plan.levels.length, 'level')}`
}

function renderQuote({ quote }: Plan): string {
  if (quote.highUsd === 0) return ''
  const rows = quote.lines
    .filter((line) => line.high > 0)
    .map((line) => [`  ${line.line}`, amount(line.low, line.unit), amount(line.high, line.unit), usd(line.lowUsd), usd(line.highUsd)])
  rows.push(['  on AWS', '', '', usd(quote.lowUsd), usd(quote.highUsd)])
  return renderTable([`price (${quote.region}, ${quote.date})`, '>low', '>high', '>low', '>high'], rows)
}

function renderAdvice({ view, source, kind, grain, existing, times, now, instead }: Advice): string {
  const range = existing?.first === undefined ? '' : ` (${existing.first}..${existing.last})`
  const there = existing ? `${existing.view} holds ${source} by ${grain}${range}` : ''
  if (kind === 'expired') return `advice: ${view} reads ${source}, which is no longer kept that far back; ${there} and can be read instead`
  const price = now && instead ? ` would cut the price of this from ${fromTo(now)} to ${fromTo(instead)}` : ''
  const what = existing
    ? `${there}; reading it instead`
    : `${WORDS[grain]} pre-aggregate (a view of ${source} by ${grain}), computed first and read instead,`
  return `advice: ${view} scans each byte of ${source} ${grouped(times ?? 0)} times; ${what}${price}`
}

const WORDS = { hour: 'an hourly', day: 'a daily', month: 'a monthly' } as const

function fromTo({ lowUsd, highUsd }: { readonly lowUsd: number; readonly highUsd: number }): string {
  return `$${lowUsd.toPrecision(2)}..$${highUsd.toPrecision(2)}`
}

function amount(value: number, unit: string): string {
  return unit === 'bytes' ? prettyBytes(value) : `${grouped(Math.ceil(value))} ${unit}`
}
