import { attempt } from '../model/attempt.ts'
import type { SourceBinding } from '../model/catalog.ts'
import type { EventTime } from '../model/source.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import type { Row, Session } from './engine.ts'
import type { Types } from './file-types.ts'
import type { LocalObject } from './local-object.ts'
import { identifier, literal, literalList } from './quote.ts'
import { eventTimeSql } from './time-sql.ts'

const DAY_MS = 86_400_000

/** Rows of an object, and where in time they lie. */
export interface EventTimes {
  readonly rows: number
  /** Rows whose event time lies outside the object's folder, or is NULL. */
  readonly strays: number
  /** Microseconds since 1970 UTC of the first and last event; undefined without one. */
  readonly first?: bigint
  readonly last?: bigint
}

/** Rows and event times of the objects, as far as their types are known and bounds tell all. */
export async function boundsOfObjects(
  session: Session,
  objects: readonly LocalObject[],
  { eventTime }: SourceBinding,
  types: ReadonlyMap<string, Types>,
): Promise<ReadonlyMap<string, EventTimes>> {
  const bounds = new Map<string, EventTimes>()
  if (!eventTime) return bounds
  const byType = Map.groupBy(objects, ({ file }) => types.get(file)?.[eventTime.column])
  for (const [type, alike] of byType) {
    if (type === undefined || alike.length < 2) continue
    const tried = await attempt(() => boundsOfFiles(session, alike, eventTime, type))
    if ('value' in tried) for (const [file, times] of tried.value) bounds.set(file, times)
  }
  return bounds
}

/**
 * Rows and event times from the column's least and greatest value, which costs a fifth of converting every row. A file is left out where
 * that does not tell all: rows outside the folder or without a time, or clocks that jumped forward, where the order of local times is not
 * that of instants. All have the event time as a column of this type.
 */
export async function boundsOfFiles(
  session: Session,
  objects: readonly LocalObject[],
  eventTime: EventTime,
  type: string,
): Promise<ReadonlyMap<string, EventTimes>> {
  const ordered = objects.filter((object) => isOrdered(object, eventTime))
  if (ordered.length === 0) return new Map()
  const rows = await session.rows(boundsSql(ordered, eventTime, type))
  const rowOf = new Map(rows.map((row) => [String(row[FILE]), row]))
  const bounds = new Map<string, EventTimes>()
  for (const object of ordered) {
    const times = timesOf(object, rowOf.get(object.file))
    if (times) bounds.set(object.file, times)
  }
  return bounds
}

const FILE = '__file'

function boundsSql(objects: readonly LocalObject[], eventTime: EventTime, type: string): string {
  const range = rangeOf(objects)
  const [lo, hi] = [eventTimeSql('lo', type, eventTime, range), eventTimeSql('hi', type, eventTime, range)]
  const column = identifier(eventTime.column)
  // `seen` makes the engine read the column: from the footer's statistics alone, corrupt times would go unnoticed.
  return (
    `SELECT ${FILE}, n, timed, seen, epoch_us(${lo}) AS first, epoch_us(${hi}) AS last FROM (SELECT ${FILE}, count(*)::BIGINT AS n, ` +
    `count(${column})::BIGINT AS timed, bit_xor(hash(${column})) AS seen, min(${column}) AS lo, max(${column}) AS hi FROM ` +
    `read_parquet(${literalList(objects.map(({ file }) => file))}, hive_partitioning=false, filename=${literal(FILE)}) GROUP BY ${FILE})`
  )
}

/** Whether local times of the object's folder are in the order of their instants. */
function isOrdered({ folderStart: start, folderEnd: end }: LocalObject, eventTime: EventTime): boolean {
  const changes = zoneNamed(eventTime.zone).transitions(start - DAY_MS, end + DAY_MS)
  return !changes.some((change, at) => change.offsetMs > (changes[at - 1]?.offsetMs ?? change.offsetMs))
}

/** A file without rows gives no row. */
function timesOf({ folderStart: start, folderEnd: end }: LocalObject, row: Row | undefined): EventTimes | undefined {
  const rows = Number(row?.n ?? 0)
  if (row === undefined || rows === 0) return { rows, strays: 0 }
  if (Number(row.timed) !== rows) return undefined
  const [first, last] = [BigInt(String(row.first)), BigInt(String(row.last))]
  return first >= BigInt(start) * 1000n && last < BigInt(end) * 1000n ? { rows, strays: 0, first, last } : undefined
}

function rangeOf(objects: readonly LocalObject[]): { readonly start: Instant; readonly end: Instant } {
  return {
    start: Math.min(...objects.map(({ folderStart }) => folderStart)),
    end: Math.max(...objects.map(({ folderEnd }) => folderEnd)),
  }
}
