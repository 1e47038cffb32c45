import type { OutputColumn, Rule } from '../model/catalog.ts'
import type { Problem } from '../model/problem.ts'
import type { View } from '../model/view.ts'
import { binderProblem, type KnownTable } from './binder-message.ts'
import { problemsOfAbsent } from './check-absent.ts'
import { problemsOfColumns, problemsOfHeader } from './check-columns.ts'
import { checkRules } from './check-rules.ts'
import { findColumnsRead } from './columns-read.ts'
import { parameters } from './compute.ts'
import type { Engine, Session } from './engine.ts'
import { engineError } from './errors.ts'
import { listOf, parseSelect } from './parse-tree.ts'
import { identifier } from './quote.ts'
import { relationSchema } from './relation.ts'
import { spellType } from './spell-type.ts'
import { inspectSql } from './sql-check.ts'
import { at, type SqlProblem } from './sql-text.ts'
import { findNaiveZonedMix } from './zone-check.ts'

/** One relation that the SQL of a view can read. */
export interface AnalyzedInput {
  readonly name: string
  readonly columns: readonly OutputColumn[]
}

export interface AnalyzeOptions {
  readonly inputs: readonly AnalyzedInput[]
  /** The line of a header key in the view's file; line 1 where it is not known. */
  readonly lineOf?: (path: readonly PropertyKey[]) => number
}

export interface ViewAnalysis {
  readonly problems: readonly Problem[]
  /** All columns of the output in the order of the SQL, types in one spelling; empty where the SQL does not bind. */
  readonly schema: readonly OutputColumn[]
  /** Columns that the SQL reads, for every input. */
  readonly columnsRead: ReadonlyMap<string, readonly string[]>
  readonly rules: { readonly expect: readonly Rule[]; readonly warn: readonly Rule[] }
  /** Functions and clauses whose result can depend on the order of rows. */
  readonly orderSensitive: readonly string[]
}

const NOTHING: ViewAnalysis = { problems: [], schema: [], columnsRead: new Map(), rules: { expect: [], warn: [] }, orderSensitive: [] }

/** Everything that the engine knows of a view from its SQL alone, on empty inputs: what is wrong with it, and what it gives. Reads no data. */
export async function analyzeView(engine: Engine, view: View, options: AnalyzeOptions): Promise<ViewAnalysis> {
  return engine.session(view.zone, async (session) => {
    const { inputs } = options
    try {
      await session.run(inputs.map(createInput).join('; '))
      return await analyze(session, view, options)
    } finally {
      await session.run(inputs.map(({ name }) => `DROP TABLE IF EXISTS ${identifier(name)}`).join('; '))
    }
  })
}

function createInput({ name, columns }: AnalyzedInput): string {
  const typed = columns.map((column) => `${identifier(column.name)} ${column.type}`)
  return `CREATE OR REPLACE TEMP TABLE ${identifier(name)} (${typed.join(', ')})`
}

async function analyze(session: Session, view: View, options: AnalyzeOptions): Promise<ViewAnalysis> {
  const { inputs } = options
  const { sql } = view
  const columns = inputs.flatMap((input) => input.columns.map(({ name }) => name))
  const inspection = await inspectSql(session.connection, sql, { inputs: inputs.map(({ name }) => name), columns })
  const ofSql = inspection.problems.map((problem) => sqlProblem(view, problem))
  if (ofSql.length > 0 && inspection.tables.length + inspection.functions.length === 0) return { ...NOTHING, problems: ofSql }
  const read = await findColumnsRead(session.connection, sql)
  if ('problem' in read) return { ...NOTHING, problems: [...ofSql, ...bindProblems(view, read.problem, inspection.problems, inputs)] }
  const mixed = (await findNaiveZonedMix(session.connection, sql)).map((problem) => sqlProblem(view, problem))
  const described = await describeOutput(session, view)
  if ('message' in described) return { ...NOTHING, problems: [...ofSql, ...mixed, ...(ofSql.length > 0 ? [] : [described])] }
  // Behind a star stand columns that nobody chose.
  if (inspection.problems.some(({ found }) => found.endsWith('*'))) return { ...NOTHING, problems: [...ofSql, ...mixed] }
  const ofColumns = await columnProblems(session, view, described.schema)
  const { expect, warn, problems } = await rulesOf(session, view, described.schema, options)
  return {
    problems: [...ofSql, ...mixed, ...ofColumns, ...problems],
    schema: described.schema,
    columnsRead: new Map(inputs.map(({ name }) => [name, read.columns.get(name) ?? []])),
    rules: { expect, warn },
    orderSensitive: inspection.orderSensitive,
  }
}

