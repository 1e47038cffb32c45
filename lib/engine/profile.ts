import type { SourceBinding } from '../model/catalog.ts'
import { parseEngineType, renderEngineType } from '../model/engine-type.ts'
import { DataError, HindcastError } from '../model/errors.ts'
import type { EventTime, SourceColumn } from '../model/source.ts'
import { zoneNamed } from '../model/zone.ts'
import type { Session } from './engine.ts'
import type { LocalObject } from './local-object.ts'
import { identifier, literal } from './quote.ts'
import { eventTimeSql } from './time-sql.ts'

const DAY_MS = 86_400_000

/** What one object holds, whatever else is read beside it: a pure function of the object, so a task asks once. */
export interface ObjectProfile {
  /** Engine types of the columns in the file, by name. */
  readonly types: Readonly<Record<string, string>>
  readonly rows: number
  /** Rows whose event time lies outside the object's folder, or is NULL. */
  readonly strays: number
  /** Microseconds since 1970 UTC of the first and last event; undefined without one. */
  readonly first?: bigint
  readonly last?: bigint
}

/** Reads the object's schema and event times. @throws DataError naming the object: corrupt, a column missing or of another type. */
export async function profileObject(session: Session, object: LocalObject, binding: SourceBinding): Promise<ObjectProfile> {
  try {
    const types = await fileTypes(session, object.file)
    for (const column of binding.columns) validateColumn(object, asRead(object, column, binding), types)
    return { types, ...(await eventTimes(session, object, binding, types)) }
  } catch (error) {
    if (error instanceof HindcastError && !error.message.includes(object.key)) throw named(object, error)
    throw error
  }
}

/** An error that the data does not explain (a full disk) stays what it is. */
function named(object: LocalObject, error: HindcastError): HindcastError {
  if (error.name !== 'DataError') return error
  const message = error.message.replaceAll(object.file, object.key)
  return new DataError(`${object.key} cannot be read as Parquet: ${message}`, {}, { cause: error })
}

export async function fileTypes(session: Session, file: string): Promise<Record<string, string>> {
  return session.columnTypes(`SELECT * FROM read_parquet(${literal(file)}, hive_partitioning=false)`)
}

/** A column as the object has it: what we decoded holds the event time as TIMESTAMPTZ. */
function asRead(object: LocalObject, column: SourceColumn, { eventTime }: SourceBinding): SourceColumn {
  return object.decoded && column.name === eventTime?.column ? { ...column, type: ZONED } : column
}

function validateColumn(object: LocalObject, column: SourceColumn, types: Readonly<Record<string, string>>): void {
  if (column.name in object.captures && !object.decoded) return
  const found = types[column.name]
  if (found === undefined) {
    if (isMissingAllowed(object, column)) return
    throw new DataError(`${object.key} has no column '${column.name}'; found ${Object.keys(types).join(', ')}`)
  }
  if (!isAssignable(found, column.type)) {
    throw new DataError(`column '${column.name}' of ${object.key} has type ${found}; expected ${column.type}`)
  }
}

export function isMissingAllowed(object: LocalObject, column: SourceColumn): boolean {
  return column.since !== undefined && object.folderStart < column.since
}

const ZONED = 'TIMESTAMP WITH TIME ZONE'
/** The type of a column that is NULL in every row. */
const NO_TYPE = 'NULL'
const INTEGERS = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT']
const UNSIGNED = ['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT']

/** Whether every value of `found` is a value of `declared`. */
export function isAssignable(found: string, declared: string): boolean {
  const [from, to] = [canonicalType(found), canonicalType(declared)]
  if (from === to || from === NO_TYPE) return true
  if (INTEGERS.includes(from) && INTEGERS.includes(to)) return INTEGERS.indexOf(from) < INTEGERS.indexOf(to)
  if (UNSIGNED.includes(from) && INTEGERS.includes(to)) return UNSIGNED.indexOf(from) < INTEGERS.indexOf(to)
  if (UNSIGNED.includes(from) && UNSIGNED.includes(to)) return UNSIGNED.indexOf(from) < UNSIGNED.indexOf(to)
  if (to === 'DOUBLE') return from === 'FLOAT' || ['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER'].includes(from)
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(from) && /^TIMESTAMP(_S|_MS|_NS)?$/.test(to)) return true
  if (to === 'VARCHAR') return from.startsWith('ENUM') || from === 'JSON'
  return false
}

