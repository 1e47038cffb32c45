import type { OutputColumn, ViewVersion } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { parameters } from './compute.ts'
import type { Engine, Session } from './engine.ts'
import { identifier } from './quote.ts'
import { type LocalInput, relationSql } from './relation.ts'

/** One view on a sample of its inputs; `seed` decides the other order of their rows. */
export interface ShuffleJob {
  readonly version: ViewVersion
  readonly partition: Partition
  readonly inputs: readonly LocalInput[]
  readonly seed: number
}

/** A column whose values changed when only the order of input rows did. */
export interface OrderDependence {
  readonly column: string
  /** Output rows that differ. `rounding`: floating-point values, in their last digits only. */
  readonly rows: number
  readonly kind: 'rounding' | 'values'
}

export interface ShuffleResult {
  readonly inputRows: number
  readonly outputRows: number
  /** Rows of entities that have more than one; nothing is compared then. */
  readonly repeatedRows: number
  /** Entities that one of both outputs has alone. */
  readonly unmatched: number
  readonly columns: readonly OrderDependence[]
}

/** Shares within which two values are one up to rounding: sums of a few million values agree better, other answers do not agree. */
const ROUNDING: Readonly<Record<string, string>> = { DOUBLE: '1e-9', FLOAT: '1e-4' }

/** Runs the SQL on the rows as they are and on the same rows in another order, and compares both by entity. @throws DataError as computing. */
export async function compareShuffled(engine: Engine, job: ShuffleJob): Promise<ShuffleResult> {
  return engine.session(job.version.zone, async (session) => {
    const names = job.inputs.map(({ binding }) => identifier(binding.name))
    try {
      for (const input of job.inputs) await loadInput(session, input)
      await computeInto(session, job, 'as_is__')
      for (const name of names) await shuffleInput(session, name, job.seed)
      await computeInto(session, job, 'shuffled__')
      return { inputRows: await countRows(session, names), ...(await compare(session, job.version)) }
    } finally {
      for (const table of [...names, 'as_is__', 'shuffled__', SHUFFLED_INPUT]) await session.run(`DROP TABLE IF EXISTS ${table}`)
    }
  })
}

const SHUFFLED_INPUT = 'shuffled_input__'

async function loadInput(session: Session, input: LocalInput): Promise<void> {
  await session.run(`CREATE OR REPLACE TEMP TABLE ${identifier(input.binding.name)} AS ${relationSql(input)}`)
}

async function shuffleInput(session: Session, name: string, seed: number): Promise<void> {
  const numbered = `SELECT *, row_number() OVER () AS row__ FROM ${name}`
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${SHUFFLED_INPUT} AS SELECT * EXCLUDE (row__) FROM (${numbered}) ORDER BY hash(row__, ${seed}), row__`,
  )
  await session.run(`DROP TABLE ${name}`)
  await session.run(`ALTER TABLE ${SHUFFLED_INPUT} RENAME TO ${name}`)
}

async function computeInto(session: Session, { version, partition }: ShuffleJob, table: string): Promise<void> {
  await session.run(`CREATE OR REPLACE TEMP TABLE ${table} AS (\n${version.sql}\n)`, parameters(version.sql, partition))
}

async function countRows(session: Session, names: readonly string[]): Promise<number> {
  const counts = names.map((name) => `(SELECT count(*) FROM ${name})`)
  const [row] = await session.rows(`SELECT (${counts.join(' + ')})::BIGINT AS n`)
  return Number(row?.n)
}

type Comparison = Omit<ShuffleResult, 'inputRows'>

/** Rows of one entity cannot be told apart, so an output that breaks that rule is not compared. */
async function compare(session: Session, version: ViewVersion): Promise<Comparison> {
  const keys = version.entity.map(identifier)
  const [size] = await session.rows(
    `SELECT coalesce(sum(n), 0)::BIGINT AS n, coalesce(sum(n - 1), 0)::BIGINT AS repeated FROM (SELECT count(*) AS n FROM as_is__ GROUP BY ${keys.join(', ')})`,
  )
  const [outputRows, repeatedRows] = [Number(size?.n), Number(size?.repeated)]
  if (repeatedRows > 0) return { outputRows, repeatedRows, unmatched: 0, columns: [] }
  const columns = version.schema.filter(({ name }) => !version.entity.includes(name))
  const on = keys.map((key) => `a.${key} IS NOT DISTINCT FROM b.${key}`).join(' AND ')
  const side = (table: string) => `(SELECT *, true AS here__ FROM ${table})`
  const counts = ['count(*) FILTER (WHERE a.here__ IS NULL OR b.here__ IS NULL)::BIGINT AS unmatched', ...columns.flatMap(countsOf)]
  const [row] = await session.rows(`SELECT ${counts.join(', ')} FROM ${side('as_is__')} a FULL JOIN ${side('shuffled__')} b ON ${on}`)
  const found = columns.flatMap(({ name }, at): OrderDependence[] => {
    const [rows, large] = [Number(row?.[`differs${at}`]), Number(row?.[`large${at}`])]
    return rows > 0 ? [{ column: name, rows, kind: large > 0 ? 'values' : 'rounding' }] : []
  })
  return { outputRows, repeatedRows, unmatched: Number(row?.unmatched), columns: found }
}

function countsOf({ name, type }: OutputColumn, at: number): string[] {
  const [left, right] = [`a.${identifier(name)}`, `b.${identifier(name)}`]
  const differs = `a.here__ AND b.here__ AND ${left} IS DISTINCT FROM ${right}`
  const share = ROUNDING[type]
  // Of the largest value in the column: a sum of large values that cancel out is small and rounds as they do.
  const scale = `(SELECT max(abs(${identifier(name)})) FROM as_is__ WHERE isfinite(${identifier(name)}))`
  const large = share === undefined ? differs : `${differs} AND NOT coalesce(abs(${left} - ${right}) <= ${share} * ${scale}, false)`
  return [`count(*) FILTER (WHERE ${differs})::BIGINT AS differs${at}`, `count(*) FILTER (WHERE ${large})::BIGINT AS large${at}`]
}
