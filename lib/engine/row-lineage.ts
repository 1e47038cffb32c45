/**
 * A view's SQL that carries along, beside every row of every SELECT in it, the rows of the inputs that made it: as a list in a column of a
 * name that no view can have. CTEs, subqueries of a FROM and UNION ALL hand the lists on, a join concatenates them, an aggregate gathers those
 * of its group. All else of the SQL is as it was, so HAVING, QUALIFY and LIMIT decide what they decide.
 * After Glavic et al., Perm: provenance by query rewriting (ICDE 2009).
 */
import { InvalidInputError } from '../model/errors.ts'
import type { Session } from './engine.ts'
import { descendants, isTree, listOf, namesOf, type Tree, textOf, treeOf } from './parse-tree.ts'
import { identifier } from './quote.ts'
import { expressionTree, sqlTree, treeSql } from './tree-sql.ts'

/** The column of lists. */
export const ROWS = '__rows'

export interface Lineage {
  /** The SELECT, with `__rows` behind its columns; each input has to have it too. */
  readonly sql: string
  /** Inputs that only expressions and semi joins look at: none of their rows is in a list. */
  readonly unread: readonly string[]
  /** Rows that only an expression (a subquery in it, a window) looked at are in no list. */
  readonly looksAside: boolean
}

/** @throws InvalidInputError saying what of the SQL cannot be followed. */
export async function lineageOf(session: Session, sql: string, inputs: readonly string[]): Promise<Lineage> {
  const found = await session.rows(`SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type = 'aggregate'`)
  const context: Context = { session, aggregates: new Set(found.map(({ name }) => String(name))), read: new Set(), aside: false, names: 0 }
  const rewritten = await treeSql(session, await followed(await sqlTree(session, sql), context))
  const unread = inputs.filter((name) => !context.read.has(name))
  return { sql: rewritten, unread, looksAside: context.aside }
}

interface Context {
  readonly session: Session
  readonly aggregates: ReadonlySet<string>
  /** Tables in a FROM that was followed. */
  readonly read: Set<string>
  aside: boolean
  names: number
}

function unfollowed(what: string): InvalidInputError {
  return new InvalidInputError(`its SQL has ${what}, through which rows are not followed`)
}

/** A query node with the column of lists behind its others. */
async function followed(node: Tree, context: Context): Promise<Tree> {
  const cte_map = {
    ...treeOf(node.cte_map),
    map: await Promise.all(listOf(treeOf(node.cte_map).map).map((one) => followedCte(one, context))),
  }
  if (node.type === 'SELECT_NODE') return followedSelect({ ...node, cte_map }, context)
  if (node.type !== 'SET_OPERATION_NODE') throw unfollowed('a recursive CTE')
  if (node.setop_all !== true || !/^UNION/.test(textOf(node.setop_type))) throw unfollowed(`a set operation other than UNION ALL`)
  return { ...node, cte_map, left: await followed(treeOf(node.left), context), right: await followed(treeOf(node.right), context) }
}

async function followedCte(entry: Tree, context: Context): Promise<Tree> {
  const value = treeOf(entry.value)
  const query = treeOf(value.query)
  return {
    ...entry,
    value: { ...value, aliases: named(value.aliases), query: { ...query, node: await followed(treeOf(query.node), context) } },
  }
}

/** Names that are given to all columns are given to that of lists as well. */
function named(aliases: unknown): string[] {
  const names = namesOf(aliases)
  return names.length > 0 ? [...names, ROWS] : names
}

async function followedSelect(node: Tree, context: Context): Promise<Tree> {
  const expressions = [node.select_list, node.where_clause, node.group_expressions, node.having, node.qualify, node.modifiers]
  for (const one of expressions.flatMap((value) => [...descendants(value)])) {
    if (one.class === 'SUBQUERY') context.aside = true
    if (one.class === 'WINDOW' && !/^WINDOW_(ROW_NUMBER|RANK|RANK_DENSE|NTILE)$/.test(textOf(one.type))) context.aside = true
  }
  const sources: string[] = []
  const from_table = await followedFrom(treeOf(node.from_table), sources, context)
  const distinct = listOf(node.modifiers).some((one) => one.type === 'DISTINCT_MODIFIER' && listOf(one.distinct_on_targets).length === 0)
  const aggregated = isAggregated(node, context)
  if (distinct && aggregated) throw unfollowed('a SELECT DISTINCT of aggregates')
  const lists = sources.map((source) => `coalesce(${identifier(source)}.${ROWS}, [])`)
  const own = lists.length === 0 ? `[]::${ROWS_TYPE}` : lists.reduce((all, one) => `list_concat(${all}, ${one})`)
  const rows = await expressionTree(context.session, aggregated || distinct ? `coalesce(flatten(list(${own})), [])` : own)
  const select = { ...node, from_table, select_list: [...listOf(node.select_list), { ...rows, alias: ROWS }] }
  if (!distinct) return select
  const modifiers = listOf(node.modifiers).filter((one) => one.type !== 'DISTINCT_MODIFIER')
  return { ...select, modifiers, aggregate_handling: 'FORCE_AGGREGATES' }
}

/** Input, object and number of a row. */
export const ROWS_TYPE = 'STRUCT(i INTEGER, o INTEGER, r BIGINT)[]'

function isAggregated(node: Tree, { aggregates }: Context): boolean {
  if (listOf(node.group_expressions).length > 0 || node.aggregate_handling === 'FORCE_AGGREGATES') return true
  return [...outside([node.select_list, node.having])].some((one) => one.class === 'FUNCTION' && aggregates.has(textOf(one.function_name)))
}

/** Expressions but for those of windows and of queries of their own. */
function* outside(value: unknown): Generator<Tree> {
  if (isTree(value) && (value.class === 'WINDOW' || value.class === 'SUBQUERY')) return
  if (isTree(value)) yield value
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) yield* outside(child)
}

/** A FROM, and into `sources` the names by which its lists are read. */
async function followedFrom(from: Tree, sources: string[], context: Context): Promise<Tree> {
  if (from.type === 'BASE_TABLE') {
    context.read.add(textOf(from.table_name))
    sources.push(textOf(from.alias) || textOf(from.table_name))
    return from
  }
  if (from.type === 'SUBQUERY') {
    const alias = textOf(from.alias) || `__from_${context.names++}`
    const subquery = treeOf(from.subquery)
    sources.push(alias)
    return { ...from, alias, subquery: { ...subquery, node: await followed(treeOf(subquery.node), context) } }
  }
  if (from.type === 'JOIN') return followedJoin(from, sources, context)
  if (/^(TABLE_FUNCTION|EXPRESSION_LIST|EMPTY)$/.test(textOf(from.type))) return from
  throw unfollowed(`a FROM of type ${textOf(from.type)}`)
}

async function followedJoin(from: Tree, sources: string[], context: Context): Promise<Tree> {
  if (from.ref_type === 'NATURAL') throw unfollowed('a NATURAL JOIN')
  if ([...descendants(from.condition)].some((one) => one.class === 'SUBQUERY')) context.aside = true
  const left = await followedFrom(treeOf(from.left), sources, context)
  if (!/^(SEMI|ANTI)$/.test(textOf(from.join_type)))
    return { ...from, left, right: await followedFrom(treeOf(from.right), sources, context) }
  // The right side of these is looked at, and gives no columns.
  context.aside = true
  return { ...from, left }
}
