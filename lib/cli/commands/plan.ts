import { planBackfill } from '../../pipeline/plan.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { renderPlan } from '../render-plan.ts'
import { type PlanOptions, requestOf, settingsOf } from '../request.ts'
import { openSession } from '../session.ts'

/** Plans with the definitions as they stand in the folder; writes nothing. */
export async function plan(context: CliContext, options: PlanOptions): Promise<number> {
  const session = await openSession(context, { write: false, views: options.views })
  try {
    const { lake, engine, catalog } = session
    const planned = await planBackfill(requestOf(options, catalog), catalog, { lake, engine, now: context.now }, await settingsOf(options))
    context.out(options.json ? JSON.stringify(planned, null, 1) : renderPlan(planned))
    return EXIT.ok
  } finally {
    await session.close()
  }
}
