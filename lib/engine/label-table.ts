import type { OutputColumn } from '../model/catalog.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import { Calendar } from '../model/partition.ts'
import type { LabelTime } from '../model/training.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import type { Row, Session } from './engine.ts'
import { identifier, literal } from './quote.ts'
import { spellType } from './spell-type.ts'
import { EVENT_YEARS, eventTimeSql, isOutsideSql } from './time-sql.ts'

/** A local Parquet file of labels, and how a label's time is read from it. */
export interface LabelFile {
  readonly file: string
  /** As a person knows it, for messages. */
  readonly name: string
  readonly columns: readonly OutputColumn[]
  readonly time: LabelTime
}

/** Labels that a session can join, each of which has a time. */
export interface LabelTable {
  readonly file: string
  readonly columns: readonly OutputColumn[]
  readonly rows: number
  /** The earliest and the latest label time. */
  readonly first: Instant
  readonly last: Instant
  /** The label time in microseconds since 1970 UTC, over a scan of the file; `join` is what it needs besides. */
  readonly time: { readonly micros: string; readonly join: string }
}

const ORDINAL = 'file_row_number'
const DAYS = 'label_days'

/** Names and types of the file's columns, in order. @throws InvalidInputError for a name that the engine keeps for itself. */
export async function labelColumns(session: Session, file: string): Promise<OutputColumn[]> {
  const rows = await session.rows(`DESCRIBE SELECT * FROM read_parquet(${literal(file)}, hive_partitioning=false)`)
  const columns = rows.map((row) => ({ name: String(row.column_name), type: spellType(String(row.column_type)) }))
  const taken = columns.find(({ name }) => name.toLowerCase() === ORDINAL)
  if (taken) throw new InvalidInputError(`label column '${taken.name}' has a name that the engine keeps for itself; expected another name`)
  return columns
}

/**
 * Looks at every label's time; the session then holds what `time` needs. The columns are to be checked before.
 * @throws DataError for no labels, and for labels without a time or with one that no partition can have.
 */
export async function readLabelTimes(session: Session, labels: LabelFile): Promise<LabelTable> {
  const { file, columns, time } = labels
  const column = columns.find((one) => one.name.toLowerCase() === time.column.toLowerCase()) ?? { name: time.column, type: 'DATE' }
  const { rows, ...range } = await requireTimes(session, labels, column)
  const found = column.type === 'DATE' ? await timeOfDays(session, labels, column.name) : timeOf(labels, column, range)
  const bounds = found.inOrder ? range : await scanBounds(session, file, found)
  return { file, columns, rows, ...bounds, time: { micros: found.micros, join: found.join } }
}

interface Bounds {
  readonly first: Instant
  readonly last: Instant
}

/** How a label's time is told; `inOrder`: the earliest one is that of the least value of the column. */
interface Telling {
  readonly micros: string
  readonly join: string
  readonly inOrder: boolean
}

/** A scan of the labels, named `labels`, with the place of each from 0 as `file_row_number`. */
export function scanSql(file: string): string {
  return `read_parquet(${literal(file)}, hive_partitioning=false, file_row_number=true) AS labels`
}

/** A label's column; unlike the bare name, it is none of another relation. */
export function labelSql(column: string): string {
  return `labels.${identifier(column)}`
}

/** Every label has a time in a year that folders can be named by. Bounds are those of the column, naive times taken as UTC. */
async function requireTimes(
  session: Session,
  { file, name, time, columns }: LabelFile,
  column: OutputColumn,
): Promise<Bounds & { readonly rows: number }> {
  if (columns.length === 0) throw new DataError(`labels ${name} have no columns`)
  const c = labelSql(column.name)
  const eventTime = { ...time, zone: 'UTC' }
  const outside = (value: string) => isOutsideSql(value, column.type, eventTime)
  const micros = (value: string) => `epoch_us(${eventTimeSql(value, column.type, eventTime, { start: 0, end: 0 })})`
  const [row] = await session.rows(
    `SELECT n, timed, wrong, CASE WHEN NOT wrong THEN ${micros('lo')} END AS lo, CASE WHEN NOT wrong THEN ${micros('hi')} END AS hi FROM ` +
      `(SELECT *, coalesce(${outside('lo')} OR ${outside('hi')}, false) AS wrong FROM ` +
      `(SELECT count(*)::BIGINT AS n, count(${c})::BIGINT AS timed, min(${c}) AS lo, max(${c}) AS hi FROM ${scanSql(file)}))`,
  )
  const [rows, missing] = [Number(row?.n), Number(row?.n) - Number(row?.timed)]
  if (rows === 0) throw new DataError(`labels ${name} have no rows; expected at least one label`)
  if (missing > 0)
    throw new DataError(
      await wrongTimes(session, file, { where: `${c} IS NULL`, what: `${name}: label time '${column.name}' is NULL`, rows }),
    )
  if (row?.wrong === true) {
    const what = `${name}: label time '${column.name}' lies outside ${EVENT_YEARS}`
    throw new DataError(await wrongTimes(session, file, { where: outside(c), what, rows }))
  }
  return { rows, first: Math.floor(Number(row?.lo) / 1000), last: Math.floor(Number(row?.hi) / 1000) }
}

