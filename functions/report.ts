import middy from '@middy/core'
import * as z from 'zod'
import { InternalError, isRefusal } from '../lib/model/errors.ts'
import { type EndedRun, endRun } from '../lib/pipeline/end-run.ts'
import { observed } from './observed.ts'
import { type Planning, planningOfProcess } from './planning.ts'

/** From the state machine, at whose end an error may stand, or from EventBridge when an execution was stopped or timed out. */
const reportEvent = z.union([
  z.strictObject({ run: z.string() }).transform(({ run }) => ({ run, aborted: false })),
  z.strictObject({ run: z.string(), error: z.string() }).transform(({ run, error }) => ({ run, aborted: !isRefusal(error) })),
  z
    .object({ 'detail-type': z.literal('Step Functions Execution Status Change'), detail: z.object({ name: z.string() }) })
    .transform(({ detail }) => ({ run: detail.name, aborted: true })),
])

/** Ends a run: leaves its report and removes its claim. */
export function createReportHandler(open: () => Promise<Planning>) {
  return middy<unknown, EndedRun>().handler(async (event) => {
    const parsed = reportEvent.safeParse(event)
    if (!parsed.success) throw new InternalError(`the event is no end of a run: ${z.prettifyError(parsed.error)}`)
    const { effects } = await open()
    return endRun(parsed.data, effects)
  })
}

/** The deployed function. */
export const handler = createReportHandler(planningOfProcess).use(observed())
