/**
 * Which rows of a partition's inputs count for one entity. The SQL says it itself. Where it is one SELECT over its inputs: the same FROM and
 * WHERE, its expression for the entity, and the rows instead of the aggregates, so that what HAVING leaves out is told too. Elsewhere (CTEs,
 * subqueries, UNION ALL) the rows are carried along to the entity's row of the output. What cannot be told is told as that.
 */
import type { OutputColumn } from '../model/catalog.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import { type ComputeJob, withBounds } from './compute.ts'
import type { Engine, Session } from './engine.ts'
import { identifier, literal } from './quote.ts'
import { emptySql, type LocalInput, relationSql } from './relation.ts'
import { type Lineage, lineageOf, ROWS, ROWS_TYPE } from './row-lineage.ts'
import { type RowsQuery, rowsQuery, TAG } from './rows-query.ts'

/** A value per entity column, as text that casts to the column's type. */
export type EntityValues = Readonly<Record<string, string>>

/** Rows of one input that count, by object. */
export interface CountedInput {
  readonly name: string
  /** `query`: as the SQL reads them. `unknown`: it cannot be told. */
  readonly how: 'query' | 'unknown'
  /** Why it cannot be told, or which rows are not among those that counted. */
  readonly why?: string
  readonly objects: readonly { readonly key: string; readonly rows: number }[]
}

const ASIDE = 'rows that only a subquery in an expression, a semi join or a window looked at are not among them'

/** Counts, for one entity, the rows of every object of every input. @throws InvalidInputError for a value that its type cannot hold. */
export function countEntityRows(engine: Engine, job: ComputeJob, entity: EntityValues): Promise<CountedInput[]> {
  return engine.session(job.version.zone, async (session) => {
    const query = await rowsQuery(session, { sql: sqlOf(job), entity: job.version.entity })
    if (!query || !(await binds(session, job, query))) return countFollowed(session, job, entity)
    const found: CountedInput[] = []
    for (const input of job.inputs) found.push(await countInput(session, job, { input, query, entity }))
    return found
  })
}

interface Question {
  readonly input: LocalInput
  readonly query: RowsQuery
  readonly entity: EntityValues
}

async function countInput(session: Session, job: ComputeJob, { input, query, entity }: Question): Promise<CountedInput> {
  const { name } = input.binding
  const selects = query.tables.filter(({ table }) => table === name).map(({ alias }) => query.select(alias))
  if (selects.length === 0) return unknown(input, UNREAD)
  const counted = await session.rows(
    `WITH ${taggedInputs(job)} SELECT tag.o AS o, count(DISTINCT tag)::BIGINT AS n FROM (${selects.join('\nUNION ALL\n')}) AS counted ` +
      `WHERE tag IS NOT NULL AND ${conditionSql(job, entity, (at) => `e${at}`)} GROUP BY 1`,
  )
  return countedInput(input, new Map(counted.map((row) => [Number(row.o), Number(row.n)])), query.looksAside)
}

function taggedInputs({ inputs }: ComputeJob): string {
  return inputs.map((one) => taggedSql(one, TAG, (o) => `{'o': ${o}, 'r': row_number() OVER ()}`)).join(', ')
}

/** An expression of the entity may name another column of the SELECT list, which is not there among rows. */
async function binds(session: Session, job: ComputeJob, { tables, select }: RowsQuery): Promise<boolean> {
  const selects = tables.map(({ alias }) => select(alias))
  try {
    await session.columnTypes(`WITH ${taggedInputs(job)} SELECT * FROM (${selects.join('\nUNION ALL\n')}) AS rows`)
    return true
  } catch (error) {
    if (error instanceof InvalidInputError) return false
    throw error
  }
}

const UNREAD = 'only a subquery in an expression or a semi join looks at it'

function unknown({ binding }: LocalInput, why: string): CountedInput {
  return { name: binding.name, how: 'unknown', why, objects: [] }
}

function countedInput({ binding, objects }: LocalInput, rows: ReadonlyMap<number, number>, looksAside: boolean): CountedInput {
  const known = objects.map(({ object }, at) => ({ key: object.key, rows: rows.get(at) ?? 0 }))
  return { name: binding.name, how: 'query', ...(looksAside && { why: ASIDE }), objects: known }
}

/** The entity's values, in columns of these names. */
function conditionSql(job: ComputeJob, entity: EntityValues, nameAt: (at: number, column: string) => string): string {
  const conditions = entityColumns(job).map(({ name, type }, at) => {
    return `${nameAt(at, name)} IS NOT DISTINCT FROM CAST(${literal(entity[name] ?? '')} AS ${type})`
  })
  return conditions.join(' AND ')
}

/** Counts by the rows that are carried along. */
async function countFollowed(session: Session, job: ComputeJob, entity: EntityValues): Promise<CountedInput[]> {
  const tagged = job.inputs.map((one, i) =>
    taggedSql(one, ROWS, (o) => `[{'i': ${i}, 'o': ${o}, 'r': row_number() OVER ()}]::${ROWS_TYPE}`),
  )
  const followed = await follow(session, job, tagged)
  if (typeof followed === 'string') return job.inputs.map((input) => unknown(input, followed))
  const { sql, unread, looksAside } = followed
  const counted = await session.rows(
    `WITH ${tagged.join(', ')} SELECT one.i AS i, one.o AS o, count(DISTINCT one.r)::BIGINT AS n FROM (SELECT unnest(${ROWS}) AS one ` +
      `FROM (${sql}) AS followed WHERE ${conditionSql(job, entity, (_, column) => identifier(column))}) GROUP BY ALL`,
  )
  return job.inputs.map((input, i) => {
    if (unread.includes(input.binding.name)) return unknown(input, UNREAD)
    const rows = counted.flatMap((row) => (Number(row.i) === i ? [[Number(row.o), Number(row.n)] as const] : []))
    return countedInput(input, new Map(rows), looksAside)
  })
}

/** The SQL that carries rows along, or why there is none. */
async function follow(session: Session, job: ComputeJob, tagged: readonly string[]): Promise<Lineage | string> {
  const names = job.inputs.map(({ binding }) => binding.name)
  try {
    const followed = await lineageOf(session, sqlOf(job), names)
    await session.columnTypes(`WITH ${tagged.join(', ')} SELECT * FROM (${followed.sql}) AS followed`)
    return followed
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message
    if (error instanceof DataError) return `its SQL is of a kind through which rows are not followed: ${error.message.split('\n')[0]}`
    throw error
  }
}

function sqlOf({ version, partition }: ComputeJob): string {
  return withBounds(version.sql, partition).replace(/;\s*$/, '')
}

function entityColumns({ version }: ComputeJob): OutputColumn[] {
  return version.entity.map((name) => version.schema.find((column) => column.name === name) ?? { name, type: 'VARCHAR' })
}

/** An input's relation with what tells each row of each object beside it; a view cannot see it, as it names its columns. */
function taggedSql(input: LocalInput, name: string, tagOf: (object: number) => string): string {
  const parts = input.objects.map((one, at) => `SELECT *, ${tagOf(at)} AS ${name} FROM (${relationSql({ ...input, objects: [one] })})`)
  const none = `SELECT *, ${tagOf(0)} AS ${name} FROM (${emptySql(input.binding)})`
  return `${identifier(input.binding.name)} AS MATERIALIZED (${parts.length === 0 ? none : parts.join('\nUNION ALL\n')})`
}
