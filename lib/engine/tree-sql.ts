import type { Session } from './engine.ts'
import { listOf, type Tree, treeOf } from './parse-tree.ts'
import { literal } from './quote.ts'

/** The query node of one SELECT that parses. */
export async function sqlTree(session: Session, sql: string): Promise<Tree> {
  const [row] = await session.rows(`SELECT json_serialize_sql(${literal(sql)})::VARCHAR AS tree`)
  return treeOf(listOf(treeOf(JSON.parse(String(row?.tree))).statements)[0]?.node)
}

/** An expression, as it stands in a SELECT list. */
export async function expressionTree(session: Session, sql: string): Promise<Tree> {
  return listOf((await sqlTree(session, `SELECT ${sql}`)).select_list)[0] ?? {}
}

/** The SQL of a query node. */
export async function treeSql(session: Session, node: Tree): Promise<string> {
  const statements = [{ node, named_param_map: [] }]
  // An unknown place is the largest number of 64 bits, which a number of JavaScript is not: the engine takes a tree without places.
  const tree = JSON.stringify({ error: false, statements }, (key, value: unknown) => (key === 'query_location' ? undefined : value))
  const [row] = await session.rows(`SELECT json_deserialize_sql(${literal(tree)}) AS sql`)
  return String(row?.sql)
}
