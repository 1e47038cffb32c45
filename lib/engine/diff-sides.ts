import { DataError } from '../model/errors.ts'
import type { Instant } from '../model/zone.ts'
import { type Chunk, cutChunks, mergeDiffs } from './diff-chunks.ts'
import { diffTables } from './diff-tables.ts'
import type { Session } from './engine.ts'
import { literal } from './quote.ts'
import { NO_DIFFERENCES, type TableDiff } from './table-diff.ts'

/** One of two tables to compare. */
export interface Side {
  /** What messages call it. */
  readonly name: string
  /** Rows by the end of their partition. */
  readonly rows: ReadonlyMap<Instant, number>
  /** SELECT of `p`, the keys `k0`, ... and the columns `v0`, ... of the partitions that end from `first` to `last`. */
  relation(first: Instant, last: Instant): string
}

export interface SidesJob {
  readonly keys: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly tolerance?: number
  readonly zone: string
  readonly range: { readonly start: Instant; readonly end: Instant }
  readonly examples: number
  /** Values that are compared at a time. */
  readonly valuesMax?: number
}

/** Compares two tables of any length in bounded memory. @throws DataError where a side has a key twice in one partition. */
export async function diffSides(session: Session, here: Side, there: Side, job: SidesJob): Promise<TableDiff> {
  const ends = [...new Set([...here.rows.keys(), ...there.rows.keys()])].sort((a, b) => a - b)
  const partitions = ends.map((end) => ({ end, rows: Math.max(here.rows.get(end) ?? 0, there.rows.get(end) ?? 0) }))
  const chunks = cutChunks(partitions, job.keys.length + job.columns.length, job.valuesMax)
  for (const side of [here, there]) await requireUnique(session, side, chunks, job)
  const diffs: TableDiff[] = []
  for (const chunk of chunks) {
    const [a, b] = [relationOf(here, chunk, job), relationOf(there, chunk, job)]
    diffs.push(await diffTables(session, { ...job, here: a, there: b }))
  }
  return diffs.length > 0 ? mergeDiffs(diffs, job.examples) : NO_DIFFERENCES
}

function relationOf(side: Side, { first, last, bucket, buckets }: Chunk, { keys }: SidesJob): string {
  const relation = side.relation(first, last)
  if (buckets === 1) return relation
  return `SELECT * FROM (${relation}) WHERE hash(${keys.map((_, at) => `k${at}`).join(', ')}) % ${buckets} = ${bucket}`
}

/** Rows whose key is NULL match nothing and may be many. */
async function requireUnique(session: Session, side: Side, chunks: readonly Chunk[], job: SidesJob): Promise<void> {
  let [twice, rows, example] = [0, 0, '']
  for (const chunk of chunks) {
    const [row] = await session.rows(repeatedSql(relationOf(side, chunk, job), job.keys))
    twice += Number(row?.twice)
    rows += Number(row?.rows ?? 0)
    if (example === '' && Number(row?.twice) > 0) example = `${row?.example} in the partition that ends at ${isoOf(Number(row?.p))}`
  }
  if (twice === 0) return
  const key = `${job.keys.join(', ')} and partition`
  throw new DataError(`${side.name} has ${twice} keys more than once (${rows} rows), such as ${example}; expected one row for each ${key}`)
}

function repeatedSql(relation: string, keys: readonly string[]): string {
  const names = keys.map((_, at) => `k${at}`)
  const example = keys.map((key, at) => `${literal(`${key}=`)} || k${at}::VARCHAR`).join(` || ' ' || `)
  const repeated =
    `SELECT p, ${names.join(', ')}, count(*) AS n FROM (${relation}) ` +
    `WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} GROUP BY ALL HAVING count(*) > 1`
  const order = `(p, ${names.join(', ')})`
  return `SELECT count(*)::BIGINT AS twice, sum(n)::BIGINT AS rows, arg_min(${example}, ${order}) AS example, arg_min(p, ${order}) AS p FROM (${repeated})`
}

function isoOf(end: Instant): string {
  return new Date(end).toISOString()
}
