import type { DuckDBConnection } from '@duckdb/node-api'
import { atCodePoint, firstWord, type SqlProblem } from './sql-text.ts'

/** A node of the JSON that `json_serialize_sql` or `json_serialize_plan` gives. */
export type Tree = { readonly [key: string]: unknown }

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)
export const treeOf = (value: unknown): Tree => (isTree(value) ? value : {})
export const listOf = (value: unknown): Tree[] => (Array.isArray(value) ? value.filter(isTree) : [])
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
export const namesOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [])

/** Every object below a value, itself included, parents first. */
export function* descendants(value: unknown): Generator<Tree> {
  if (isTree(value)) yield value
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) yield* descendants(child)
}

/** The query node of the one SELECT in the text, or what is wrong. A parse of text only: nothing is bound or run. */
export async function parseSelect(connection: DuckDBConnection, sql: string): Promise<{ node: Tree } | { problem: SqlProblem }> {
  // `skip_default` drops places that are unknown.
  const options = 'skip_null := true, skip_empty := true, skip_default := true'
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql($1::VARCHAR, ${options})`, [sql])
  const parsed = treeOf(JSON.parse(String(reader.getRows()[0]?.[0])))
  if (parsed.error_message !== undefined) return { problem: parseProblem(sql, parsed) }
  const statements = listOf(parsed.statements)
  const [first, second] = statements
  const allowed = 'one SELECT'
  if (!first) return { problem: { message: 'there is no statement', found: 'nothing', allowed } }
  if (second) return { problem: { message: 'there is more than one statement', found: `${statements.length} statements`, allowed } }
  return { node: treeOf(first.node) }
}

function parseProblem(sql: string, parsed: Tree): SqlProblem {
  if (parsed.error_type !== 'not implemented')
    return {
      message: textOf(parsed.error_message),
      found: 'SQL that does not parse',
      allowed: 'one SELECT',
      ...atCodePoint(sql, parsed.position),
    }
  const found = firstWord(sql)
  // The engine says no more; a PIVOT without its values is several statements to it.
  if (/^(select|with|from|values)$/i.test(found))
    return { message: 'there is more than one SELECT', found: 'another statement, or a PIVOT without IN (...)', allowed: 'one SELECT' }
  return { message: `${found} is not a SELECT`, found, allowed: 'one SELECT' }
}
