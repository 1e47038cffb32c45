import { classifyFunction, type FunctionPlace, KEYWORD_FUNCTIONS } from './functions.ts'
import { listOf, namesOf, type Tree, textOf, treeOf } from './parse-tree.ts'
import type { SqlNames } from './sql-names.ts'
import { at, findParameters, type SqlProblem } from './sql-text.ts'

/** What a walk over the tree knows and gathers. */
export interface Findings extends SqlNames {
  readonly sql: string
  /** Declared inputs by lower-case name. */
  readonly inputs: ReadonlyMap<string, string>
  readonly problems: SqlProblem[]
  readonly tables: Set<string>
  readonly functions: Set<string>
  readonly orderSensitive: Set<string>
}

type Rule = (node: Tree, findings: Findings, scope: ReadonlySet<string>) => void

/** Checks one node, not its children. `scope` holds the common table expressions that can be named here. */
export function checkNode(node: Tree, scope: ReadonlySet<string>, findings: Findings): void {
  if (node.sample !== undefined)
    report(findings, node, 'a sample is random', 'SAMPLE', 'a condition on a key, such as md5_number(id) % 100 = 0')
  if (node.modifiers !== undefined) checkModifiers(node, findings)
  const rule = RULES[textOf(node.class ?? node.type)]
  rule?.(node, findings, scope)
}

function report(findings: Findings, node: Tree, message: string, found: string, allowed: string): void {
  findings.problems.push({ message, found, allowed, ...at(findings.sql, node.query_location) })
}

const RULES: Readonly<Record<string, Rule>> = {
  STAR: (node, findings) => {
    // The parser writes stars of its own around VALUES, PIVOT and SHOW; they have no place in the text.
    if (node.query_location === undefined) return
    const relation = textOf(node.relation_name)
    const found = node.columns === true ? 'COLUMNS(…)' : relation === '' ? '*' : `${relation}.*`
    report(findings, node, `${found} takes whatever columns the source happens to have`, found, 'columns by name; count(*) is fine')
  },
  POSITIONAL_REFERENCE: (node, findings) => {
    const found = `#${node.index}`
    report(findings, node, `${found} depends on the order of the source's columns`, found, 'columns by name')
  },
  PARAMETER: checkParameter,
  COLUMN_REF: checkColumn,
  FUNCTION: (node, findings) => checkFunction(node, 'value', findings),
  WINDOW: (node, findings) => {
    checkFunction(node, 'value', findings)
    checkWindow(node, findings)
  },
  TABLE_FUNCTION: (node, findings) => checkFunction(treeOf(node.function), 'table', findings),
  BASE_TABLE: checkTable,
  JOIN: (node, findings) => {
    if (node.ref_type === 'POSITIONAL')
      report(findings, node, 'a positional join pairs rows by their order', 'POSITIONAL JOIN', 'a join on columns')
    if (node.ref_type === 'NATURAL')
      report(findings, node, 'a natural join depends on the columns the sources happen to have', 'NATURAL JOIN', 'JOIN … USING (columns)')
  },
  PIVOT: (node, findings) => {
    const found = namesOf(node.unpivot_names).length > 0 ? 'UNPIVOT' : 'PIVOT'
    const allowed = found === 'PIVOT' ? 'one aggregate with FILTER (WHERE …) per column' : 'unnest([{name: …, value: …}, …])'
    report(findings, node, `${found} takes whatever columns the source happens to have`, found, allowed)
  },
  SHOW_REF: (node, findings) => report(findings, node, 'SHOW and DESCRIBE read the catalogue', 'SHOW or DESCRIBE', 'declared inputs'),
}

function checkParameter(node: Tree, findings: Findings): void {
  const name = textOf(node.identifier)
  if (name === 'start' || name === 'end') return
  const place = findParameters(findings.sql).find(({ text }) => text === `$${name}` || (/^\d+$/.test(name) && /^\?|^\$\d/.test(text)))
  const found = place?.text ?? `$${name}`
  const problem = { message: `parameter ${found} has no value`, found, allowed: '$start and $end' }
  findings.problems.push(place ? { ...problem, offset: place.start } : problem)
}

