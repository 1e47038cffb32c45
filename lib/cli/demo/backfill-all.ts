import { availableParallelism } from 'node:os'
import { featureNamed } from '../../model/catalog.ts'
import type { Plan } from '../../pipeline/plan.ts'
import type { BackfillRequest } from '../../pipeline/request.ts'
import { runBackfill } from '../../pipeline/run.ts'
import type { RunReport } from '../../pipeline/run-report.ts'
import { effectsOf } from '../commands/backfill.ts'
import type { CliContext } from '../context.ts'
import { lazyGateEffects } from '../gate-effects.ts'
import type { Session } from '../session.ts'
import { localSettings, usualWorkers } from '../usual-workers.ts'
import { WorkerPool } from '../worker-pool.ts'

export const FIRST = '2001-01-01'
/** The 182nd day: six flights lie at its first instant. */
export const LAST = '2001-07-01'

export interface BackfilledAll {
  readonly plan: Plan
  readonly report: RunReport
  readonly cores: number
  readonly wallMs: number
}

/** Backfills every view over a range, from the first day on unless the caller says otherwise, on all cores. */
export async function backfillAll(
  context: CliContext,
  session: Session,
  tell: (text: string) => void,
  options: { readonly period?: { readonly from: string; readonly to: string }; readonly views?: readonly string[] } = {},
): Promise<BackfilledAll> {
  const began = performance.now()
  const workers = usualWorkers()
  const period = options.period ?? { from: FIRST, to: LAST }
  const views = options.views ?? viewsOf(session, period)
  const request: BackfillRequest = { views, period, with: 'upstream', reprocess: 'stale', missingInputs: 'block', reason: 'demo' }
  const pool = new WorkerPool({ lake: context.lake, ...(context.fixedNow !== undefined && { now: context.fixedNow }) }, workers)
  try {
    const { plan, report } = await runBackfill(request, session.catalog, effectsOf(context, session), pool, {
      gate: lazyGateEffects(context, session),
      run: `demo-${views.length === 1 ? `${views[0]}-${featureNamed(session.catalog, views[0] ?? '').version.version}` : 'all'}-${period.from}`,
      settings: localSettings(workers),
      onProgress: ({ done, of, level }) => tell(`level ${level}, ${done} of ${of} tasks`),
    })
    return { plan, report, cores: availableParallelism(), wallMs: performance.now() - began }
  } finally {
    await pool.close()
  }
}

/** All views; those of whole months only where the period holds one. */
export function viewsOf({ catalog }: Session, period: { readonly from: string; readonly to: string }): string[] {
  const months = period.from.slice(0, 7) < period.to.slice(0, 7)
  return [...catalog.features.values()].filter(({ version }) => months || version.grain !== 'month').map(({ version }) => version.view)
}
