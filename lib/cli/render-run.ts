import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'
import type { Plan } from '../pipeline/plan.ts'
import type { RunReport } from '../pipeline/run.ts'
import { EXIT } from './exit-codes.ts'
import { count } from './table.ts'

const SHOWN_MAX = 10

/** What became of a run, for a person. */
export function renderRun(report: RunReport, wallMs: number): string {
  const order = ['written', 'confirmed', 'fresh', 'rejected', 'blocked', 'pending']
  const kinds = Object.keys(report.outcomes).sort((a, b) => rank(order, a) - rank(order, b))
  const outcomes = kinds.map((kind) => `${(report.outcomes[kind] ?? 0).toLocaleString('en-US')} ${kind.replace('_', ' ')}`)
  const landed = report.landed > 0 ? [`${count(report.landed, 'object')} landed`] : []
  return [
    `run ${report.run}: ${[...landed, ...outcomes].join(', ') || 'nothing to do'} in ${prettyMs(wallMs)}`,
    `  ${count(report.rows, 'row')}, ${prettyBytes(report.bytes)} written from ${prettyBytes(report.bytesRead)} read; ${prettyMs(report.computeMs)} of computing`,
    ...report.rejected.slice(0, SHOWN_MAX).map(({ view, partition, reason }) => `  rejected: ${view} ${partition}: ${reason}`),
    ...(report.rejected.length > SHOWN_MAX
      ? [`  and ${report.rejected.length - SHOWN_MAX} more rejected; hindcast status lists them`]
      : []),
    ...(report.aborted ? [] : report.failures).slice(0, SHOWN_MAX).map(({ error }) => `  failed: ${error}`),
    ...(report.failures.length > SHOWN_MAX
      ? [`  and ${report.failures.length - SHOWN_MAX} more failed tasks, in runs/${report.run}/report.json`]
      : []),
    ...(report.aborted ? ['  interrupted; the same command goes on with the rest'] : []),
  ].join('\n')
}

function rank(order: readonly string[], kind: string): number {
  const at = order.indexOf(kind)
  return at < 0 ? order.length : at
}

/** Bad data in the range that was asked for is told by the exit code, whether it was met now or is known from before. */
export function exitCodeOfRun(report: RunReport, plan: Plan): number {
  if (report.aborted) return EXIT.interrupted
  const refused = plan.landings.some((landing) => landing.refused.length > 0) || plan.views.some((view) => (view.states.rejected ?? 0) > 0)
  const leftRefused = refused && !['failed', 'all'].includes(plan.request.reprocess)
  const blocked = (report.outcomes.blocked ?? 0) > 0 || plan.views.some((view) => (view.states.blocked ?? 0) > 0)
  return report.failures.length > 0 || report.rejected.length > 0 || blocked || leftRefused ? EXIT.data : EXIT.ok
}
