import middy from '@middy/core'
import * as z from 'zod'
import { InternalError } from '../lib/model/errors.ts'
import { type PublishedRun, publishPlanned } from '../lib/pipeline/publish-planned.ts'
import { observed } from './observed.ts'
import { type Planning, planningOfProcess } from './planning.ts'

const publishEvent = z.strictObject({ run: z.string() })

/** Makes the versions of a run the ones that readers see, all at once; a run that is not whole or not verified publishes nothing. */
export function createPublishHandler(open: () => Promise<Planning>) {
  return middy<unknown, PublishedRun>().handler(async (event) => {
    const parsed = publishEvent.safeParse(event)
    if (!parsed.success) throw new InternalError(`the event names no run: ${z.prettifyError(parsed.error)}`)
    const { effects } = await open()
    return publishPlanned(parsed.data.run, effects)
  })
}

/** The deployed function. */
export const handler = createPublishHandler(planningOfProcess).use(observed())
