import type { OutputColumn, Rule } from '../model/catalog.ts'
import { type BinderProblem, binderProblem } from './binder-message.ts'
import type { Session } from './engine.ts'
import { explainSyntaxError } from './keyword-column.ts'
import { planSelect } from './logical-plan.ts'
import { descendants, listOf, parseSelect, type Tree, textOf, treeOf } from './parse-tree.ts'
import { identifier } from './quote.ts'
import { inspectSql } from './sql-check.ts'
import { findParameters } from './sql-text.ts'

export interface RuleProblem extends BinderProblem {
  readonly index: number
}

export interface CheckedRules {
  readonly rules: readonly Rule[]
  readonly problems: readonly RuleProblem[]
}

/** The name of the output in the text that is parsed; nothing is bound to it. */
const OUTPUT = 'output'

/**
 * Binds each rule over a view's output, as its readers see it, and says whether it is one of rows or of a partition: whether its plan
 * aggregates. Neither reads nor creates a table.
 */
export async function checkRules(session: Session, rules: readonly string[], schema: readonly OutputColumn[]): Promise<CheckedRules> {
  const wellFormed = await areWellFormed(session, rules, schema)
  const checked: Rule[] = []
  const problems: RuleProblem[] = []
  for (const [index, sql] of rules.entries()) {
    const wrong = wellFormed ? [] : await formProblems(session, sql, schema)
    const bound = wrong.length > 0 ? wrong : await bindRule(session, sql, schema)
    if ('sql' in bound) checked.push(bound)
    else problems.push(...bound.map((problem) => ({ ...problem, index })))
  }
  return { rules: checked, problems }
}

/** All rules in one go: a call into the engine takes about a millisecond, and they are hardly ever wrong. */
async function areWellFormed(session: Session, rules: readonly string[], schema: readonly OutputColumn[]): Promise<boolean> {
  return rules.length === 0 || (await problemOfList(session, rules, schema)).length === 0
}

async function formProblems(session: Session, sql: string, schema: readonly OutputColumn[]): Promise<BinderProblem[]> {
  const problems = await problemOfList(session, [sql], schema)
  return problems.map((problem) => ({ ...problem, message: `rule '${sql}' ${problem.message}` }))
}

/** What the parse tree tells of a list of rules: whether each is one expression, of the output's columns alone. */
async function problemOfList(session: Session, rules: readonly string[], schema: readonly OutputColumn[]): Promise<BinderProblem[]> {
  const text = `SELECT ${rules.join(', ')} FROM ${OUTPUT}`
  const parsed = await parseSelect(session.connection, text)
  if ('problem' in parsed) {
    const columns = schema.map(({ name }) => name)
    const { message, found, allowed } = await explainSyntaxError(session.connection, text, parsed.problem, columns)
    const isOfKeyword = message !== parsed.problem.message
    return [{ message: `does not parse: ${message}`, ...(isOfKeyword && { found }), allowed: [isOfKeyword ? allowed : CONDITION] }]
  }
  const { node } = parsed
  const nodes = [...descendants(node.select_list)]
  const whole = node.type === 'SELECT_NODE' && treeOf(node.from_table).table_name === OUTPUT && node.modifiers === undefined
  if (!whole || listOf(node.select_list).length !== rules.length) return [{ message: 'is not one expression', allowed: [CONDITION] }]
  if (nodes.some(({ type }) => type === 'SUBQUERY')) return [{ message: 'has a sub-query', allowed: [CONDITION] }]
  if (nodes.some((part) => part.class === 'WINDOW')) return [{ message: 'has a window function', allowed: [CONDITION] }]
  if (findParameters(text).length > 0) return [{ message: 'has a parameter', allowed: [CONDITION] }]
  const { problems } = await inspectSql(session.connection, text, { inputs: [OUTPUT], columns: schema.map(({ name }) => name) })
  return problems.map(({ message, found, allowed }) => ({
    message: `is refused: ${message}`,
    found,
    allowed: [allowed.startsWith('$') ? CONDITION : allowed],
  }))
}

const CONDITION = 'a condition over the output columns, such as n > 0 or count(*) > 100'

async function bindRule(session: Session, sql: string, schema: readonly OutputColumn[]): Promise<Rule | BinderProblem[]> {
  // As `checkOutput` evaluates it: in parentheses, over a relation without a name.
  const from = `FROM (SELECT ${schema.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${identifier(name)}`).join(', ')})`
  const plan = await planSelect(session.connection, `SELECT (${sql}) ${from}`)
  if ('problem' in plan) {
    const problem = binderProblem(plan.problem.message, [{ name: OUTPUT, columns: schema }])
    return [{ ...problem, message: `rule '${sql}': ${problem.message}` }]
  }
  const type = typeOf(plan.root)
  if (type !== 'BOOLEAN') return [{ message: `rule '${sql}' is no condition`, found: type, allowed: ['BOOLEAN'] }]
  return { sql, perPartition: [...descendants(plan.root)].some((node) => node.type === 'LOGICAL_AGGREGATE_AND_GROUP_BY') }
}

/** Serialized without a type, because they have but one. */
const CONDITIONS = ['BOUND_COMPARISON', 'BOUND_CONJUNCTION', 'BOUND_BETWEEN']

/** The type of the one column that the plan gives. */
function typeOf(plan: Tree): string {
  const top = [...descendants(plan)].find((node) => node.type === 'LOGICAL_PROJECTION')
  const expression = treeOf(listOf(top?.expressions)[0])
  if (CONDITIONS.includes(textOf(expression.expression_class))) return 'BOOLEAN'
  return textOf(treeOf(expression.return_type ?? treeOf(expression.value).type).id)
}
