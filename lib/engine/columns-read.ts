import type { DuckDBConnection } from '@duckdb/node-api'
import { planSelect } from './logical-plan.ts'
import { descendants, listOf, namesOf, type Tree, textOf, treeOf } from './parse-tree.ts'
import type { SqlProblem } from './sql-text.ts'

/** Columns by table, in the order and spelling of the table; a table that only `count(*)` reads has none. */
export type ColumnsRead = ReadonlyMap<string, readonly string[]>

/**
 * The columns that the SQL names of each table of the connection, whatever the tables hold. The binder notes them per scan before any
 * optimizer runs: a column in a filter, a join or a sub-query counts, and so does one that a sub-query selects and nobody uses. A table
 * that stands only in a CTE which nobody reads is not in the map.
 */
export async function findColumnsRead(
  connection: DuckDBConnection,
  sql: string,
): Promise<{ readonly columns: ColumnsRead } | { readonly problem: SqlProblem }> {
  const plan = await planSelect(connection, sql)
  if ('problem' in plan) return plan
  const scans = [...descendants(plan.root)].filter((node) => node.type === 'LOGICAL_GET' && treeOf(node.function_data).table !== undefined)
  const tables = new Map<string, { names: readonly string[]; read: Set<number> }>()
  for (const scan of scans) {
    const table = textOf(treeOf(scan.function_data).table)
    const entry = tables.get(table) ?? { names: namesOf(scan.names), read: new Set<number>() }
    for (const index of indexesOf(scan)) entry.read.add(index)
    tables.set(table, entry)
  }
  const sorted = [...tables].sort(([a], [b]) => (a < b ? -1 : 1))
  return { columns: new Map(sorted.map(([table, { names, read }]) => [table, names.filter((_, index) => read.has(index))])) }
}

/** The row id, which `count(*)` scans, has an index beyond every column and drops out with the names. */
function indexesOf(scan: Tree): number[] {
  return listOf(scan.column_indexes).map(({ index }) => Number(index))
}
