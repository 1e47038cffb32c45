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
  /** The query is stopped once it has scanned more. */
  readonly scannedBytesMax?: number
  readonly signal?: AbortSignal
}

/** Where SQL runs beside the lake's bucket. */
export interface QueryService {
  /** How a person knows it. */
  readonly name: string
  /** Runs one statement to its end. @throws InvalidInputError for what is refused, TransientError where another try may work. */
  run(sql: string, options: QueryOptions): Promise<QueryRun>
  /** All rows of a SELECT that was run. */
  rows(id: string): Promise<QueryRows>
}
