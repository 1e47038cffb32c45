import { InvalidInputError } from '../../model/errors.ts'
import type { PlanOptions } from '../request.ts'

/** The options of a backfill that a stack runs. */
export interface DeployedOptions extends PlanOptions {
  readonly maxConcurrency?: number
  readonly toleratedFailures?: number
}

/** The input of an execution as the options say it; what is wrong with it is found where requests are read. */
export function runRequestOf(options: DeployedOptions): Record<string, unknown> {
  if (options.workers !== undefined)
    throw new InvalidInputError('--workers is for computing on this machine; expected --max-concurrency with --stack')
  const { views, from, to, last, missingInputs, reprocess, maxCost, maxConcurrency, toleratedFailures, reason, publish, unverified } =
    options
  const given = {
    ...(views.length === 1 ? { view: views[0] } : views.length > 1 && { views }),
    ...{ from, to, last, with: options.with, reprocess, missingInputs, maxCost, maxConcurrency, toleratedFailures, reason },
    ...(publish && { publish: true }),
    ...(unverified && { unverified: true }),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** Step Functions takes names of up to 80 letters, digits, `-` and `_`. */
const NAME_MAX = 80

/** A name for a run that sorts by time and says which view it is of: `20010701T060000Z-airport_week-1f2e`. */
export function runNameOf(id: string, views: readonly string[]): string {
  const at = id.lastIndexOf('-')
  const [time, random] = [id.slice(0, at), id.slice(at)]
  const first = (views[0] ?? 'all').replace(/@.*$/, '').replace(/[^A-Za-z0-9_-]/g, '')
  const named = views.length > 1 ? `${first}-and-${views.length - 1}-more` : first
  return `${time}-${named.slice(0, NAME_MAX - time.length - random.length - 1)}${random}`
}
