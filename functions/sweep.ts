import middy from '@middy/core'
import { tellNewest } from '../lib/pipeline/newest.ts'
import { type SweepReport, sweep } from '../lib/pipeline/sweep.ts'
import { observed } from './observed.ts'
import { type Planning, planningOfProcess } from './planning.ts'

/** Queues what events missed, and tells how old each view is; runs on a schedule. */
export function createSweepHandler(open: () => Promise<Planning>) {
  return middy().handler(async (_event: unknown): Promise<SweepReport> => {
    const { catalog, effects } = await open()
    const report = await sweep(catalog, effects)
    await tellNewest(catalog, effects)
    return report
  })
}

/** The deployed function. */
export const handler = createSweepHandler(planningOfProcess).use(observed())
