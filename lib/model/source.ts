import type { Duration } from './duration.ts'
import type { KeyTemplate } from './key-template.ts'
import { Calendar } from './partition.ts'
import { type Instant, zoneNamed } from './zone.ts'

/** One column of a source as its definition declares it. */
export interface SourceColumn {
  readonly name: string
  /** Engine type that the SQL sees, upper-case: `BIGINT`, `TIMESTAMP`, `DECIMAL(18,4)`. */
  readonly type: string
  /** Where the value stands in the record, when it is not at the top under `name`: `$.user.id`. JSON only. */
  readonly path?: string
  /** Folders that begin before this instant may lack the column; it is NULL there. */
  readonly since?: Instant
}

export type TimeUnit = 's' | 'ms' | 'us' | 'ns'

export interface EventTime {
  readonly column: string
  /** Unit of an integer column. */
  readonly unit?: TimeUnit
  /** Zone of a naive time or date column. */
  readonly zone: string
}

export interface CsvOptions {
  readonly delimiter: string
  readonly quote: string
  readonly header: boolean
  /** The text that stands for NULL, besides the empty field. */
  readonly nullText?: string
}

/** How an object's bytes become rows. `auto` takes the compression from the key's ending. */
export interface SourceFormat {
  readonly kind: 'parquet' | 'json' | 'csv'
  readonly compression: 'auto' | 'none' | 'gzip' | 'zstd'
  readonly csv?: CsvOptions
}

/** A raw event data set with an event time, laid out in time-named folders. Instants and durations are milliseconds. */
export interface Source {
  readonly kind: 'source'
  readonly name: string
  /** The definition file, for messages. */
  readonly file: string
  readonly description: string
  readonly owner?: string
  readonly key: KeyTemplate
  /** A bucket of its own; the lake's where there is none. */
  readonly bucket?: string
  /** Zone in which folders are named, and landed pieces too. */
  readonly keyZone: string
  readonly format: SourceFormat
  /** Sources without one can only be read as `latest`. */
  readonly eventTime?: EventTime
  readonly folders: 'event_time' | 'arrival'
  /** Undefined: taken from the newest Parquet object when the definition is checked against a lake. */
  readonly columns?: readonly SourceColumn[]
  readonly start?: Instant
  readonly keep?: Duration
  readonly gaps: 'block' | 'empty'
  readonly marker?: string
  readonly waitMs: number
  readonly badRows: { readonly maxShare: number }
}

/** The folders of a source: of its raw keys, and of the pieces that an arrival source is landed into. */
export function folderCalendar(source: Pick<Source, 'key' | 'keyZone'>): Calendar {
  return new Calendar(source.key.grain, zoneNamed(source.keyZone))
}
