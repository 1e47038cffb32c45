import * as z from 'zod'
import type { Catalog } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { REPROCESS } from '../model/states.ts'
import type { BackfillRequest } from './request.ts'

/** Concurrent tasks of a run that says nothing of it. */
const CONCURRENCY = 100
/** Per cent of a level's tasks that may fail before the run ends there. */
const TOLERATED_FAILURES = 5

const view = z.string().min(1)
const period = z.string().describe('2001, 2001-03, 2001-03-04 or 2001-03-04-17, in the view’s zone; inclusive')

const schema = z.strictObject({
  view: view.optional().describe('one view; with neither view nor views, all of them'),
  views: z.array(view).min(1).optional(),
  from: period.optional(),
  to: period.optional(),
  last: z.string().optional().describe('a length back from now instead of from and to, such as 180d'),
  with: z.enum(['none', 'upstream', 'downstream']).default('none').describe('also compute what feeds the views, or what they feed'),
  reprocess: z.enum(REPROCESS).default('stale').describe('what to compute besides missing partitions'),
  missingInputs: z.enum(['block', 'allow']).default('block').describe('compute without inputs that are expired or missing'),
  maxCost: z.number().min(0).optional().describe('US dollars; a plan whose high price is above it is refused'),
  maxConcurrency: z.int().min(1).max(10_000).optional().describe(`tasks at a time (${CONCURRENCY}, or the stack’s cap)`),
  toleratedFailures: z.number().min(0).max(100).default(TOLERATED_FAILURES).describe('per cent of a level’s tasks that may fail'),
  dryRun: z.boolean().default(false).describe('plan and price only; nothing is written'),
  publish: z.boolean().default(false).describe('make the versions that were computed the ones that readers see, all at once'),
  unverified: z.boolean().default(false).describe('run without the gate, and publish also what was not verified'),
  reason: z.string().min(1).max(1000).default('backfill').describe('why, for the report'),
})

/** What starts a deployed backfill, as a person writes it. */
export type RunRequest = z.input<typeof schema>

/** A request that was read: what to plan, and how to run it. */
export interface ReadRequest {
  readonly request: BackfillRequest
  readonly maxConcurrency: number
  readonly toleratedFailures: number
  readonly dryRun: boolean
}

/**
 * Reads the input of an execution. `concurrencyMax` is the cap of the stack.
 * @throws InvalidInputError naming every key that is wrong, what was found and what is allowed.
 */
export function readRequest(input: unknown, catalog: Catalog, concurrencyMax: number): ReadRequest {
  const parsed = schema.safeParse(input)
  if (!parsed.success) throw new InvalidInputError(`the request does not fit its schema:\n${z.prettifyError(parsed.error)}`)
  const { view: one, views, from, to, last, dryRun, toleratedFailures, maxConcurrency, publish, unverified, ...rest } = parsed.data
  if (one !== undefined && views !== undefined) throw new InvalidInputError("the request has both 'view' and 'views'; expected one of them")
  if (maxConcurrency !== undefined && maxConcurrency > concurrencyMax)
    throw new InvalidInputError(`maxConcurrency ${maxConcurrency} is above the cap of this stack; expected 1 to ${concurrencyMax}`)
  const { maxCost, ...settings } = rest
  return {
    request: {
      ...settings,
      views: views ?? (one === undefined ? [...catalog.candidates.keys()] : [one]),
      period: periodOf({ from, to, last }),
      ...(maxCost !== undefined && { maxCost }),
      ...(publish && { publish }),
      ...(unverified && { unverified }),
    },
    maxConcurrency: maxConcurrency ?? Math.min(CONCURRENCY, concurrencyMax),
    toleratedFailures,
    dryRun,
  }
}

interface Period {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly last: string | undefined
}

function periodOf({ from, to, last }: Period): BackfillRequest['period'] {
  if (last !== undefined && from === undefined && to === undefined) return { last }
  if (last === undefined && from !== undefined && to !== undefined) return { from, to }
  throw new InvalidInputError("the request has to name one period; expected 'from' and 'to', or 'last' alone", { from, to, last })
}

/** The JSON schema of an execution's input. */
export function requestSchema(): object {
  const periods = [{ required: ['from', 'to'], not: { required: ['last'] } }, { required: ['last'] }]
  return { ...z.toJSONSchema(schema, { io: 'input' }), title: 'hindcast backfill', oneOf: periods, not: { required: ['view', 'views'] } }
}
