/**
 * Compares two tables row by row, matched on keys and partition. Only a few example rows leave the engine.
 */
import { findExamples } from './diff-examples.ts'
import { countsSql, DIFFERING, gradedSql, joinedSql } from './diff-sql.ts'
import { isNumber } from './difference-sql.ts'
import type { Row, Session } from './engine.ts'
import type { ColumnDiff, PartitionRows, TableDiff, TableDiffJob } from './table-diff.ts'

/** One row per key and partition on each side, or the counts mean nothing: `requireUnique` holds a side to it. */
export async function diffTables(session: Session, job: TableDiffJob): Promise<TableDiff> {
  const counts = await session.rows(`SELECT p, count(*)::BIGINT AS n FROM (${job.here}) GROUP BY p`)
  const rowsHere = new Map(counts.map((row) => [Number(row.p), Number(row.n)]))
  try {
    await session.run(`CREATE TEMP TABLE ${DIFFERING} AS ${joinedSql(job)}`)
    const rows = await session.rows(`SELECT ${countsSql(job)} FROM (${gradedSql(job)}) GROUP BY p`)
    const ends = [...new Set([...rowsHere.keys(), ...rows.map((row) => Number(row.p))])].sort((a, b) => a - b)
    const byEnd = new Map(rows.map((row) => [Number(row.p), row]))
    const partitions = ends.map((end) => partitionOf(end, rowsHere.get(end) ?? 0, byEnd.get(end), job))
    const columns = job.columns.map((column, at) => columnOf(column, at, rows))
    return { columns, partitions, examples: await findExamples(session, job, partitions) }
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${DIFFERING}`)
  }
}

function partitionOf(end: number, rowsHere: number, row: Row | undefined, { columns }: TableDiffJob): PartitionRows {
  const onlyHere = Number(row?.only_here ?? 0)
  return {
    end,
    matched: rowsHere - onlyHere,
    lastBits: Number(row?.last_bits ?? 0),
    different: Number(row?.different ?? 0),
    onlyHere,
    onlyThere: Number(row?.only_there ?? 0),
    net: columns.map((_, at) => Number(row?.[`x${at}`] ?? 0)),
  }
}

function columnOf({ name, type }: { name: string; type: string }, at: number, rows: readonly Row[]): ColumnDiff {
  const sum = (letter: string) => rows.reduce((total, row) => total + Number(row[`${letter}${at}`] ?? 0), 0)
  const max = (letter: string) => rows.reduce((most, row) => Math.max(most, Number(row[`${letter}${at}`] ?? 0)), 0)
  const sizes = isNumber(type) && sum('l') + sum('d') > sum('n')
  return {
    name,
    type,
    lastBits: sum('l'),
    different: sum('d'),
    nullOnOneSide: sum('n'),
    dayApart: sum('o'),
    ...(sizes && { largest: max('m'), largestRelative: max('r') }),
  }
}
