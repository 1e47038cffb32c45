import { columnNamed, type LeftOutColumn, type MatchedColumn, matchColumns, matchPair } from '../engine/diff-columns.ts'
import { featureTable } from '../engine/feature-table.ts'
import type { ForeignColumn, ForeignTable } from '../engine/foreign-table.ts'
import type { OutputColumn, ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { renderSuggestion } from '../model/nearest.ts'
import { keyColumns } from './key-columns.ts'

/** The columns of a view and of old files, side by side. */
export interface MatchedTables {
  /** In the order of the view's entity. */
  readonly keys: readonly MatchedColumn[]
  readonly values: readonly MatchedColumn[]
  readonly left: readonly LeftOutColumn[]
  /** The time there. */
  readonly time: ForeignColumn
}

/** Matches by `on` and by name. @throws InvalidInputError for a key column that is not there, or is of another kind. */
export function matchTables(version: ViewVersion, table: ForeignTable, on: string, named: string): MatchedTables {
  const chosen = keyColumns(on, version.entity)
  const ours = valueColumns(version)
  const keys = version.entity.map((name, at) => {
    const column = columnsOf(version).find((one) => one.name === name) ?? { name, type: 'VARCHAR' }
    const other = requireColumn(table, chosen.entity[at] ?? '', named)
    const matched = matchPair(column, other, table.isText)
    if (!('reason' in matched)) return matched
    throw new InvalidInputError(`the entity ${name} cannot be compared with column '${other.name}' of ${named}: ${matched.reason}`)
  })
  const time = requireColumn(table, chosen.time, named)
  const used = new Set([...chosen.entity.map((name) => requireColumn(table, name, named).name), time.name])
  const others = table.columns.filter(({ name }) => !used.has(name))
  const { compared, left } = matchColumns(ours, others, table.isText)
  return { keys, values: compared, left, time }
}

function requireColumn({ columns }: ForeignTable, name: string, named: string): ForeignColumn {
  const found = columnNamed(columns, name)
  if (found) return found
  const names = columns.map((column) => column.name)
  throw new InvalidInputError(`${named} has no column '${name}'${renderSuggestion(name, names)}; found ${names.join(', ')}`)
}

function columnsOf(version: ViewVersion): OutputColumn[] {
  return featureTable(version, []).columns.filter(({ name }) => name !== 'feature_time')
}

function valueColumns(version: ViewVersion): OutputColumn[] {
  return columnsOf(version).filter(({ name }) => !version.entity.includes(name))
}

/** @throws InvalidInputError naming the columns of both sides, where none is left to compare. */
export function requireValues(
  version: ViewVersion,
  table: ForeignTable,
  values: readonly MatchedColumn[],
  left: readonly LeftOutColumn[],
  named: string,
): void {
  if (values.length > 0) return
  const reasons = left.filter(({ reason }) => !reason.startsWith('only ')).map(({ column, reason }) => `; ${column}: ${reason}`)
  const names = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name).join(', ')
  throw new InvalidInputError(
    `no column of ${version.view} is in ${named}: here are ${names(valueColumns(version))}, there ${names(table.columns)}${reasons.join('')}`,
  )
}
