/** Which partition a row of somebody's old pipeline belongs to. */
import { InvalidInputError } from '../model/errors.ts'
import type { Grain } from '../model/partition.ts'
import type { Instant } from '../model/zone.ts'
import { identifier } from './quote.ts'
import { eventTimeSql } from './time-sql.ts'

/** `start`: a time names the partition that it lies in; `end`: the one that ends with it, or that it lies in as its last instants do. */
export type TimeMeaning = 'start' | 'end'

export interface ForeignTime {
  /** The column's name and type. */
  readonly name: string
  readonly type: string
  readonly grain: Grain
  readonly zone: string
  readonly meaning: TimeMeaning
  /** Of the partitions that may be meant. */
  readonly range: { readonly start: Instant; readonly end: Instant }
}

/** Microseconds since 1970 of an instant inside the row's partition, NULL for text that is no time. @throws InvalidInputError. */
export function foreignTimeSql(time: ForeignTime): string {
  const micros = `epoch_us(${instantOf(time)})`
  return time.meaning === 'end' ? `${micros} - 1` : micros
}

function instantOf({ name, type, grain, zone, range }: ForeignTime): string {
  const value = identifier(name)
  const local = (naive: string) => eventTimeSql(naive, 'TIMESTAMP', { column: name, zone }, range)
  if (type === 'DATE' && grain === 'hour')
    throw new InvalidInputError(`column '${name}' is a DATE, which names no hour; expected a TIMESTAMP or TIMESTAMPTZ for an hourly view`)
  if (type === 'VARCHAR') return textInstant(value, local)
  if (/INT|DOUBLE|FLOAT|DECIMAL|BOOLEAN/.test(type) || !/^(DATE|TIMESTAMP)/.test(type))
    throw new InvalidInputError(`column '${name}' has type ${type}; expected DATE, TIMESTAMP, TIMESTAMPTZ or text such as 2001-03-04`)
  return type === 'TIMESTAMP WITH TIME ZONE' ? value : local(`CAST(${value} AS TIMESTAMP)`)
}

/** A partition's name, a date, or a time with or without its offset. */
function textInstant(value: string, local: (naive: string) => string): string {
  const text = `trim(${value})`
  const full =
    `CASE WHEN regexp_full_match(${text}, '[0-9]{4}') THEN ${text} || '-01-01' WHEN regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}') THEN ${text} || '-01' ` +
    `WHEN regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}') THEN ${text}[1:10] || ' ' || ${text}[12:13] || ':00:00' ELSE ${text} END`
  const zoned = `(${text} LIKE '%:%' AND regexp_matches(${text}, '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$', 'i'))`
  return `CASE WHEN ${zoned} THEN TRY_CAST(${text} AS TIMESTAMPTZ) ELSE ${local(`TRY_CAST(${full} AS TIMESTAMP)`)} END`
}
