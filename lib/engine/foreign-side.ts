/** The rows of somebody's old files as one side of a comparison: placed in partitions, typed, and written to scratch once. */
import { DataError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { Instant } from '../model/zone.ts'
import type { LeftOutColumn, MatchedColumn } from './diff-columns.ts'
import type { Side } from './diff-sides.ts'
import type { Session } from './engine.ts'
import type { ForeignTable } from './foreign-table.ts'
import { literal } from './quote.ts'

export interface ForeignRows {
  readonly table: ForeignTable
  /** What messages call the files. */
  readonly name: string
  /** SQL of the microseconds of an instant inside a row's partition. */
  readonly micros: string
}

/** Where the rows lie. */
export interface ForeignPlaces {
  /** Rows by the end of their partition. */
  readonly rows: ReadonlyMap<Instant, number>
  /** Rows of other times, and rows that have none. */
  readonly outside: number
  readonly timeless: number
}

const PLACES = 'foreign_places'
const SCRATCH = 'FORMAT parquet, COMPRESSION snappy'

/** Finds the partition of every time, of adjacent partitions in order of time, for this and the next calls; reads nothing else. */
export async function placeRows(
  session: Session,
  { table, micros }: ForeignRows,
  partitions: readonly Partition[],
): Promise<ForeignPlaces> {
  // Without partitions every row lies outside.
  const bounds =
    partitions.length === 0 ? '(NULL::BIGINT, NULL::BIGINT)' : partitions.map(({ start, end }) => `(${start * 1000}, ${end})`).join(', ')
  const last = (partitions.at(-1)?.end ?? 0) * 1000
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${PLACES} AS SELECT t.moment, t.n, CASE WHEN t.moment < ${last} THEN b.p END AS p ` +
      `FROM (SELECT ${micros} AS moment, count(*) AS n FROM ${table.scan} GROUP BY 1) t ` +
      `ASOF LEFT JOIN (VALUES ${bounds}) b(first, p) ON t.moment >= b.first`,
  )
  const found = await session.rows(`SELECT p, moment IS NULL AS timeless, sum(n)::BIGINT AS n FROM ${PLACES} GROUP BY ALL`)
  const sum = (timeless: boolean) =>
    found.filter((row) => row.p === null && row.timeless === timeless).reduce((total, row) => total + Number(row.n), 0)
  const rows = found.filter((row) => row.p !== null).map((row) => [Number(row.p), Number(row.n)] as const)
  return { rows: new Map(rows), outside: sum(false), timeless: sum(true) }
}

/** Columns whose text cannot be read as the type of the comparison, with how much of it and an example. */
export async function unreadableText(
  session: Session,
  { table, micros }: ForeignRows,
  columns: readonly MatchedColumn[],
): Promise<LeftOutColumn[]> {
  const texts = columns.filter((column) => column.text !== undefined)
  if (texts.length === 0) return []
  const parts = texts.flatMap(({ text, there }, at) => {
    const bad = `FILTER (WHERE ${text} IS NOT NULL AND (${there}) IS NULL)`
    return [`count(*) ${bad}::BIGINT AS n${at}`, `min(${text}) ${bad} AS example${at}`]
  })
  const inside = `(${micros}) IN (SELECT moment FROM ${PLACES} WHERE p IS NOT NULL)`
  const [row] = await session.rows(`SELECT ${parts.join(', ')} FROM ${table.scan} WHERE ${inside}`)
  return texts.flatMap(({ name, type }, at) => {
    const count = Number(row?.[`n${at}`])
    if (count === 0) return []
    return [{ column: name, reason: `${count.toLocaleString('en-US')} values there are no ${type}, such as '${row?.[`example${at}`]}'` }]
  })
}

/** Writes the rows of partitions that end from `first` to `last` to a local file. Call `placeRows` before. */
export async function foreignSide(
  session: Session,
  foreign: ForeignRows,
  places: ForeignPlaces,
  job: {
    readonly keys: readonly MatchedColumn[]
    readonly columns: readonly MatchedColumn[]
    readonly ends: ReadonlySet<Instant>
    readonly file: string
  },
): Promise<Side> {
  const { keys, columns, ends, file } = job
  const values = [
    'l."__p" AS p',
    ...keys.map(({ there }, at) => `${there} AS k${at}`),
    ...columns.map(({ there }, at) => `${there} AS v${at}`),
  ]
  const wanted = `(SELECT moment AS "__moment", p AS "__p" FROM ${PLACES} WHERE p IN (${[...ends].join(', ') || 'NULL'}))`
  await session.run(
    `COPY (SELECT ${values.join(', ')} FROM (SELECT *, ${foreign.micros} AS "__at" FROM ${foreign.table.scan}) t ` +
      `JOIN ${wanted} l ON t."__at" = l."__moment") TO ${literal(file)} (${SCRATCH})`,
  )
  return {
    name: foreign.name,
    rows: new Map([...places.rows].filter(([end]) => ends.has(end))),
    relation: (first, last) => `SELECT * FROM read_parquet(${literal(file)}, hive_partitioning=false) WHERE p BETWEEN ${first} AND ${last}`,
  }
}

/** @throws DataError where keys cannot be read as the entity's types. */
export function requireReadableKeys(name: string, keys: readonly string[], unreadable: readonly LeftOutColumn[]): void {
  const bad = unreadable.find(({ column }) => keys.includes(column))
  if (bad) throw new DataError(`the ${bad.column} of ${name} cannot be read: ${bad.reason}`)
}