/** Header keys and rules stand over the output; where its names are broken, they are not looked at before those are right. */
async function rulesOf(session: Session, view: View, schema: readonly OutputColumn[], { lineOf = () => 1 }: AnalyzeOptions) {
  const found = [...problemsOfHeader(view, schema), ...(await problemsOfAbsent(session, view, schema))]
  const header = found.map(({ path, ...problem }) => ({ file: view.file, line: lineOf(path), ...problem }))
  if (new Set(schema.map(({ name }) => name.toLowerCase())).size < schema.length || schema.some(({ name }) => name === 'feature_time')) {
    return { expect: [], warn: [], problems: header }
  }
  const stored = relationSchema({ ...VIEW_BINDING, schema })
  const problems: Problem[] = [...header]
  const check = async (key: 'expect' | 'warn'): Promise<readonly Rule[]> => {
    const checked = await checkRules(session, view[key], stored)
    problems.push(...checked.problems.map(({ index, ...problem }) => ({ file: view.file, line: lineOf([key, index]), ...problem })))
    return checked.rules
  }
  return { expect: await check('expect'), warn: await check('warn'), problems }
}

/** What a view's relation looks like follows from its schema alone. */
const VIEW_BINDING = { kind: 'view', name: '', view: '', version: '', grain: 'day', zone: 'UTC', window: { kind: 'latest' } } as const

async function describeOutput(session: Session, view: View): Promise<{ schema: OutputColumn[] } | Problem> {
  try {
    const values = parameters(view.sql, { name: '', start: 0, end: 0 })
    const reader = await session.connection.runAndReadAll(`DESCRIBE ${view.sql}`, values)
    return { schema: reader.getRows().map(([name, type]) => ({ name: String(name), type: spellType(String(type)) })) }
  } catch (error) {
    const { name } = engineError(error)
    if (!(error instanceof Error) || (name !== 'InvalidInputError' && name !== 'DataError')) throw engineError(error)
    return { file: view.file, line: view.sqlLine, ...binderProblem(error.message, []) }
  }
}

function sqlProblem(view: View, { message, found, allowed, offset }: SqlProblem): Problem {
  const unread = view.inputs.find(({ name }) => offset === undefined && message.startsWith(`input ${name} `))
  return { file: view.file, line: unread?.line ?? lineAt(view, offset), message, found, allowed: [allowed] }
}

/** The binder stops at its first problem, which is often one that the parse tree has told already, in better words. */
function bindProblems(view: View, problem: SqlProblem, told: readonly SqlProblem[], tables: readonly KnownTable[]): Problem[] {
  const known = told.some(({ offset }) => offset === problem.offset) || (problem.offset === undefined && told.length > 0)
  return known ? [] : [{ file: view.file, line: lineAt(view, problem.offset), ...binderProblem(problem.message, tables) }]
}

function lineAt(view: View, offset = 0): number {
  return view.sqlLine + view.sql.slice(0, offset).split('\n').length - 1
}

async function columnProblems(session: Session, view: View, schema: readonly OutputColumn[]): Promise<Problem[]> {
  const problems = problemsOfColumns(schema)
  const lines = problems.length > 0 ? await outputLines(session, view) : []
  return problems.map(({ index, ...problem }) => ({ file: view.file, line: lines[index] ?? view.sqlLine, ...problem }))
}

/** The line of each output column; none where the outermost query is no plain SELECT. */
async function outputLines(session: Session, view: View): Promise<number[]> {
  const parsed = await parseSelect(session.connection, view.sql)
  if ('problem' in parsed) return []
  return listOf(parsed.node.select_list).map((item) => lineAt(view, at(view.sql, item.query_location).offset))
}
