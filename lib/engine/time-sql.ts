import { InvalidInputError } from '../model/errors.ts'
import type { EventTime, TimeUnit } from '../model/source.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'

const PER_SECOND: Record<TimeUnit, number> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }
const DAY_MS = 86_400_000

/** A literal of an instant as TIMESTAMPTZ, free of the engine's zone database. */
export function instantSql(instant: Instant): string {
  return `make_timestamptz(${instant * 1000})`
}

/**
 * SQL for an event time as TIMESTAMPTZ, from a column of the given engine type. Casting a naive time costs 100 ns a row in ICU, so the
 * zone's transitions inside `range` (widened by two days) stand in the SQL as literals; outside it the nearest offset is used, which
 * moves no row into the range. A local time that exists twice is the first, one that does not exist moves forward.
 * @throws InvalidInputError for a type that holds no time.
 */
export function eventTimeSql(
  column: string,
  type: string,
  eventTime: EventTime,
  range: { readonly start: Instant; readonly end: Instant },
): string {
  if (type === 'TIMESTAMP WITH TIME ZONE' || type === 'TIMESTAMPTZ') return column
  if (type === 'TIMESTAMP_NS') return zonedSql({ micros: flooredMicros(`epoch_ns(${column})`) }, eventTime.zone, range)
  if (/^(TIMESTAMP|DATETIME)(_S|_MS)?$/.test(type)) return zonedSql({ micros: `epoch_us(${column})`, time: column }, eventTime.zone, range)
  if (type === 'DATE') return zonedSql({ micros: `epoch_us(${column}::TIMESTAMP)` }, eventTime.zone, range)
  if (/^U?(TINY|SMALL|BIG)?INT(EGER)?$/.test(type)) return `make_timestamptz(${microsSql(column, eventTime)})`
  throw new InvalidInputError(
    `event time '${eventTime.column}' has type ${type}; expected TIMESTAMP, TIMESTAMPTZ, DATE or an integer with a unit`,
  )
}

const YEARS = { first: 1000, last: 9998 }
const SECONDS = { first: Date.UTC(YEARS.first, 0, 1) / 1000, end: Date.UTC(YEARS.last + 1, 0, 1) / 1000 }

/** The years that folders can be named by, whatever the zone; for messages. */
export const EVENT_YEARS = `the years ${YEARS.first} to ${YEARS.last}`

/** SQL that is true for an event time, of a type that `eventTimeSql` takes, which lies in no such year. */
export function isOutsideSql(column: string, type: string, eventTime: EventTime): string {
  if (!/INT/.test(type)) return `(NOT isfinite(${column}::TIMESTAMP) OR year(${column}) NOT BETWEEN ${YEARS.first} AND ${YEARS.last})`
  const perSecond = eventTime.unit ? PER_SECOND[eventTime.unit] : 1
  // All nanoseconds of 64 bits lie in the years 1677 to 2262.
  return perSecond > 1e6 ? 'false' : `(${column} < ${SECONDS.first * perSecond} OR ${column} >= ${SECONDS.end * perSecond})`
}

function microsSql(column: string, eventTime: EventTime): string {
  if (!eventTime.unit)
    throw new InvalidInputError(`event time '${eventTime.column}' is an integer; expected unit: s, ms, us or ns beside it`)
  const perSecond = PER_SECOND[eventTime.unit]
  const micros = `CAST(${column} AS BIGINT)`
  // Finer than a microsecond is floored, so that no event moves into the next partition.
  return perSecond > 1e6 ? flooredMicros(micros) : `${micros} * ${1e6 / perSecond}`
}

function flooredMicros(nanos: string): string {
  return `((${nanos} - ((${nanos} % 1000) + 1000) % 1000) // 1000)`
}

const NAIVE = /^TIMESTAMP(_S|_MS|_NS)?$/
const STEP_MICROS: Partial<Record<string, number>> = { TIMESTAMP_MS: 1e3, TIMESTAMP_S: 1e6 }

/** A cast that moves no time forward: between timestamps the engine rounds, so that 23:59:59.9999 would become the next day. */
export function castSql(value: string, from: string, to: string): string {
  if (from === to) return value
  if (!NAIVE.test(from) || !NAIVE.test(to)) return `CAST(${value} AS ${to})`
  const micros = from === 'TIMESTAMP_NS' ? flooredMicros(`epoch_ns(${value})`) : `epoch_us(${value})`
  const step = STEP_MICROS[to]
  return `CAST(make_timestamp(${step ? `${micros} - ((${micros} % ${step}) + ${step}) % ${step}` : micros}) AS ${to})`
}

/** A time by the local clock: as microseconds, and as the TIMESTAMP that it is, if it is one. */
interface LocalTime {
  readonly micros: string
  readonly time?: string
}

function zonedSql(local: LocalTime, zoneName: string, range: { readonly start: Instant; readonly end: Instant }): string {
  const [first, ...changes] = zoneNamed(zoneName).transitions(range.start - 2 * DAY_MS, range.end + 2 * DAY_MS)
  let before = first?.offsetMs ?? 0
  if (changes.length === 0) return `make_timestamptz(${before === 0 ? local.micros : shiftedMicros(local, before)})`
  const cases: string[] = []
  for (const change of changes) {
    // The later of both readings of the change: inside a gap and inside a repeated hour the offset before it holds.
    const at = change.at + Math.max(before, change.offsetMs)
    cases.unshift(`WHEN ${local.micros} >= ${at * 1000} THEN ${change.offsetMs * 1000}`)
    before = change.offsetMs
  }
  return `make_timestamptz(${local.micros} - CASE ${cases.join(' ')} ELSE ${(first?.offsetMs ?? 0) * 1000} END)`
}

/** The difference of two timestamps takes a sixth of the time of the subtraction of two integers, whose engine code is not vectorized. */
function shiftedMicros({ micros, time }: LocalTime, offsetMs: number): string {
  const offset = offsetMs * 1000
  return time === undefined ? `${micros} - ${offset}` : `date_diff('microseconds', make_timestamp(${offset}), ${time})`
}

/** The start of the local calendar unit, as microseconds of the local clock: names the folder of a row. */
export function localMicrosSql(instantMicros: string, zoneName: string, range: { readonly start: Instant; readonly end: Instant }): string {
  const [first, ...changes] = zoneNamed(zoneName).transitions(range.start - DAY_MS, range.end + DAY_MS)
  const base = (first?.offsetMs ?? 0) * 1000
  if (changes.length === 0) return base === 0 ? instantMicros : `(${instantMicros} + ${base})`
  const cases = changes.map((change) => `WHEN ${instantMicros} >= ${change.at * 1000} THEN ${change.offsetMs * 1000}`).reverse()
  return `(${instantMicros} + CASE ${cases.join(' ')} ELSE ${base} END)`
}
