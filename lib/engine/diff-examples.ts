import { gradedSql } from './diff-sql.ts'
import type { DifferenceKind } from './difference-sql.ts'
import type { Row, Session } from './engine.ts'
import { literal } from './quote.ts'
import type { Difference, PartitionRows, TableDiffJob } from './table-diff.ts'

/** Partitions from which examples are taken, those with most differences first. */
const EXAMPLE_PARTITIONS = 3

/** SQL of the rows of a kind, and how many of them a partition has. */
const KINDS: readonly { readonly kind: DifferenceKind; readonly where: string; count(rows: PartitionRows): number }[] = [
  { kind: 'different', where: 'worst = 2', count: ({ different }) => different },
  { kind: 'only here', where: 'NOT t', count: ({ onlyHere }) => onlyHere },
  { kind: 'only there', where: 'NOT h', count: ({ onlyThere }) => onlyThere },
  { kind: 'last bits', where: 'worst = 1', count: ({ lastBits }) => lastBits },
]

/** A few rows of each kind, from the partitions that have most of them. */
export async function findExamples(session: Session, job: TableDiffJob, partitions: readonly PartitionRows[]): Promise<Difference[]> {
  const found: Difference[] = []
  for (const { kind, where, count } of KINDS) {
    const ends = partitions
      .filter((rows) => count(rows) > 0)
      .sort((a, b) => count(b) - count(a))
      .slice(0, EXAMPLE_PARTITIONS)
      .map(({ end }) => end)
    if (ends.length === 0 || job.examples === 0) continue
    const order = ['p', ...job.keys.map((_, at) => `k${at}`)].join(', ')
    const rows = await session.rows(
      `SELECT ${exampleColumns(job)} FROM (SELECT * FROM (${gradedSql(job)}) ` +
        `WHERE ${where} AND p IN (${ends.join(', ')}) ORDER BY ${order} LIMIT ${job.examples}) ORDER BY ${order}`,
    )
    for (const row of rows) found.push(...differencesOf(row, kind, job))
  }
  return found
}

function exampleColumns({ keys, columns }: TableDiffJob): string {
  const text = (value: string) => `coalesce((${value})::VARCHAR, 'NULL')`
  const entity = keys.map((name, at) => `${literal(`${name}=`)} || ${text(`k${at}`)}`).join(` || ' ' || `)
  const values = columns.flatMap((_, at) => [`${text(`a${at}`)} AS a${at}`, `${text(`b${at}`)} AS b${at}`, `s${at}`])
  return [`p`, `${entity} AS entity`, ...values].join(', ')
}

/** The row itself where it is only on one side, else each column that differs. */
function differencesOf(row: Row, kind: DifferenceKind, { columns }: TableDiffJob): Difference[] {
  const place = { entity: String(row.entity), end: Number(row.p) }
  if (kind === 'only here' || kind === 'only there') return [{ kind, ...place }]
  return columns.flatMap(({ name }, at) => {
    const severity = Number(row[`s${at}`])
    if (severity === 0) return []
    const values = { here: String(row[`a${at}`]), there: String(row[`b${at}`]) }
    return [{ kind: severity === 1 ? ('last bits' as const) : ('different' as const), ...place, column: name, ...values }]
  })
}
