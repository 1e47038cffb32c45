import middy from '@middy/core'
import { PRICES } from '../lib/model/price.ts'
import { type Plan, planBackfill } from '../lib/pipeline/plan.ts'
import { type BackfillRequest, TASK_SECONDS } from '../lib/pipeline/request.ts'
import { type Environment, environmentOfProcess } from './environment.ts'

/** Plans a backfill: what a dry run prints and a run executes. */
export function createPlanHandler(open: () => Promise<Environment>) {
  return middy<BackfillRequest, Plan>().handler(async (request) => {
    const { catalog, effects } = await open()
    return planBackfill(request, catalog, effects, { prices: PRICES, taskSeconds: TASK_SECONDS, tasksWanted: 1 })
  })
}

/** The deployed function. */
export const handler = createPlanHandler(environmentOfProcess)