async function wrongTimes(
  session: Session,
  file: string,
  { where, what, rows }: { where: string; what: string; rows: number },
): Promise<string> {
  const [row] = await session.rows(`SELECT count(*)::BIGINT AS n, min(${ORDINAL})::BIGINT AS first FROM ${scanSql(file)} WHERE ${where}`)
  return `${what} in ${row?.n} of ${rows} labels, first in label ${Number(row?.first) + 1}; expected a time in each`
}

/** Naive times of a zone whose clocks change between the bounds are no longer in the order of the column. */
function timeOf({ time }: LabelFile, column: OutputColumn, { first, last }: Bounds): Telling {
  const zone = /^TIMESTAMP(_S|_MS|_NS)?$/.test(column.type) ? (time.zone ?? 'UTC') : 'UTC'
  const micros = `epoch_us(${eventTimeSql(labelSql(column.name), column.type, { ...time, zone }, { start: first, end: last + 1 })})`
  return { micros, join: '', inOrder: zone === 'UTC' }
}

async function scanBounds(session: Session, file: string, { micros, join }: Telling): Promise<Bounds> {
  const [row] = await session.rows(`SELECT min(t) AS first, max(t) AS last FROM (SELECT ${micros} AS t FROM ${scanSql(file)} ${join})`)
  return { first: Math.floor(Number(row?.first) / 1000), last: Math.floor(Number(row?.last) / 1000) }
}

/** DATE labels: each day's first instant, or that of the next day, by the calendar that partitions go by. */
async function timeOfDays(session: Session, { file, time }: LabelFile, column: string): Promise<Telling> {
  const calendar = new Calendar('day', zoneNamed(time.zone ?? 'UTC'))
  const days = await session.rows(`SELECT DISTINCT ${labelSql(column)}::VARCHAR AS day FROM ${scanSql(file)}`)
  const values = days.map(({ day }: Row) => {
    const index = calendar.indexOf(String(day))
    return `(${literal(String(day))}::DATE, ${calendar.start(time.at === 'end_of_day' ? index + 1 : index) * 1000})`
  })
  await session.run(`CREATE OR REPLACE TEMP TABLE ${DAYS} AS SELECT * FROM (VALUES ${values.join(', ')}) AS days (day, micros)`)
  return { micros: `${DAYS}.micros`, join: `JOIN ${DAYS} ON ${DAYS}.day = ${labelSql(column)}`, inOrder: false }
}

/** Bytes of all columns before compression, as the Parquet file counts them. */
export async function bytesOfLabels(session: Session, file: string): Promise<number> {
  const [row] = await session.rows(`SELECT sum(total_uncompressed_size)::BIGINT AS bytes FROM parquet_metadata(${literal(file)})`)
  return Number(row?.bytes ?? 0)
}

/** Bytes of labels that are compared with each other at once: they have to fit into the memory of the engine build, whatever it does with them. */
const COMPARED_BYTES = 128 * 1024 * 1024

/**
 * Labels that are the same as another in every column, NULL equal to NULL. Equal labels have equal hashes: only where some are equal do the
 * labels themselves have to be compared, and those alone. Sorting hashes takes three quarters of the time of counting distinct ones.
 */
export async function countDuplicates(session: Session, { file, columns, rows }: LabelTable): Promise<number> {
  const names = columns.map(({ name }) => labelSql(name)).join(', ')
  const hashes = `SELECT hash(${names}) AS h FROM ${scanSql(file)}`
  const sorted = `SELECT h, lag(h) OVER (ORDER BY h) AS before FROM (${hashes})`
  await session.run(`CREATE OR REPLACE TEMP TABLE doubled AS SELECT DISTINCT h FROM (${sorted}) WHERE h = before`)
  const [doubled] = await session.rows('SELECT count(*)::BIGINT AS n FROM doubled')
  if (Number(doubled?.n) === 0) return 0
  const [alike] = await session.rows(`SELECT count(*)::BIGINT AS n FROM (${hashes}) WHERE h IN (FROM doubled)`)
  const bytes = (await bytesOfLabels(session, file)) * (Number(alike?.n) / Math.max(rows, 1))
  const shares = Math.ceil(bytes / COMPARED_BYTES)
  let duplicates = 0
  for (let share = 0; share < shares; share++) {
    const alikeSql = `SELECT ${names} FROM ${scanSql(file)} WHERE hash(${names}) IN (SELECT h FROM doubled WHERE h % ${shares} = ${share})`
    const [counts] = await session.rows(
      `SELECT (SELECT count(*) FROM (${alikeSql}))::BIGINT AS n, (SELECT count(*) FROM (SELECT DISTINCT * FROM (${alikeSql})))::BIGINT AS distinct_n`,
    )
    duplicates += Number(counts?.n) - Number(counts?.distinct_n)
  }
  return duplicates
}
