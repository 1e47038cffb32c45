/** What a query of Athena costs: by bytes scanned, of which it counts at least 10 MB: https://aws.amazon.com/athena/pricing, us-east-1, 2026-10-01. */
const USD_PER_BYTE = 5 / 1024 ** 4
const QUERY_BYTES_MIN = 10 * 1024 ** 2

/** The least limit on a query that Athena takes: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html */
export const SCAN_LIMIT_BYTES_MIN = 10_000_000

/** US dollars. */
export function queryUsd(scannedBytes: number): number {
  return Math.max(scannedBytes, QUERY_BYTES_MIN) * USD_PER_BYTE
}

/** The bytes that a query may scan for that many US dollars. */
export function bytesForUsd(usd: number): number {
  return Math.floor(usd / USD_PER_BYTE)
}
