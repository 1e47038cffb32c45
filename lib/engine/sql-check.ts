/**
 * Decides from the parse tree alone whether a view's SQL is allowed: whether the same rows always give the same answer. What the tree
 * cannot tell (types, missing columns, unknown functions) is left to the binder.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { explainSyntaxError } from './keyword-column.ts'
import { isTree, listOf, namesOf, parseSelect, type Tree, textOf, treeOf } from './parse-tree.ts'
import { collectNames } from './sql-names.ts'
import { checkNode, type Findings } from './sql-rules.ts'
import type { SqlProblem } from './sql-text.ts'

export interface InspectOptions {
  /** Names of the declared inputs. */
  readonly inputs: readonly string[]
  /** Names of the inputs' columns where known: a bare `user` or a column that is named like its table is then told from what it would mean. */
  readonly columns?: Iterable<string>
}

export interface SqlInspection {
  /** Everything that is wrong, in the order of the text. */
  readonly problems: readonly SqlProblem[]
  /** Declared inputs that the SQL reads, sorted. */
  readonly tables: readonly string[]
  /** Functions and operators called, lower-case, sorted. */
  readonly functions: readonly string[]
  /** Functions and clauses in the SQL whose result can depend on the order of rows, sorted. */
  readonly orderSensitive: readonly string[]
}

/** Lists all that is wrong with the SQL and what it uses. Reads no data; throws only where the connection is broken. */
export async function inspectSql(connection: DuckDBConnection, sql: string, options: InspectOptions): Promise<SqlInspection> {
  const parsed = await parseSelect(connection, sql)
  if ('problem' in parsed) {
    const problem = await explainSyntaxError(connection, sql, parsed.problem, options.columns ?? [])
    return { problems: [problem], tables: [], functions: [], orderSensitive: [] }
  }
  const findings: Findings = {
    sql,
    inputs: new Map(options.inputs.map((name) => [name.toLowerCase(), name])),
    ...collectNames(parsed.node, options.columns ?? []),
    problems: [],
    tables: new Set(),
    functions: new Set(),
    orderSensitive: new Set(),
  }
  walk(parsed.node, new Set(), findings)
  const sorted = (values: ReadonlySet<string>) => [...values].sort()
  return {
    problems: [...findings.problems.sort(byOffset), ...unused(findings)],
    tables: sorted(findings.tables),
    functions: sorted(findings.functions),
    orderSensitive: sorted(findings.orderSensitive),
  }
}

const byOffset = (a: SqlProblem, b: SqlProblem): number => (a.offset ?? Number.MAX_SAFE_INTEGER) - (b.offset ?? Number.MAX_SAFE_INTEGER)

function unused({ inputs, tables }: Findings): SqlProblem[] {
  return [...inputs.values()]
    .filter((name) => !tables.has(name))
    .map((name) => ({
      message: `input ${name} is declared but the SQL never reads it`,
      found: `no ${name} in any FROM`,
      allowed: 'inputs that the SQL reads',
    }))
}

/** `scope` holds the common table expressions that can be named here, lower-case. */
function walk(value: unknown, scope: ReadonlySet<string>, findings: Findings): void {
  if (Array.isArray(value)) for (const item of value) walk(item, scope, findings)
  if (!isTree(value)) return
  const inner = value.cte_map === undefined ? scope : walkCtes(treeOf(value.cte_map), scope, findings)
  checkNode(value, inner, findings)
  for (const child of childrenOf(value)) walk(child, inner, findings)
}

/** Each expression sees those before it, and a recursive one itself; so a CTE may take the name of the input that it reads. */
function walkCtes(ctes: Tree, scope: ReadonlySet<string>, findings: Findings): ReadonlySet<string> {
  const inner = new Set(scope)
  for (const { key, value } of listOf(ctes.map)) {
    const name = textOf(key).toLowerCase()
    const query = treeOf(treeOf(treeOf(value).query).node)
    walk(value, query.type === 'RECURSIVE_CTE_NODE' ? new Set([...inner, name]) : inner, findings)
    inner.add(name)
  }
  return inner
}

function childrenOf(node: Tree): unknown[] {
  if (node.type === 'TABLE_FUNCTION') return [treeOf(node.function).children, node.sample]
  if (node.type === 'ORDER_MODIFIER') return listOf(node.orders).filter((order) => !isOrderByAll(treeOf(order.expression)))
  return Object.entries(node).flatMap(([key, child]) => (key === 'cte_map' || key === 'sample' ? [] : [child]))
}

/** ORDER BY ALL means the view's own columns, so it is no star over an input's. */
const isOrderByAll = (expression: Tree): boolean =>
  expression.class === 'STAR' &&
  expression.columns === true &&
  expression.expr === undefined &&
  namesOf(expression.exclude_list).length === 0
