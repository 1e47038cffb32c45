import middy from '@middy/core'
import * as z from 'zod'
import { InternalError } from '../lib/model/errors.ts'
import { PRICES } from '../lib/model/price.ts'
import { type BegunLevel, beginLevel } from '../lib/pipeline/begin-level.ts'
import { type PlannedRun, planRun } from '../lib/pipeline/plan-run.ts'
import { TASK_SECONDS } from '../lib/pipeline/request.ts'
import { observed } from './observed.ts'
import { type Planning, planningOfProcess } from './planning.ts'

/** What the state machine passes: its execution's name, and the input as the person wrote it, or how the next level was planned. */
const planEvent = z.union([
  z.strictObject({ run: z.string(), claimMs: z.number().min(0), maxConcurrency: z.int().min(1) }),
  z.strictObject({ run: z.string(), request: z.unknown() }),
])

/** Plans a run: a dry run gets its price, any other a manifest per level to map over. Begins a level of a run that was planned. */
export function createPlanHandler(open: () => Promise<Planning>, concurrencyMax: () => number) {
  return middy<unknown, PlannedRun | BegunLevel>().handler(async (event) => {
    const parsed = parseEvent(event)
    const { catalog, effects } = await open()
    if ('claimMs' in parsed) return beginLevel(parsed, effects)
    const { run, request } = parsed
    const settings = { prices: PRICES, taskSeconds: TASK_SECONDS }
    return planRun({ run, request, settings, concurrencyMax: concurrencyMax() }, catalog, effects)
  })
}

function parseEvent(event: unknown) {
  const parsed = planEvent.safeParse(event)
  if (!parsed.success) throw new InternalError(`the state machine passes what is no request: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** The cap of the stack on the tasks of a run. */
function concurrencyOfProcess(): number {
  return Number(process.env.HINDCAST_MAP_CONCURRENCY ?? 100)
}

/** The deployed function. */
export const handler = createPlanHandler(planningOfProcess, concurrencyOfProcess).use(observed())
