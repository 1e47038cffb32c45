/**
 * Which rows of a partition's inputs count for one entity. The SQL says it itself where it is one SELECT over its inputs: the same FROM and
 * WHERE, its expression for the entity, and the rows instead of the aggregates. Elsewhere (CTEs, subqueries, set operations) rows are told
 * by the column of the entity's name, where an input has it.
 */
import type { OutputColumn } from '../model/catalog.ts'
import { type ComputeJob, withBounds } from './compute.ts'
import type { Engine, Session } from './engine.ts'
import { isTree, listOf, type Tree, textOf, treeOf } from './parse-tree.ts'
import { identifier, literal } from './quote.ts'
import { emptySql, type LocalInput, relationSchema, relationSql } from './relation.ts'

/** A value per entity column, as text that casts to the column's type. */
export type EntityValues = Readonly<Record<string, string>>

/** Rows of one input that count, by object. */
export interface CountedInput {
  readonly name: string
  /** `query`: as the SQL reads them. `column`: those with the entity's value in the column of its name. `unknown`: it cannot be told. */
  readonly how: 'query' | 'column' | 'unknown'
  readonly objects: readonly { readonly key: string; readonly rows: number }[]
}

/** Counts, for one entity, the rows of every object of every input. @throws InvalidInputError for a value that its type cannot hold. */
export function countEntityRows(engine: Engine, job: ComputeJob, entity: EntityValues): Promise<CountedInput[]> {
  return engine.session(job.version.zone, async (session) => {
    const query = await rowsQuery(session, job)
    const found: CountedInput[] = []
    for (const input of job.inputs) found.push(await countInput(session, job, { input, query, entity }))
    return found
  })
}

interface Question {
  readonly input: LocalInput
  readonly query: RowsQuery | undefined
  readonly entity: EntityValues
}

async function countInput(session: Session, job: ComputeJob, { input, query, entity }: Question): Promise<CountedInput> {
  const { name } = input.binding
  const selects = query?.tables.filter(({ table }) => table === name).map(({ alias }) => query.select(alias))
  const byColumn = job.version.entity.every((column) => relationSchema(input.binding).some((one) => one.name === column))
  const how = selects && selects.length > 0 ? 'query' : byColumn ? 'column' : 'unknown'
  const keys = input.objects.map(({ object }) => object.key)
  if (how === 'unknown') return { name, how, objects: [] }
  const rows = selects && selects.length > 0 ? selects.join('\nUNION ALL\n') : columnSelect(job, name)
  const condition = entityColumns(job).map(({ name: column, type }, at) => {
    return `e${at} IS NOT DISTINCT FROM CAST(${literal(entity[column] ?? '')} AS ${type})`
  })
  const counted = await session.rows(
    `WITH ${job.inputs.map(taggedSql).join(', ')} SELECT tag.o AS o, count(DISTINCT tag)::BIGINT AS n FROM (${rows}) AS counted ` +
      `WHERE tag IS NOT NULL AND ${condition.join(' AND ')} GROUP BY 1`,
  )
  const byObject = new Map(counted.map((row) => [Number(row.o), Number(row.n)]))
  return { name, how, objects: keys.map((key, at) => ({ key, rows: byObject.get(at) ?? 0 })) }
}

function entityColumns({ version }: ComputeJob): OutputColumn[] {
  return version.entity.map((name) => version.schema.find((column) => column.name === name) ?? { name, type: 'VARCHAR' })
}

/** No view can have a column of this name: it is reserved. */
const TAG = '__row'

/** An input's relation with the object and the number of each row beside it; a view cannot see it, as it names its columns. */
function taggedSql(input: LocalInput): string {
  const parts = input.objects.map((one, at) => {
    return `SELECT *, {'o': ${at}, 'r': row_number() OVER ()} AS ${TAG} FROM (${relationSql({ ...input, objects: [one] })})`
  })
  const none = `SELECT *, {'o': 0, 'r': 0::BIGINT} AS ${TAG} FROM (${emptySql(input.binding)})`
  return `${identifier(input.binding.name)} AS MATERIALIZED (${parts.length === 0 ? none : parts.join('\nUNION ALL\n')})`
}

function columnSelect({ version }: ComputeJob, input: string): string {
  const columns = version.entity.map((column, at) => `${identifier(column)} AS e${at}`)
  return `SELECT ${columns.join(', ')}, ${TAG} AS tag FROM ${identifier(input)}`
}

interface RowsQuery {
  /** The inputs in its FROM, each with the name that its columns have there. */
  readonly tables: readonly { readonly table: string; readonly alias: string }[]
  select(alias: string): string
}

/** The view's SELECT as one of rows; undefined where it is more than one SELECT over its inputs. */
async function rowsQuery(session: Session, job: ComputeJob): Promise<RowsQuery | undefined> {
  const sql = withBounds(job.version.sql, job.partition).replace(/;\s*$/, '')
  const [row] = await session.rows(`SELECT json_serialize_sql(${literal(sql)})::VARCHAR AS tree`)
  const node = treeOf(listOf(treeOf(JSON.parse(String(row?.tree))).statements)[0]?.node)
  const tables = tablesOf(node.from_table)
  if (node.type !== 'SELECT_NODE' || !tables || listOf(treeOf(node.cte_map).map).length > 0) return undefined
  const columns = job.version.entity.map((name) => listOf(node.select_list).find((one) => nameOf(one) === name))
  if (columns.some((one) => one === undefined)) return undefined
  const rest = { modifiers: [], group_expressions: [], group_sets: [], having: null, sample: null, qualify: null }
  const selects = new Map<string, string>()
  for (const { alias } of tables) {
    const entity = columns.map((one, at) => ({ ...one, alias: `e${at}` }))
    const tag = { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: 'tag', query_location: 0, column_names: [alias, TAG] }
    const rows = { ...node, ...rest, aggregate_handling: 'STANDARD_HANDLING', select_list: [...entity, tag] }
    selects.set(alias, await deserialize(session, rows))
  }
  return { tables, select: (alias) => selects.get(alias) ?? '' }
}

async function deserialize(session: Session, node: Tree): Promise<string> {
  const tree = JSON.stringify({ error: false, statements: [{ node, named_param_map: [] }] })
  const [row] = await session.rows(`SELECT json_deserialize_sql(${literal(tree)}) AS sql`)
  return String(row?.sql)
}

/** The tables of a FROM that is made of tables and joins alone. */
function tablesOf(from: unknown): { table: string; alias: string }[] | undefined {
  const tree = treeOf(from)
  if (tree.type === 'BASE_TABLE') {
    const table = textOf(tree.table_name)
    return [{ table, alias: textOf(tree.alias) || table }]
  }
  if (tree.type !== 'JOIN' || tree.ref_type === 'NATURAL' || !isTree(tree.left) || !isTree(tree.right)) return undefined
  const [left, right] = [tablesOf(tree.left), tablesOf(tree.right)]
  return left && right && [...left, ...right]
}

/** The name of an output column: its alias, or that of the column it is. */
function nameOf(expression: Tree): string {
  const names = Array.isArray(expression.column_names) ? expression.column_names : []
  return textOf(expression.alias) || textOf(names.at(-1))
}
