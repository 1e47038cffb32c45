import type { InputBinding, OutputColumn, SourceBinding, ViewBinding } from '../model/catalog.ts'
import type { SourceColumn } from '../model/source.ts'
import type { Instant } from '../model/zone.ts'
import type { LocalObject } from './local-object.ts'
import { isMissingAllowed, type ObjectProfile } from './profile.ts'
import { identifier, literal, literalList } from './quote.ts'
import { ROW_NUMBER, type RowRange } from './row-group-times.ts'
import { castSql, eventTimeSql, instantSql } from './time-sql.ts'

/** One input of a partition on local disk: its objects in key order within folders in time order, and the cut `[start, end)`. */
export interface LocalInput {
  readonly binding: InputBinding
  readonly start: Instant
  readonly end: Instant
  readonly objects: readonly LocalInputObject[]
}

export interface LocalInputObject {
  readonly object: LocalObject
  readonly profile?: ObjectProfile
  /** The only rows that may lie in the cut; absent: all. What is said of others in the file is not there to be read. */
  readonly rows?: readonly RowRange[]
}

/** Columns of a binding's relation with the types that the SQL sees; a view's relation has `feature_time` besides its columns. */
export function relationSchema(binding: InputBinding): OutputColumn[] {
  if (binding.kind === 'view') {
    const columns = binding.schema.map(({ name, type }) => ({ name, type: storedType(type) }))
    return [...columns, { name: 'feature_time', type: 'TIMESTAMP WITH TIME ZONE' }]
  }
  return binding.columns.map(({ name, type }) => ({ name, type: name === binding.eventTime?.column ? 'TIMESTAMP WITH TIME ZONE' : type }))
}

/** The type of a feature column as its readers see it: what the file gives back, with times in milliseconds. */
export function storedType(type: string): string {
  if (type === 'HUGEINT') return 'BIGINT'
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(type)) return 'TIMESTAMP'
  if (type.startsWith('ENUM')) return 'VARCHAR'
  // Parquet has lists, not arrays of one length.
  return type.replace(/\[\d+\]/g, '[]')
}

/** Whether every row of the objects lies in the window, as their profiles say: then nothing has to be cut off or counted. */
export function isWhollyInside(input: LocalInput): boolean {
  const [start, end] = [Number.isFinite(input.start) ? BigInt(input.start) * 1000n : undefined, BigInt(input.end) * 1000n]
  return input.objects.every(({ profile }) => {
    // A row without an event time counts as a stray.
    if (profile === undefined || profile.strays > 0) return false
    if (profile.first === undefined || profile.last === undefined) return profile.rows === 0
    return (start === undefined || profile.first >= start) && profile.last < end
  })
}

/** SELECT that gives an input's relation: its objects in order, cut to the window, with the columns that the version reads. */
export function relationSql(input: LocalInput): string {
  const parts = groups(input).map((group) =>
    input.binding.kind === 'view' ? viewPart(input.binding, group.files) : sourcePart(input, input.binding, group),
  )
  return parts.length === 0 ? emptySql(input.binding) : parts.join('\nUNION ALL\n')
}

export function emptySql(binding: InputBinding): string {
  const columns = relationSchema(binding).map(({ name, type }) => `CAST(NULL AS ${type}) AS ${identifier(name)}`)
  return `SELECT ${columns.join(', ') || 'NULL AS nothing'} WHERE false`
}

interface Group {
  readonly signature: string
  readonly files: string[]
  readonly object: LocalObject
  readonly profile: ObjectProfile | undefined
  readonly rows: readonly RowRange[] | undefined
}

