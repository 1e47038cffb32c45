import { commonType } from './common-type.ts'
import { type ForeignColumn, textAs } from './foreign-table.ts'
import { identifier } from './quote.ts'
import { castSql } from './time-sql.ts'

/** A column that is on both sides, with the SQL of both values in the type in which they are compared. */
export interface MatchedColumn {
  /** Its name here. */
  readonly name: string
  readonly type: string
  readonly here: string
  readonly there: string
  /** Where the values there are text: its SQL, for those that cannot be read. */
  readonly text?: string
  /** What the comparison does not tell apart. */
  readonly note?: string
}

/** A column that is not compared. */
export interface LeftOutColumn {
  readonly column: string
  readonly reason: string
}

export interface ColumnMatch {
  readonly compared: readonly MatchedColumn[]
  readonly left: readonly LeftOutColumn[]
}

interface Column {
  readonly name: string
  readonly type: string
}

/** Matches columns of two tables by name, whatever its letter case. What is text there is read as the type here. */
export function matchColumns(here: readonly Column[], there: readonly ForeignColumn[], isText = false): ColumnMatch {
  const left: LeftOutColumn[] = []
  const compared: MatchedColumn[] = []
  for (const column of here) {
    const other = columnNamed(there, column.name)
    const matched = other ? matchPair(column, other, isText) : { reason: 'only here' }
    if ('reason' in matched) left.push({ column: column.name, reason: matched.reason })
    else compared.push(matched)
  }
  const known = new Set(here.map(({ name }) => name.toLowerCase()))
  for (const { name } of there) if (!known.has(name.toLowerCase())) left.push({ column: name, reason: 'only there' })
  return { compared, left }
}

/** The column of that name, in its own letter case first. */
export function columnNamed<T extends Column>(columns: readonly T[], name: string): T | undefined {
  return columns.find((one) => one.name === name) ?? columns.find((one) => one.name.toLowerCase() === name.toLowerCase())
}

/** One column here against one there, which may have another name. */
export function matchPair(here: Column, there: ForeignColumn, isText = false): MatchedColumn | { readonly reason: string } {
  const common = commonType(here.type, isText ? here.type : there.type)
  if ('reason' in common) return common
  const text = isText ? identifier(there.name) : undefined
  const value = text === undefined ? identifier(there.name) : textAs(text, here.type)
  return {
    name: here.name,
    type: common.type,
    here: convertSql(identifier(here.name), here.type, common.type),
    there: convertSql(value, isText ? here.type : there.type, common.type),
    ...(text !== undefined && { text }),
    ...(common.note !== undefined && { note: common.note }),
  }
}

/** Times lose what is finer than a millisecond, as they do in a feature table. */
function convertSql(value: string, from: string, to: string): string {
  if (to === 'TIMESTAMP_MS') return from === 'DATE' ? `CAST(${value} AS TIMESTAMP_MS)` : castSql(value, from, to)
  if (to === 'TIMESTAMP WITH TIME ZONE') return `make_timestamptz(epoch_us(${value}) - (epoch_us(${value}) % 1000 + 1000) % 1000)`
  return from === to ? value : `CAST(${value} AS ${to})`
}
