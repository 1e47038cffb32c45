/**
 * What a run costs, from counted work and a dated price table. Quote and bill use the same lines.
 */

/** Prices in US dollars, of one region on one day. */
export interface PriceTable {
  readonly format: 1
  readonly date: string
  readonly region: string
  readonly source: string
  readonly lambda_gb_second: number
  readonly lambda_request: number
  readonly step_functions_transition: number
  readonly s3_put: number
  readonly s3_get: number
  readonly s3_gb_month: number
  readonly sqs_request: number
}

/** List prices for Lambda on arm64, S3 Standard, Step Functions Standard and SQS, from the public AWS price pages. */
export const PRICES: PriceTable = {
  format: 1,
  date: '2026-10-01',
  region: 'us-east-1',
  source: 'https://aws.amazon.com/lambda/pricing, /s3/pricing, /step-functions/pricing, /sqs/pricing',
  lambda_gb_second: 0.0000133334,
  lambda_request: 0.0000002,
  step_functions_transition: 0.000025,
  s3_put: 0.000005,
  s3_get: 0.0000004,
  s3_gb_month: 0.023,
  sqs_request: 0.0000004,
}

/** Memory of the transform function in GB: the engine's pinned limit, and as much again for Node, decoding and files in /tmp. */
export const FUNCTION_GB = 2
/** The longest that a function works on one call. */
export const FUNCTION_SECONDS_MAX = 900

/** Counted or expected work. */
export interface Work {
  readonly partitions: number
  readonly tasks: number
  /** Further tries of tasks. */
  readonly retries: number
  readonly computeSeconds: number
  /** What the gate takes before the run, to compare. */
  readonly verifySeconds: number
  /** What tries took that left no count of it: an estimate, in bills only. */
  readonly lostSeconds: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly gets: number
  readonly puts: number
}

export const NO_WORK: Work = {
  partitions: 0,
  tasks: 0,
  retries: 0,
  computeSeconds: 0,
  verifySeconds: 0,
  lostSeconds: 0,
  bytesRead: 0,
  bytesWritten: 0,
  gets: 0,
  puts: 0,
}

export function addWork(a: Work, b: Work): Work {
  return {
    partitions: a.partitions + b.partitions,
    tasks: a.tasks + b.tasks,
    retries: a.retries + b.retries,
    computeSeconds: a.computeSeconds + b.computeSeconds,
    verifySeconds: a.verifySeconds + b.verifySeconds,
    lostSeconds: a.lostSeconds + b.lostSeconds,
    bytesRead: a.bytesRead + b.bytesRead,
    bytesWritten: a.bytesWritten + b.bytesWritten,
    gets: a.gets + b.gets,
    puts: a.puts + b.puts,
  }
}

export type LineName =
  | 'lambda compute'
  | 'lambda lost attempts'
  | 'lambda verification'
  | 'lambda requests'
  | 'step functions'
  | 's3 get'
  | 's3 put and list'
  | 's3 read'
  | 's3 storage, first month'

/** One line of a quote: an amount in its unit, and dollars, low and high. */
export interface PriceLine {
  readonly line: LineName
  readonly unit: string
  readonly low: number
  readonly high: number
  readonly lowUsd: number
  readonly highUsd: number
}

export interface Quote {
  readonly date: string
  readonly region: string
  readonly lines: readonly PriceLine[]
  readonly lowUsd: number
  readonly highUsd: number
}

/** Transitions of a Standard child execution of the map: start, task, end. A further try is one more. */
const TRANSITIONS_PER_TASK = 3

/** The lines of a quote and of a bill, in this order. */
const LINES: readonly {
  readonly line: LineName
  readonly unit: string
  amount(work: Work): number
  usd(prices: PriceTable): number
}[] = [
  {
    line: 'lambda compute',
    unit: 'GB-s',
    amount: (work) => work.computeSeconds * FUNCTION_GB,
    usd: (prices) => prices.lambda_gb_second,
  },
  {
    line: 'lambda lost attempts',
    unit: 'GB-s',
    amount: (work) => work.lostSeconds * FUNCTION_GB,
    usd: (prices) => prices.lambda_gb_second,
  },
  {
    line: 'lambda verification',
    unit: 'GB-s',
    amount: (work) => work.verifySeconds * FUNCTION_GB,
    usd: (prices) => prices.lambda_gb_second,
  },
  { line: 'lambda requests', unit: 'requests', amount: (work) => work.tasks + work.retries, usd: (prices) => prices.lambda_request },
  {
    line: 'step functions',
    unit: 'transitions',
    amount: (work) => work.tasks * TRANSITIONS_PER_TASK + work.retries,
    usd: (prices) => prices.step_functions_transition,
  },
  { line: 's3 get', unit: 'requests', amount: (work) => work.gets, usd: (prices) => prices.s3_get },
  { line: 's3 put and list', unit: 'requests', amount: (work) => work.puts, usd: (prices) => prices.s3_put },
  { line: 's3 read', unit: 'bytes', amount: (work) => work.bytesRead, usd: () => 0 },
  { line: 's3 storage, first month', unit: 'bytes', amount: (work) => work.bytesWritten, usd: (prices) => prices.s3_gb_month / 1e9 },
]

/** The price of the work, between the least and the most that is expected. */
export function quoteOf(low: Work, high: Work, prices: PriceTable): Quote {
  const lines = LINES.map(({ line, unit, amount, usd }): PriceLine => {
    const [least, most] = [amount(low), amount(high)]
    return { line, unit, low: least, high: most, lowUsd: least * usd(prices), highUsd: most * usd(prices) }
  })
  const sum = (pick: (one: PriceLine) => number) => lines.reduce((total, one) => total + pick(one), 0)
  return { date: prices.date, region: prices.region, lines, lowUsd: sum((one) => one.lowUsd), highUsd: sum((one) => one.highUsd) }
}

/** One line of a bill: what was counted, in the unit of the quote's line, and dollars. */
export interface BilledLine {
  readonly line: LineName
  readonly unit: string
  readonly amount: number
  readonly usd: number
}

/** The price of work that was counted, by the lines of a quote. */
export function billOf(work: Work, prices: PriceTable): readonly BilledLine[] {
  return LINES.map(({ line, unit, amount, usd }) => ({ line, unit, amount: amount(work), usd: amount(work) * usd(prices) }))
}
