import middy from '@middy/core'
import * as z from 'zod'
import { InternalError } from '../lib/model/errors.ts'
import { type VerifiedRun, verifyRun } from '../lib/pipeline/verify-run.ts'
import { environmentOfProcess, type LocalEnvironment } from './environment.ts'
import { observed } from './observed.ts'
import { recomputeEffects } from './recompute.ts'
import { withDeadline } from './with-deadline.ts'

const verifyEvent = z.strictObject({ run: z.string() })

/** The gate of a planned run: a sample of what live wrote is computed again in scratch and compared. Nothing that readers see is written. */
export function createVerifyHandler(open: () => Promise<LocalEnvironment>) {
  return middy<unknown, VerifiedRun>().handler(async (event, context) => {
    const parsed = verifyEvent.safeParse(event)
    if (!parsed.success) throw new InternalError(`the event names no run: ${z.prettifyError(parsed.error)}`)
    const { catalog, effects } = await open()
    return verifyRun(parsed.data.run, catalog, recomputeEffects(withDeadline(effects, context)))
  })
}

/** The deployed function. */
export const handler = createVerifyHandler(environmentOfProcess).use(observed())
