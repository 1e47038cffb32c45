import type { Instant } from '../model/zone.ts'

/** One query as it was run. */
export interface QueryRun {
  readonly id: string
  readonly scannedBytes: number
  readonly ms: number
}

/** Rows as text, NULL as undefined. */
export type QueryRows = readonly (readonly (string | undefined)[])[]

export interface QueryOptions {
  /** The Glue database that names without one mean. */
  readonly database: string
  /** The same token runs the query once, however often it is asked for: 32 to 128 characters. */
  readonly token: string
  readonly signal?: AbortSignal
}

/** What each query of a run may scan. */
export interface ScanLimit {
  readonly run: string
  readonly bytesMax: number
  /** What the bytes follow from, for messages. */
  readonly from: string
  readonly now: Instant
}

/** Queries with a limit; closing removes what was made for it. */
export interface LimitedQueries {
  readonly queries: QueryService
  close(): Promise<void>
}

/** Where SQL runs beside the lake's bucket. */
export interface QueryService {
  /** How a person knows it. */
  readonly name: string
  /** Runs one statement to its end. @throws InvalidInputError for what is refused, TransientError where another try may work. */
  run(sql: string, options: QueryOptions): Promise<QueryRun>
  /** All rows of a SELECT that was run. */
  rows(id: string): Promise<QueryRows>
  /** The same, ending each query that scans more. @throws InvalidInputError for a limit that it does not take. */
  limit(limit: ScanLimit): Promise<LimitedQueries>
}
