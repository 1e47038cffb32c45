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

/** Counted or expected work. */
export interface Work {
  readonly partitions: number
  readonly tasks: number
  readonly computeSeconds: number
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly gets: number
  readonly puts: number
}

export const NO_WORK: Work = { partitions: 0, tasks: 0, computeSeconds: 0, bytesRead: 0, bytesWritten: 0, gets: 0, puts: 0 }

export function addWork(a: Work, b: Work): Work {
  return {
    partitions: a.partitions + b.partitions,
    tasks: a.tasks + b.tasks,
    computeSeconds: a.computeSeconds + b.computeSeconds,
    bytesRead: a.bytesRead + b.bytesRead,
    bytesWritten: a.bytesWritten + b.bytesWritten,
    gets: a.gets + b.gets,
    puts: a.puts + b.puts,
  }
}

/** One line of a quote: an amount in its unit, and dollars, low and high. */
export interface PriceLine {
  readonly line: string
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

/** Transitions of a Standard child execution of the map: start, task, end. */
const TRANSITIONS_PER_TASK = 3

/** The price of the work, between the least and the most that is expected. */
export function quoteOf(low: Work, high: Work, prices: PriceTable): Quote {
  const line = (name: string, unit: string, amount: (work: Work) => number, usd: number): PriceLine => ({
    line: name,
    unit,
    low: amount(low),
    high: amount(high),
    lowUsd: amount(low) * usd,
    highUsd: amount(high) * usd,
  })
  const lines = [
    line('lambda compute', 'GB-s', (work) => work.computeSeconds * FUNCTION_GB, prices.lambda_gb_second),
    line('lambda requests', 'requests', (work) => work.tasks, prices.lambda_request),
    line('step functions', 'transitions', (work) => work.tasks * TRANSITIONS_PER_TASK, prices.step_functions_transition),
    line('s3 get', 'requests', (work) => work.gets, prices.s3_get),
    line('s3 put and list', 'requests', (work) => work.puts, prices.s3_put),
    line('s3 read', 'bytes', (work) => work.bytesRead, 0),
    line('s3 storage, first month', 'bytes', (work) => work.bytesWritten, prices.s3_gb_month / 1e9),
  ]
  const sum = (pick: (one: PriceLine) => number) => lines.reduce((total, one) => total + pick(one), 0)
  return { date: prices.date, region: prices.region, lines, lowUsd: sum((one) => one.lowUsd), highUsd: sum((one) => one.highUsd) }
}
