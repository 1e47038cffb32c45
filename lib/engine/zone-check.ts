/**
 * Naive against zoned time. DuckDB turns a naive TIMESTAMP into a TIMESTAMPTZ wherever the two meet, in the session's zone, silently.
 * In the bound plan each such turn is a cast with both types, so the check is exact: TIMESTAMP -> TIMESTAMPTZ is refused wherever it
 * stands, also inside lists and structs, while DATE -> TIMESTAMPTZ (midnight in the view's zone), text -> TIMESTAMPTZ and the casts
 * away from TIMESTAMPTZ are not. One gap: constant arguments of a table function (`range(TIMESTAMPTZ '…', TIMESTAMP '…', …)`) are
 * evaluated by the binder and leave no cast; their value is still the same in every run.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { planSelect } from './logical-plan.ts'
import { descendants, isTree, type Tree, textOf, treeOf } from './parse-tree.ts'
import type { SqlProblem } from './sql-text.ts'

const ZONED = 'TIMESTAMP WITH TIME ZONE'
const TIME_ZONED = 'TIME WITH TIME ZONE'
const isNaive = (type: string): boolean => /^TIMESTAMP(_|$)/.test(type)

/**
 * Every place where the SQL mixes naive and zoned time, or uses a time of day with a zone. The connection has each input as a table
 * (it may be empty). SQL that cannot be bound gives the binder's message as the one problem.
 */
export async function findNaiveZonedMix(connection: DuckDBConnection, sql: string): Promise<SqlProblem[]> {
  const plan = await planSelect(connection, sql)
  if ('problem' in plan) return [plan.problem]
  const problems: SqlProblem[] = []
  for (const node of descendants(plan.root)) {
    const problem = castProblem(node) ?? timeProblem(node)
    if (problem) problems.push({ ...problem, ...plan.locate(locationOf(node)) })
  }
  const distinct = new Map(problems.map((problem) => [`${problem.offset} ${problem.message}`, problem]))
  return [...distinct.values()].sort((a, b) => (a.offset ?? Number.MAX_SAFE_INTEGER) - (b.offset ?? Number.MAX_SAFE_INTEGER))
}

function castProblem(node: Tree): SqlProblem | undefined {
  if (node.expression_class !== 'BOUND_CAST') return undefined
  const child = treeOf(node.child)
  const [from, to] = [leafTypes(typeOf(child)), leafTypes(treeOf(node.return_type))]
  if (!turnsZoned(from, to)) return undefined
  const what = describe(child)
  return { message: `${what} is a naive TIMESTAMP and meets a time with a zone`, found: `${what} as TIMESTAMPTZ`, allowed: advice(child) }
}

/** Errs to refusing where the two types do not have the same shape. */
function turnsZoned(from: readonly string[], to: readonly string[]): boolean {
  if (from.length === to.length) return from.some((type, index) => isNaive(type) && to[index] === ZONED)
  return from.some(isNaive) && to.includes(ZONED)
}

/** `12:00` in New York is another moment in summer: DuckDB takes the offset of the day on which it runs (measured on 1.5.5). */
function timeProblem(node: Tree): SqlProblem | undefined {
  if (node.expression_class === undefined || !leafTypes(typeOf(node)).includes(TIME_ZONED)) return undefined
  const what = describe(node)
  return {
    message: `${what} is a time of day with a zone: its offset is that of the day of the run`,
    found: `${what} as TIMETZ`,
    allowed: 'TIME',
  }
}

const typeOf = (expression: Tree): Tree => treeOf(expression.return_type ?? treeOf(expression.value).type)

/** The type ids in a type, from the outside in: a struct gives its own and its fields'. */
function leafTypes(type: Tree): string[] {
  return [...descendants(type)].flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
}

/** A constant, a column by its name, or a call by the name of its function. */
function describe(expression: Tree): string {
  const child = treeOf(expression.child)
  const literal = textOf(treeOf(child.value).value)
  if (expression.expression_class === 'BOUND_CAST' && literal !== '') return `'${literal}'`
  const name = textOf(expression.name)
  if (/^\w+$/.test(name)) return `${name}(…)`
  return textOf(expression.alias) || (name === '' ? 'a value' : `a value of ${name}`)
}

function advice(child: Tree): string {
  if (textOf(treeOf(treeOf(child.child).value).value) !== '') return "TIMESTAMPTZ '…' in place of TIMESTAMP '…'"
  if (child.expression_class === 'BOUND_FUNCTION')
    return "the zoned time itself shifted or truncated, (…)::DATE, or (…) AT TIME ZONE 'Area/City' (a DATE with an INTERVAL is naive)"
  return `${describe(child)} AT TIME ZONE 'Area/City' to say its zone, or the other side as local time with ::TIMESTAMP`
}

/** The first place that the expression or anything in it has. */
function locationOf(expression: Tree): unknown {
  for (const node of descendants(expression)) if (isTree(node) && Number.isSafeInteger(node.query_location)) return node.query_location
  return undefined
}
