import type { DuckDBConnection } from '@duckdb/node-api'
import { type Tree, textOf, treeOf } from './parse-tree.ts'
import { at, findParameters, type SqlProblem } from './sql-text.ts'

/** In the plan every parameter is a zoned time: left open, DuckDB would take the type of whatever it is compared with. */
const ZONED = "(TIMESTAMPTZ '2001-01-01 00:00:00+00')"

/** A bound but not optimized plan, as `json_serialize_plan` gives it. */
export interface LogicalPlan {
  readonly root: Tree
  /** Place in the caller's SQL of a place that the plan names. */
  readonly locate: (byteOffset: unknown) => { offset?: number }
}

/**
 * Binds the SQL against the tables of the connection, with `$start` and `$end` as TIMESTAMPTZ, and runs nothing. No optimizer has
 * touched the plan, so empty tables and constant conditions change nothing in it.
 */
export async function planSelect(connection: DuckDBConnection, sql: string): Promise<LogicalPlan | { readonly problem: SqlProblem }> {
  const { text, original } = substituteParameters(sql)
  const locate = (byteOffset: unknown): { offset?: number } => {
    const { offset } = at(text, byteOffset)
    return offset === undefined ? {} : { offset: original(offset) }
  }
  // Without `skip_default`: it drops the index of a table's first column, and with it the column (measured on 1.5.5).
  const reader = await connection.runAndReadAll('SELECT json_serialize_plan($1::VARCHAR, skip_null := true, optimize := false)', [text])
  const root = treeOf(JSON.parse(String(reader.getRows()[0]?.[0])))
  if (root.error_message === undefined) return { root, locate }
  const message = textOf(root.error_message)
  const place = root.error_type === 'parser' ? {} : locate(root.position)
  return {
    problem: { message, found: 'SQL that DuckDB cannot bind', allowed: 'columns, types and functions that fit', ...place },
  }
}

function substituteParameters(sql: string): { text: string; original: (offset: number) => number } {
  const parameters = findParameters(sql)
  let text = ''
  let last = 0
  for (const { start, end } of parameters) {
    text += sql.slice(last, start) + ZONED
    last = end
  }
  const original = (offset: number): number => {
    let shift = 0
    for (const { start, end } of parameters) {
      if (offset - shift <= start) break
      if (offset - shift < start + ZONED.length) return start
      shift += ZONED.length - (end - start)
    }
    return offset - shift
  }
  return { text: text + sql.slice(last), original }
}
