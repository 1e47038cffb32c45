import type { Session } from './engine.ts'
import { descendants, isTree, listOf, type Tree, textOf, treeOf } from './parse-tree.ts'
import { sqlTree, treeSql } from './tree-sql.ts'

/** What tells a row of an input, beside it. No view can have a column of this name: it is reserved. */
export const TAG = '__row'

/** A view's one SELECT as one of rows: entity columns `e0`, `e1` and the column `tag`. */
export interface RowsQuery {
  /** The inputs in its FROM, each with the name that its columns have there. */
  readonly tables: readonly { readonly table: string; readonly alias: string }[]
  /** Its expressions have queries of their own. */
  readonly looksAside: boolean
  select(alias: string): string
}

/** The view's SELECT as one of rows; undefined where it is more than one SELECT over its inputs. */
export async function rowsQuery(
  session: Session,
  { sql, entity }: { readonly sql: string; readonly entity: readonly string[] },
): Promise<RowsQuery | undefined> {
  const node = await sqlTree(session, sql)
  const tables = tablesOf(node.from_table)
  if (node.type !== 'SELECT_NODE' || !tables || listOf(treeOf(node.cte_map).map).length > 0) return undefined
  const columns = entity.map((name) => listOf(node.select_list).find((one) => nameOf(one) === name))
  if (columns.some((one) => one === undefined)) return undefined
  const rest = { modifiers: [], group_expressions: [], group_sets: [], having: null, sample: null, qualify: null }
  const selects = new Map<string, string>()
  for (const { alias } of tables) {
    const named = columns.map((one, at) => ({ ...one, alias: `e${at}` }))
    const tag = { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: 'tag', column_names: [alias, TAG] }
    const rows = { ...node, ...rest, aggregate_handling: 'STANDARD_HANDLING', select_list: [...named, tag] }
    selects.set(alias, await treeSql(session, rows))
  }
  const looksAside = [...descendants(node)].some((one) => one.class === 'SUBQUERY')
  return { tables, looksAside, select: (alias) => selects.get(alias) ?? '' }
}

/** The tables of a FROM that is made of tables and joins alone. */
function tablesOf(from: unknown): { table: string; alias: string }[] | undefined {
  const tree = treeOf(from)
  if (tree.type === 'BASE_TABLE') {
    const table = textOf(tree.table_name)
    return [{ table, alias: textOf(tree.alias) || table }]
  }
  // The right side of a semi join gives no columns.
  if (tree.type !== 'JOIN' || tree.ref_type === 'NATURAL' || /^(SEMI|ANTI)$/.test(textOf(tree.join_type))) return undefined
  if (!isTree(tree.left) || !isTree(tree.right)) return undefined
  const [left, right] = [tablesOf(tree.left), tablesOf(tree.right)]
  return left && right && [...left, ...right]
}

/** The name of an output column: its alias, or that of the column it is. */
function nameOf(expression: Tree): string {
  const names = Array.isArray(expression.column_names) ? expression.column_names : []
  return textOf(expression.alias) || textOf(names.at(-1))
}
