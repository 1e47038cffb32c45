import type { ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { outputColumns } from './check-output.ts'
import { checkRules } from './check-rules.ts'
import { isNumeric } from './column-quantiles.ts'
import type { Engine, Row, Session } from './engine.ts'
import { identifier, literalList } from './quote.ts'
import { relationSchema } from './relation.ts'

/** What one column of an output holds. Values are text as the engine writes them; absent where there is none to compare. */
export interface ColumnProfile {
  readonly name: string
  readonly type: string
  readonly nulls: number
  /** Exact; NULL is no value. */
  readonly distinct: number
  readonly min?: string
  readonly max?: string
  readonly mean?: number
}

/** A profile of all rows, and the first of those for which the condition holds, by time and entity. */
export interface OutputSample {
  readonly columns: readonly ColumnProfile[]
  readonly rows: number
  /** Rows for which the condition holds. */
  readonly matching: number
  readonly shown: readonly Row[]
}

export interface SampleJob {
  readonly version: ViewVersion
  /** Outputs of this version on local disk. */
  readonly files: readonly string[]
  readonly where?: string
  readonly rows: number
}

/** Reads outputs as their readers see them. The condition must have passed `checkCondition`. */
export function sampleOutput(engine: Engine, job: SampleJob): Promise<OutputSample> {
  return engine.session(job.version.zone, async (session) => {
    const relation = `(SELECT ${outputColumns(job.version.schema).join(', ')} FROM read_parquet(${literalList(job.files)}, hive_partitioning=false))`
    const types = await typesOf(session, relation)
    const { rows, columns } = await profile(session, relation, types)
    const where = job.where === undefined ? '' : `WHERE (${job.where}\n) IS TRUE`
    const [matching] = where ? await session.rows(`SELECT count(*)::BIGINT AS n FROM ${relation} ${where}`) : [{ n: rows }]
    const order = ['feature_time', ...job.version.entity].map(identifier).join(', ')
    const shown = await session.rows(`SELECT * FROM ${relation} ${where} ORDER BY ${order} LIMIT ${job.rows}`)
    return { columns, rows, matching: Number(matching?.n), shown: shown.map((row) => withNumbers(row, types)) }
  })
}

/** @throws InvalidInputError unless the text is one condition on each row over the output's columns, by the rules of `expect`. */
export function checkCondition(engine: Engine, version: ViewVersion, where: string): Promise<void> {
  return engine.session(version.zone, async (session) => {
    const { rules, problems } = await checkRules(session, [where], storedSchema(version))
    const [problem] = problems
    if (problem) {
      const expected = problem.allowed?.length ? `; expected ${problem.allowed.join(', ').replace(' or count(*) > 100', '')}` : ''
      throw new InvalidInputError(`--where: ${problem.message.replace(/^rule /, 'condition ')}${expected}`)
    }
    if (rules.some((rule) => rule.perPartition))
      throw new InvalidInputError(`--where: condition '${where}' aggregates; expected a condition on each row, such as n > 0`)
  })
}

function storedSchema({ view, version, schema, grain, zone }: ViewVersion) {
  return relationSchema({ kind: 'view', name: view, view, version, schema, grain, zone, window: { kind: 'latest' } })
}

type Types = ReadonlyMap<string, string>

async function typesOf(session: Session, relation: string): Promise<Types> {
  const rows = await session.rows(`DESCRIBE SELECT * FROM ${relation}`)
  return new Map(rows.map((row) => [String(row.column_name), String(row.column_type)]))
}

async function profile(session: Session, relation: string, types: Types): Promise<{ rows: number; columns: ColumnProfile[] }> {
  const shown = [...types].filter(([name]) => name !== 'feature_time')
  const parts = shown.flatMap(([name, type], at) => {
    const column = identifier(name)
    return [
      `(count(*) - count(${column}))::BIGINT AS nulls${at}, count(DISTINCT ${column})::BIGINT AS distinct${at}`,
      ...(isOrdered(type) ? [`min(${column})::VARCHAR AS min${at}, max(${column})::VARCHAR AS max${at}`] : []),
      ...(isNumeric(type) ? [`avg(CAST(${column} AS DOUBLE)) AS mean${at}`] : []),
    ]
  })
  const [row] = await session.rows(`SELECT count(*)::BIGINT AS n, ${parts.join(', ')} FROM ${relation}`)
  const text = (name: string, value: unknown) => (value === null || value === undefined ? {} : { [name]: String(value) })
  const columns = shown.map(([name, type], at) => ({
    name,
    type,
    nulls: Number(row?.[`nulls${at}`]),
    distinct: Number(row?.[`distinct${at}`]),
    ...text('min', row?.[`min${at}`]),
    ...text('max', row?.[`max${at}`]),
    ...(typeof row?.[`mean${at}`] === 'number' && { mean: Number(row[`mean${at}`]) }),
  }))
  return { rows: Number(row?.n), columns }
}

const isOrdered = (type: string) => !/\[|^STRUCT|^MAP|^BLOB/.test(type)

/** The engine gives 64-bit integers as text; those that a number holds exactly become one. */
function withNumbers(row: Row, types: Types): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const exact = types.get(name) === 'BIGINT' && Number.isSafeInteger(Number(value)) && value !== null
      return [name, exact ? Number(value) : value]
    }),
  )
}
