import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'
import { EXIT } from '../exit-codes.ts'
import { count, renderTable, usd } from '../table.ts'
import { renderVerification } from '../verify-effects.ts'
import type { BackfilledAll } from './backfill-all.ts'
import type { BugFix } from './bug-fix.ts'
import type { Flights } from './flights.ts'
import type { LiveWeeks } from './live-weeks.ts'
import type { Proof } from './prove.ts'
import type { TrainedSet } from './training-set.ts'

export function describeFlights({ rows, days, onTheBorder, events }: Flights): string {
  return [
    `1  ${rows.toLocaleString('en-US')} real flights in ${days.length} daily folders; the last two weeks also in ${count(events.length, 'small object')} as they were reported.`,
    `   ${onTheBorder} flights lie at exactly 2001-07-01 00:00 and make the ${days.length}nd day: windows are [start, end), so 30 June ends without them.`,
  ].join('\n')
}

export function describeWeeks(weeks: LiveWeeks): string {
  return [
    `2  Live, object by object: ${count(weeks.objects, 'object')}, ${weeks.duplicates} announced twice, ${weeks.outOfOrder} out of order, ${weeks.lateRows.toLocaleString('en-US')} rows one to five days late;`,
    `   ${count(weeks.sweeps, 'sweep')} in between: ${weeks.written.toLocaleString('en-US')} files written, ${weeks.repaired.toLocaleString('en-US')} of them repairs.`,
    `   A job that runs once after midnight would have left ${weeks.wrongDays} of ${weeks.days} days wrong, ${weeks.wrongRows.toLocaleString('en-US')} airport rows in all.`,
  ].join('\n')
}

export function describeBackfill({ plan, report, cores, wallMs }: BackfilledAll): string {
  const rows = plan.views.map((view) => [
    `   ${view.view}`,
    `${view.first}..${view.last}`,
    view.partitions,
    view.states.fresh ?? 0,
    view.states.missing ?? 0,
    (view.states.maybe ?? 0) + (view.states.stale ?? 0),
    view.states.warming_up ?? 0,
  ])
  const table = renderTable(['3  All of history, planned:', 'partitions', '>', '>fresh', '>missing', '>maybe', '>warming up'], rows)
  const written = (report.outcomes.written ?? 0).toLocaleString('en-US')
  const rate = Math.round((report.outcomes.written ?? 0) / (wallMs / 1000))
  return [
    table,
    `   On AWS this is priced at ${usd(plan.quote.lowUsd)} to ${usd(plan.quote.highUsd)} before it runs (${plan.quote.region}, ${plan.quote.date}).`,
    `   ${written} partitions with ${count(report.rows, 'row')} from ${prettyBytes(report.bytesRead)} in ${prettyMs(wallMs)} on ${count(cores, 'core')}: ${rate} a second. ` +
      `Rejected ${report.rejected.length}, failed ${report.failures.length}.`,
  ].join('\n')
}

export function describeProof({ honest, tampered }: Proof): string {
  const [first, ...rest] = renderVerification(tampered, 'the other lake').split('\n')
  return [
    `4  The live weeks once more, by backfill into an empty lake: ${count(honest.compared, 'file')} compared, ` +
      `${(honest.compared - honest.different.length).toLocaleString('en-US')} with the same SHA-256, ${honest.different.length} different.`,
    '   Then one delay is changed in one written file. hindcast verify --against finds it:',
    ...[`  ${first}`, ...rest].map((line) => ` ${line}`),
    `   exit code ${tampered.different.length > 0 ? EXIT.different : EXIT.ok}`,
  ].join('\n')
}

export function describeBugFix({ wrong, fixed, diff, switches }: BugFix): string {
  const { plan, report } = fixed
  const worst = diff.columns.filter(({ share }) => share > 0)
  const columns = worst.map(
    ({ name, share, largest }) =>
      `${name} in ${(share * 100).toFixed(0)}%${largest === undefined ? '' : `, by ${Number(largest.toPrecision(3)).toLocaleString('en-US')} at most`}`,
  )
  const [published, back, again] = switches.map((ms) => `${Math.ceil(ms)} ms`)
  return [
    `5  A bug: airport_30d counted 29 days to midnight in Los Angeles. The fix is version ${fixed.version} beside ${wrong}: ` +
      `${count(plan.partitions, 'partition')} priced at ${usd(plan.quote.lowUsd)} to ${usd(plan.quote.highUsd)},`,
    `   ${(report.outcomes.written ?? 0).toLocaleString('en-US')} written in ${prettyMs(fixed.wallMs)}. hindcast diff: ${count(diff.rows.matched, 'row')} on both sides, ` +
      `${diff.rows.different.toLocaleString('en-US')} differ (${columns.join('; ')}).`,
    `   Published with one put in ${published}, rolled back in ${back}, published again in ${again}; the old version stays queryable.`,
  ].join('\n')
}

export function describeTraining({ manifest, published, verified, wallMs, known, leaked }: TrainedSet): string {
  const { labels, views } = manifest
  const states = views.map(({ as, shares }) => `${as} ${(shares.value * 100).toFixed(1)}%`).join(', ')
  return [
    `6  Will this flight be more than 15 minutes late? ${published.join(' and ')} are published (${count(verified, 'partition')} that live wrote verified); late_flights joins`,
    `   ${count(labels.rows, 'label')} of June with what was known when each flight was to leave, in ${prettyMs(wallMs)}; found: ${states}.`,
    `   The airport's mean delay of the day before correlates with being late by ${known.toFixed(2)}. Joined by date it would be ${leaked.toFixed(2)}: a day's mean holds the flight itself.`,
  ].join('\n')
}

export function describeEnd(dir: string, wallMs: number): string {
  const common = `npx hindcast --lake ${dir}/lake --now 2001-07-06T12:00:00Z`
  return [
    `7  Done in ${prettyMs(wallMs)}. Now try:`,
    `   ${common} status`,
    `   ${common} explain airport_day_live 2001-06-24`,
    `   ${common} preview airport_week --at 2001-06-30 --where "origin = 'ATL'"`,
    `   ${common} verify airport_week --last 30d`,
    `   npx hindcast --lake ${dir}/lake --features ${dir}/features --now 2001-07-06T12:00:00Z report`,
    `   ${common} train late_flights --check`,
    '   npx hindcast init my-features     # a folder of your own; docs/definitions.md says what goes into it',
  ].join('\n')
}
