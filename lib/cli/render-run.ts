import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'
import type { Bill } from '../pipeline/bill.ts'
import type { Plan } from '../pipeline/plan.ts'
import type { RunReport } from '../pipeline/run-report.ts'
import { EXIT } from './exit-codes.ts'
import { renderGate } from './render-gate.ts'
import { exitCodeOfPublish, renderRunPublish } from './render-publish.ts'
import { count, grouped, usd } from './table.ts'

const SHOWN_MAX = 10

/** What became of a run, for a person; `page` is where its page lies, if one was made, `hindcast` how a command on its lake begins. */
export function renderRun(
  report: RunReport,
  wallMs: number,
  { page, hindcast = 'hindcast' }: { readonly page?: string | undefined; readonly hindcast?: string } = {},
): string {
  const order = ['written', 'confirmed', 'fresh', 'rejected', 'blocked', 'pending']
  const kinds = Object.keys(report.outcomes).sort((a, b) => rank(order, a) - rank(order, b))
  const outcomes = kinds.map((kind) => `${grouped(report.outcomes[kind] ?? 0)} ${kind.replace('_', ' ')}`)
  const landed = report.landed > 0 ? [`${count(report.landed, 'object')} landed`] : []
  const stopped = report.gate?.verdict === 'different' ? 'stopped by a difference' : undefined
  return [
    `run ${report.run}: ${stopped ?? ([...landed, ...outcomes].join(', ') || 'nothing to do')} in ${prettyMs(wallMs)}`,
    `  ${count(report.rows, 'row')}, ${prettyBytes(report.bytes)} written from ${prettyBytes(report.bytesRead)} read; ${prettyMs(report.computeMs)} of computing`,
    ...renderGate(report.gate),
    ...(stopped ? ['  --unverified runs all the same'] : []),
    ...renderBill(report.bill),
    ...report.rejected.slice(0, SHOWN_MAX).map(({ view, partition, reason }) => `  rejected: ${view} ${partition}: ${reason}`),
    ...more((report.outcomes.rejected ?? 0) - SHOWN_MAX, `rejected; ${hindcast} status lists them`),
    ...(report.outcomes.blocked ? [`  blocked: ${hindcast} status and plan say by what`] : []),
    ...(report.aborted ? [] : report.failures).slice(0, SHOWN_MAX).map(({ error }) => `  failed: ${error}`),
    ...more(report.failed - SHOWN_MAX, `failed tasks, in runs/${report.run}/report.json`),
    ...(report.aborted ? ['  interrupted; the same command goes on with the rest'] : []),
    ...renderRunPublish(report.publish),
    page === undefined ? `  ${hindcast} report ${report.run} makes a page of it` : `  page: ${page}`,
  ].join('\n')
}

/** The price of what was counted, and the lines that lie outside of what was quoted. */
function renderBill({ lines, usd: billed, lowUsd, highUsd }: Bill): string[] {
  if (highUsd === 0) return []
  const above = lines.filter(({ amount, high }) => amount > high).map(({ line }) => line)
  const below = lines.filter(({ amount, low }) => amount < low).map(({ line }) => line)
  const told = `${above.length > 0 ? `; above: ${above.join(', ')}` : ''}${below.length > 0 ? `; below: ${below.join(', ')}` : ''}`
  return [`  as counted, on AWS: ${usd(billed)}, quoted ${usd(lowUsd)} to ${usd(highUsd)}${told}`]
}

function more(amount: number, what: string): string[] {
  return amount > 0 ? [`  and ${grouped(amount)} more ${what}`] : []
}

function rank(order: readonly string[], kind: string): number {
  const at = order.indexOf(kind)
  return at < 0 ? order.length : at
}

/** Bad data in the range that was asked for is told by the exit code, whether it was met now or is known from before. */
export function exitCodeOfRun(report: RunReport, plan: Plan): number {
  if (report.aborted) return EXIT.interrupted
  if (report.gate?.verdict === 'different') return EXIT.different
  const refused = plan.landings.some((landing) => landing.refused.length > 0) || plan.views.some((view) => (view.states.rejected ?? 0) > 0)
  const leftRefused = refused && !['failed', 'all'].includes(plan.request.reprocess)
  const blocked = (report.outcomes.blocked ?? 0) > 0 || plan.views.some((view) => (view.states.blocked ?? 0) > 0)
  // What was not published for want of tasks is the data's fault, not that of who asked for it.
  if (report.publish?.kind === 'refused' && report.failures.length > 0) return EXIT.data
  return exitCodeOfPublish(report.publish) ?? (blocked || leftRefused ? EXIT.data : exitCodeOfTasks(report))
}

/** What the tasks of a run alone come to. */
export function exitCodeOfTasks({ failures, rejected }: RunReport): number {
  return failures.length > 0 || rejected.length > 0 ? EXIT.data : EXIT.ok
}