function checkColumn(node: Tree, findings: Findings): void {
  const names = namesOf(node.column_names).map((name) => name.toLowerCase())
  const [name = ''] = names
  if (names.at(-1) === 'rowid' && !findings.valueNames.has('rowid'))
    report(findings, node, 'rowid is the place of a row in its file', 'rowid', 'columns of the input')
  if (names.length !== 1) return
  const known = findings.valueNames.has(name)
  const keyword = KEYWORD_FUNCTIONS.has(name) ? classifyFunction(name, 'value', 0) : undefined
  // A bare keyword that no table in scope has becomes a call; only for the clock is that worth refusing a known column.
  if (keyword?.kind === 'refused' && !(known && keyword.reason !== 'reads the clock'))
    report(findings, node, `${name} ${keyword.reason}`, name, `$start and $end, or the column with its table: t.${name}`)
  else if (findings.rowNames.has(name) && !known)
    report(findings, node, `${name} is a whole row: whatever columns the source happens to have`, name, 'columns by name')
}

function checkFunction(node: Tree, place: FunctionPlace, findings: Findings): void {
  const name = textOf(node.function_name).toLowerCase()
  const children = listOf(node.children)
  findings.functions.add(name)
  const found = classifyFunction(name, place, children.length)
  if (found?.kind === 'order') findings.orderSensitive.add(name)
  if (found?.kind === 'refused') {
    const allowed = found.reason.includes('clock') ? '$start and $end' : 'functions of the arguments alone'
    report(findings, node, `${name}() ${found.reason}`, `${name}()`, allowed)
  }
  if (/^(list|array)_aggr(egate)?$|^aggregate$/.test(name)) checkNamedAggregate(node, children[1], findings)
}

/** `list_aggregate(l, 'name')` calls the aggregate by its name. */
function checkNamedAggregate(node: Tree, argument: Tree | undefined, findings: Findings): void {
  const name = textOf(treeOf(argument?.value).value)
  const found = name === '' ? undefined : classifyFunction(name, 'value', 1)
  if (found?.kind === 'refused') report(findings, node, `${name} ${found.reason}`, `'${name}'`, 'functions of the arguments alone')
}

const BY_ROW_ORDER = /^WINDOW_(ROW_NUMBER|NTILE|LEAD|LAG|FIRST_VALUE|LAST_VALUE|NTH_VALUE|FILL)$/

function checkWindow(node: Tree, findings: Findings): void {
  if (listOf(node.orders).length > 0 || listOf(node.arg_orders).length > 0) return
  const countsRows = /_ROWS$/.test(textOf(node.start)) || /_ROWS$/.test(textOf(node.end))
  if (!BY_ROW_ORDER.test(textOf(node.type)) && !countsRows) return
  const found = `${textOf(node.function_name)}() OVER without ORDER BY`
  report(findings, node, `${found} depends on the order of rows`, found, 'OVER (… ORDER BY columns)')
}

function checkTable(node: Tree, findings: Findings, scope: ReadonlySet<string>): void {
  const name = textOf(node.table_name)
  const path = [textOf(node.catalog_name), textOf(node.schema_name), name].filter((part) => part !== '')
  const input = findings.inputs.get(name.toLowerCase())
  if (path.length === 1 && scope.has(name.toLowerCase())) return
  if (path.length === 1 && input !== undefined) {
    findings.tables.add(input)
    return
  }
  const found = path.join('.')
  const reason = path.length > 1 ? 'names a schema' : /[./*]/.test(name) ? 'is a file, not an input' : 'is not a declared input'
  const inputs = [...findings.inputs.values()]
  report(
    findings,
    node,
    `table ${found} ${reason}`,
    found,
    inputs.length > 0 ? `the inputs ${inputs.join(', ')}` : 'inputs that the header declares',
  )
}

function checkModifiers(node: Tree, findings: Findings): void {
  const modifiers = listOf(node.modifiers)
  const ordered = modifiers.some(({ type }) => type === 'ORDER_MODIFIER')
  for (const modifier of modifiers) {
    const clause = clauseOf(modifier)
    if (clause === undefined) continue
    findings.orderSensitive.add(clause.toLowerCase())
    const place = treeOf(modifier.limit ?? modifier.offset ?? listOf(modifier.distinct_on_targets)[0])
    const found = `${clause} without ORDER BY`
    if (!ordered) report(findings, place, `${found} depends on the order of rows`, found, `${clause} with ORDER BY in the same SELECT`)
  }
}

function clauseOf(modifier: Tree): string | undefined {
  if (modifier.type === 'DISTINCT_MODIFIER') return listOf(modifier.distinct_on_targets).length > 0 ? 'DISTINCT ON' : undefined
  if (modifier.type === 'LIMIT_MODIFIER' || modifier.type === 'LIMIT_PERCENT_MODIFIER') return modifier.limit ? 'LIMIT' : 'OFFSET'
  return undefined
}