/** Neighbours that are read alike become one scan; which ones do follows from the objects alone. */
function groups(input: LocalInput): Group[] {
  const found: Group[] = []
  for (const { object, profile, rows } of input.objects) {
    if (rows?.length === 0) continue
    const since = input.binding.kind === 'source' ? input.binding.columns.map((column) => isMissingAllowed(object, column)) : []
    const signature = JSON.stringify([profile?.types, object.captures, object.decoded, since, rows && [object.file, rows]])
    const last = found.at(-1)
    if (last?.signature === signature) last.files.push(object.file)
    else found.push({ signature, files: [object.file], object, profile, rows })
  }
  return found
}

function scan(files: readonly string[], rows?: readonly RowRange[]): string {
  return `read_parquet(${literalList(files)}, hive_partitioning=false${rows ? ', file_row_number=true' : ''})`
}

function sourcePart(input: LocalInput, binding: SourceBinding, group: Group): string {
  const columns = binding.columns.map((column) => `${sourceColumnSql(input, binding, group, column)} AS ${identifier(column.name)}`)
  const select = `SELECT ${columns.join(', ') || 'NULL AS nothing'} FROM ${scan(group.files, group.rows)}`
  if (!binding.eventTime || binding.window.kind === 'latest' || isWhollyInside(input)) return select
  return `${select} WHERE ${[...rowsSql(group), ...cutSql(input, binding, group)].join(' AND ')}`
}

/** Row numbers that are compared with constants make the engine leave out row groups. */
function rowsSql({ rows }: Group): string[] {
  if (!rows) return []
  return [`(${rows.map(({ start, end }) => `(${ROW_NUMBER} >= ${start} AND ${ROW_NUMBER} < ${end})`).join(' OR ')})`]
}

function cutSql(input: LocalInput, binding: SourceBinding, group: Group): string[] {
  const time = sourceTimeSql(input, binding, group)
  return [...(Number.isFinite(input.start) ? [`${time} >= ${instantSql(input.start)}`] : []), `${time} < ${instantSql(input.end)}`]
}

function sourceTimeSql(input: LocalInput, binding: SourceBinding, group: Group): string {
  const { eventTime } = binding
  if (!eventTime) return 'NULL'
  const type = group.object.decoded ? 'TIMESTAMPTZ' : (group.profile?.types[eventTime.column] ?? 'TIMESTAMPTZ')
  return eventTimeSql(identifier(eventTime.column), type, eventTime, rangeOf(input))
}

/** The range over which a zone's transitions matter: the cut, and where that is open, the folders. */
function rangeOf(input: LocalInput): { start: Instant; end: Instant } {
  const first = input.objects[0]?.object.folderStart ?? input.end
  return { start: Number.isFinite(input.start) ? input.start : first, end: input.end }
}

function sourceColumnSql(input: LocalInput, binding: SourceBinding, group: Group, column: SourceColumn): string {
  if (column.name === binding.eventTime?.column) return sourceTimeSql(input, binding, group)
  const found = group.profile?.types[column.name]
  const capture = group.object.decoded ? undefined : group.object.captures[column.name]
  if (capture !== undefined) return `CAST(${literal(capture)} AS ${column.type})`
  if (found === undefined) return `CAST(NULL AS ${column.type})`
  return found === column.type ? identifier(column.name) : castSql(identifier(column.name), found, column.type)
}

function viewPart(binding: ViewBinding, files: readonly string[]): string {
  const columns = [...binding.schema, { name: 'feature_time', type: 'TIMESTAMP WITH TIME ZONE' }].map(
    (column) => `${storedColumnSql(column)} AS ${identifier(column.name)}`,
  )
  return `SELECT ${columns.join(', ')} FROM ${scan(files)}`
}

/** A column of a feature file as its readers see it: stored times are naive, in UTC. */
export function storedColumnSql({ name, type }: OutputColumn): string {
  const column = identifier(name)
  if (type === 'TIMESTAMP WITH TIME ZONE') return `make_timestamptz(epoch_us(${column}))`
  if (type.startsWith('TIMESTAMP')) return `make_timestamp(epoch_us(${column}))`
  return `CAST(${column} AS ${storedType(type)})`
}