/** The engine's spelling of a type, so that two texts of one type are equal. */
function canonicalType(type: string): string {
  return renderEngineType(parseEngineType(type))
}

async function eventTimes(session: Session, object: LocalObject, binding: SourceBinding, types: Readonly<Record<string, string>>) {
  if (!binding.eventTime) {
    const [row] = await session.rows(`SELECT count(*)::BIGINT AS n FROM read_parquet(${literal(object.file)}, hive_partitioning=false)`)
    return { rows: Number(row?.n), strays: 0 }
  }
  const bounds = await timeBounds(session, object, binding.eventTime, types)
  return bounds ?? scanTimes(session, object, objectTimeSql(object, binding.eventTime, types))
}

/**
 * Rows and event times from the column's least and greatest value, which costs a fifth of converting every row; undefined where that
 * does not tell all: rows outside the folder, or clocks that jumped forward, where the order of local times is not that of instants.
 */
async function timeBounds(session: Session, object: LocalObject, eventTime: EventTime, types: Readonly<Record<string, string>>) {
  const { folderStart: start, folderEnd: end } = object
  const changes = zoneNamed(eventTime.zone).transitions(start - DAY_MS, end + DAY_MS)
  if (changes.some((change, at) => change.offsetMs > (changes[at - 1]?.offsetMs ?? change.offsetMs))) return undefined
  const column = identifier(eventTime.column)
  const type = typeOf(object, eventTime, types)
  const [micros, to] = [eventTimeSql('lo', type, eventTime, { start, end }), eventTimeSql('hi', type, eventTime, { start, end })]
  // `seen` makes the engine read the column: from the footer's statistics alone, corrupt times would go unnoticed.
  const [row] = await session.rows(
    `SELECT n, timed, seen, epoch_us(${micros}) AS first, epoch_us(${to}) AS last FROM (SELECT count(*)::BIGINT AS n, count(${column})::BIGINT AS timed, ` +
      `bit_xor(hash(${column})) AS seen, min(${column}) AS lo, max(${column}) AS hi FROM read_parquet(${literal(object.file)}, hive_partitioning=false))`,
  )
  const rows = Number(row?.n)
  if (rows === 0) return { rows, strays: 0 }
  if (Number(row?.timed) !== rows) return undefined
  const [first, last] = [BigInt(String(row?.first)), BigInt(String(row?.last))]
  return first >= BigInt(start) * 1000n && last < BigInt(end) * 1000n ? { rows, strays: 0, first, last } : undefined
}

async function scanTimes(session: Session, object: LocalObject, time: string) {
  const [row] = await session.rows(
    `SELECT count(*)::BIGINT AS n, count(*) FILTER (WHERE t IS NULL OR t < ${object.folderStart * 1000} OR t >= ${object.folderEnd * 1000})::BIGINT AS strays, ` +
      `min(t) AS first, max(t) AS last FROM (SELECT epoch_us(${time}) AS t FROM read_parquet(${literal(object.file)}, hive_partitioning=false))`,
  )
  const bounds = row?.first === null || row?.first === undefined ? {} : { first: BigInt(String(row.first)), last: BigInt(String(row.last)) }
  return { rows: Number(row?.n), strays: Number(row?.strays), ...bounds }
}

function objectTimeSql(object: LocalObject, eventTime: EventTime, types: Readonly<Record<string, string>>): string {
  const range = { start: object.folderStart, end: object.folderEnd }
  return eventTimeSql(identifier(eventTime.column), typeOf(object, eventTime, types), eventTime, range)
}

function typeOf(object: LocalObject, eventTime: EventTime, types: Readonly<Record<string, string>>): string {
  const type = types[eventTime.column]
  if (type !== undefined) return type
  throw new DataError(`${object.key} has no column '${eventTime.column}'; found ${Object.keys(types).join(', ')}`)
}
