import middy from '@middy/core'
import { type SweepReport, sweep } from '../lib/pipeline/sweep.ts'
import { observed } from './observed.ts'
import { type Planning, planningOfProcess } from './planning.ts'

/** Queues what events missed; runs on a schedule. */
export function createSweepHandler(open: () => Promise<Planning>) {
  return middy().handler(async (_event: unknown): Promise<SweepReport> => {
    const { catalog, effects } = await open()
    return sweep(catalog, effects)
  })
}

/** The deployed function. */
export const handler = createSweepHandler(planningOfProcess).use(observed())
