import type { OutputColumn } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { TABLE_BYTES_MAX } from '../model/glue-table.ts'
import { parseName } from '../model/names.ts'
import { renderSuggestion } from '../model/nearest.ts'
import { type BridgedType, bridgeType } from '../model/types.ts'
import type { View } from '../model/view.ts'
import { columnBytes } from '../model/view-tables.ts'

/** Something wrong with an output column, by its position in the SELECT. */
export interface ColumnProblem {
  readonly index: number
  readonly message: string
  readonly found?: string
  readonly allowed?: readonly string[]
}

/** Names and types of a view's output: what cannot become a column of a feature table. */
export function problemsOfColumns(schema: readonly OutputColumn[]): ColumnProblem[] {
  return schema.flatMap((column, index) => {
    const problems = [nameProblem(column, index), twiceProblem(schema, index), typeProblem(column)]
    return problems.flatMap((problem) => (problem ? [{ index, ...problem }] : []))
  })
}

type Found = Omit<ColumnProblem, 'index'>

function nameProblem({ name }: OutputColumn, index: number): Found | undefined {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return { message: `output column ${index + 1} has no name that a table can hold`, found: name, allowed: ['… AS name'] }
  }
  try {
    parseName('output column', name)
    return undefined
  } catch (error) {
    if (error instanceof InvalidInputError) return { message: error.message }
    throw error
  }
}

function twiceProblem(schema: readonly OutputColumn[], index: number): Found | undefined {
  const name = schema[index]?.name
  const first = schema.findIndex((column) => column.name === name)
  return first < index ? { message: `output column '${name}' is there twice`, allowed: ['each name once'] } : undefined
}

function typeProblem({ name, type }: OutputColumn): Found | undefined {
  const bridged = bridgeOrRefuse(type)
  if (bridged.kind === 'held') return undefined
  return { message: `output column '${name}' cannot be stored: ${bridged.reason}`, found: type, allowed: [`CAST(… AS ${bridged.cast})`] }
}

function bridgeOrRefuse(type: string): BridgedType {
  try {
    return bridgeType(type)
  } catch (error) {
    if (error instanceof InvalidInputError) return { kind: 'refused', reason: 'the type is not known', cast: 'VARCHAR' }
    throw error
  }
}

/** A header key that names an output column which is not there. */
export interface HeaderProblem {
  readonly path: readonly string[]
  readonly message: string
  readonly found?: string
  readonly allowed?: readonly string[]
}

/** Bytes of a table that are none of its columns: its description, its place, its parameters. */
const TABLE_BYTES_BESIDE = 32 * 1024

/** A table that Athena refuses is refused before anything is computed for it. */
function tableProblem({ columns }: View, schema: readonly OutputColumn[]): HeaderProblem[] {
  const held = schema.filter(({ type }) => bridgeOrRefuse(type).kind === 'held')
  const [bytes, max] = [columnBytes(held, columns), TABLE_BYTES_MAX - TABLE_BYTES_BESIDE]
  if (bytes <= max) return []
  const message = `the ${held.length} columns of its table, with their comments, are larger than Athena takes`
  return [{ path: ['columns'], message, found: `${bytes} bytes`, allowed: [`${max} bytes: split the view, or comment on fewer columns`] }]
}

/** Entity columns and the keys of `columns` and `absent` name output columns; Athena takes the table. */
export function problemsOfHeader(view: View, schema: readonly OutputColumn[]): HeaderProblem[] {
  const names = schema.map(({ name }) => name)
  const missing = (path: readonly string[], name: string, what: string): HeaderProblem[] =>
    names.includes(name)
      ? []
      : [
          {
            path,
            message: `${what} '${name}' is not in the output of the SQL${renderSuggestion(name, names)}`,
            found: name,
            allowed: names,
          },
        ]
  return [
    ...view.entity.flatMap((name) => missing(['entity'], name, 'entity column')),
    ...Object.keys(view.columns).flatMap((name) => missing(['columns', name], name, 'column')),
    ...Object.keys(view.absent).flatMap((name) => missing(['absent', name], name, 'absent column')),
    ...tableProblem(view, schema),
  ]
}
