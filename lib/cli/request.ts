import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import type { Catalog } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { PeriodRequest } from '../model/period.ts'
import { PRICES, type PriceTable } from '../model/price.ts'
import type { Reprocess } from '../model/states.ts'
import type { BackfillRequest, PlanSettings } from '../pipeline/request.ts'
import { localSettings, usualWorkers } from './usual-workers.ts'

export interface PeriodOptions {
  readonly from?: string
  readonly to?: string
  readonly last?: string
}

/** The options of `plan` and `backfill` as the command line gives them. */
export interface PlanOptions extends PeriodOptions {
  readonly views: readonly string[]
  readonly with: BackfillRequest['with']
  readonly reprocess: Reprocess
  readonly missingInputs: 'block' | 'allow'
  readonly maxCost?: number
  readonly prices?: string
  readonly json?: boolean
  readonly reason?: string
  readonly workers?: number
  readonly publish?: boolean
  readonly unverified?: boolean
}

/** @throws InvalidInputError when the options name no period, or two. */
export function periodOf({ from, to, last }: PeriodOptions): PeriodRequest {
  if (last !== undefined && from === undefined && to === undefined) return { last }
  if (last === undefined && from !== undefined && to !== undefined) return { from, to }
  throw new InvalidInputError('the request has to name one period; expected --from and --to, or --last alone', { from, to, last })
}

export function requestOf(options: PlanOptions, catalog: Catalog): BackfillRequest {
  return {
    views: options.views.length > 0 ? options.views : [...catalog.candidates.keys()],
    period: periodOf(options),
    with: options.with,
    reprocess: options.reprocess,
    missingInputs: options.missingInputs,
    ...(options.maxCost !== undefined && { maxCost: options.maxCost }),
    ...(options.publish && { publish: true }),
    ...(options.unverified && { unverified: true }),
    reason: options.reason ?? 'plan',
  }
}

const price = z.number().min(0)
const priceFile = z.strictObject({
  format: z.literal(1).optional(),
  date: z.string().optional(),
  region: z.string().optional(),
  source: z.string().optional(),
  lambda_gb_second: price.optional(),
  lambda_request: price.optional(),
  step_functions_transition: price.optional(),
  s3_put: price.optional(),
  s3_get: price.optional(),
  s3_gb_month: price.optional(),
  sqs_request: price.optional(),
})

/** Prices, and tasks for the workers that there are. */
export async function settingsOf(options: PlanOptions): Promise<PlanSettings> {
  return localSettings(options.workers ?? usualWorkers(), options.prices ? await readPrices(options.prices) : PRICES)
}

async function readPrices(file: string): Promise<PriceTable> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new InvalidInputError(`price file ${file} cannot be read`, {}, { cause })
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError(`price file ${file} is not JSON`, {}, { cause })
  }
  const parsed = priceFile.safeParse(value)
  if (!parsed.success) throw new InvalidInputError(`price file ${file} does not fit: ${z.prettifyError(parsed.error)}`)
  const given = Object.fromEntries(Object.entries(parsed.data).filter(([, amount]) => amount !== undefined))
  return { ...PRICES, ...given }
}
