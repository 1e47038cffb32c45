import type { ColumnFacts, Field } from '../model/infer/column-facts.ts'
import type { TimeReading } from '../model/infer/time-reading.ts'
import type { Row } from './engine.ts'
import { identifier } from './quote.ts'
import { strictCast } from './strict-cast.ts'
import { eventTimeSql, isOutsideSql } from './time-sql.ts'

/** What one value is, each by the casts of the decoder. */
const READINGS: readonly (readonly [string, string])[] = [
  ['is_integer', `regexp_full_match(v, '[+-]?[0-9]+') AND TRY_CAST(v AS BIGINT) IS NOT NULL`],
  ['is_number', `regexp_full_match(v, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')`],
  ['is_day', `regexp_full_match(v, '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}') AND TRY_CAST(v AS DATE) IS NOT NULL`],
  ['is_naive', `${strictCast('v', 'TIMESTAMP')} IS NOT NULL`],
  ['is_zoned', `${strictCast('v', 'TIMESTAMPTZ')} IS NOT NULL`],
]

const counted = (condition: string) => `coalesce(sum(n) FILTER (WHERE ${condition}), 0)::BIGINT`
const number = `TRY_CAST(v AS DOUBLE)`

const FACTS: readonly (readonly [string, string])[] = [
  ['values', 'coalesce(sum(n), 0)::BIGINT'],
  ['distinct', 'count(*)::BIGINT'],
  ['integers', counted('is_integer')],
  ['zeroLed', counted(`regexp_matches(v, '^[+-]?0[0-9]')`)],
  ['numbers', counted('is_number')],
  ['nonFinite', counted(`lower(v) IN ('nan', 'inf', '-inf', 'infinity', '-infinity')`)],
  ['booleans', counted(`lower(v) IN ('true', 'false')`)],
  ['dates', counted('is_day')],
  ['naiveTimes', counted('is_naive')],
  ['zonedTimes', counted('is_zoned')],
  ['least', `min(${number}) FILTER (WHERE is_number)`],
  ['greatest', `max(${number}) FILTER (WHERE is_number)`],
  ['decimals', `coalesce(max(length(regexp_extract(v, '[.]([0-9]+)$', 1))) FILTER (WHERE is_number), 0)::BIGINT`],
  ['length', 'coalesce(sum(length(v) * n) / sum(n), 0)::DOUBLE'],
  ['oddNumber', 'left(arg_max(v, (n, v)) FILTER (WHERE NOT is_number), 40)'],
  ['oddNumbers', 'count(*) FILTER (WHERE NOT is_number)'],
  ['oddTime', 'left(arg_max(v, (n, v)) FILTER (WHERE NOT coalesce(is_naive OR is_zoned, false)), 40)'],
]

/** A query for the facts of one field, of its values `v` with their counts `n`. */
export function factsSql(values: string): string {
  const readings = READINGS.map(([name, sql]) => `${sql} AS ${name}`)
  const facts = FACTS.map(([name, sql]) => `${sql} AS ${identifier(name)}`)
  return `SELECT ${facts.join(', ')} FROM (SELECT *, ${readings.join(', ')} FROM (${values}))`
}

/** What `factsSql` found in one field. */
export function factsOf(field: Field, rows: number, row: Row): ColumnFacts {
  const count = (name: string) => Number(row[name] ?? 0)
  const text = (name: 'oddNumber' | 'oddTime') => (typeof row[name] === 'string' ? { [name]: row[name] } : {})
  const { name, inside, path, type } = field
  return {
    ...{ name, inside, ...(path !== undefined && { path }), ...(type !== undefined && { type }) },
    rows,
    values: count('values'),
    distinct: count('distinct'),
    integers: count('integers'),
    zeroLed: count('zeroLed'),
    numbers: count('numbers'),
    nonFinite: count('nonFinite'),
    booleans: count('booleans'),
    dates: count('dates'),
    naiveTimes: count('naiveTimes'),
    zonedTimes: count('zonedTimes'),
    ...(row.least !== null && row.least !== undefined && { least: count('least'), greatest: count('greatest') }),
    decimals: count('decimals'),
    length: count('length'),
    ...text('oddNumber'),
    oddNumbers: count('oddNumbers'),
    ...text('oddTime'),
  }
}

/** Microseconds since 1970 by the field's own clock, NULL for what is none. */
export function timeSql(column: string, { type, unit }: TimeReading): string {
  const parsed = /^TIMESTAMP(_S|_MS|_NS)$/.test(type) ? 'TIMESTAMP' : type
  const eventTime = { column, zone: 'UTC', ...(unit && { unit }) }
  const value = `(${strictCast(column, parsed)})`
  const micros = `epoch_us(${eventTimeSql(value, parsed, eventTime, { start: 0, end: 0 })})`
  return `CASE WHEN NOT ${isOutsideSql(value, parsed, eventTime)} THEN ${micros} END`
}
