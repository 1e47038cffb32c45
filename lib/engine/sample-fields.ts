import { parseEngineType, renderEngineType } from '../model/engine-type.ts'
import type { CsvOptions } from '../model/source.ts'
import { csvNames } from './decode.ts'
import type { Session } from './engine.ts'
import { fileTypes } from './file-types.ts'
import { literal } from './quote.ts'
import { spellType } from './spell-type.ts'

/** A value that the records of one object hold: the keys that lead to it, and its type as far as the object says one. */
export interface FoundField {
  readonly at: readonly string[]
  /** `NULL` where the sample holds nothing else; absent for CSV. */
  readonly type?: string
}

/** Objects in objects are followed this far, and one with more keys than this is a map, not a record. */
const DEPTH_MAX = 4
const KEYS_MAX = 60

/** The columns of a local Parquet file, and the fields inside structs behind theirs. */
export async function parquetFields(session: Session, file: string): Promise<FoundField[]> {
  return Object.entries(await fileTypes(session, file)).flatMap(([name, type]) => structFields([name], spellType(type)))
}

function structFields(at: readonly string[], type: string): FoundField[] {
  const parsed = type.startsWith('STRUCT') && at.length <= DEPTH_MAX ? parseEngineType(type) : undefined
  const fields = parsed?.kind === 'struct' ? parsed.fields : []
  const below = fields.flatMap((field) => (field.name === undefined ? [] : structFields([...at, field.name], renderEngineType(field.type))))
  return [{ at, type }, ...below]
}

/** The columns of a CSV file: the names of its header that are there once, or numbers. */
export async function csvFields(session: Session, file: string, csv: CsvOptions & { readonly columns: number }): Promise<FoundField[]> {
  if (!csv.header) return Array.from({ length: csv.columns }, (_, at) => ({ at: [`column${at + 1}`] }))
  const [row] = await session.rows(
    `SELECT line FROM read_csv(${literal(file)}, columns={'line': 'VARCHAR'}, delim='\\x01', quote='', escape='', header=false, auto_detect=false) LIMIT 1`,
  )
  const names = csvNames(String(row?.line ?? ''), csv)
  return names.filter((name) => name !== '' && names.indexOf(name) === names.lastIndexOf(name)).map((name) => ({ at: [name] }))
}

/** The values of a file of JSON lines, those of nested objects too; lines that are none are left out. */
export async function jsonFields(session: Session, file: string): Promise<FoundField[]> {
  const [row] = await session.rows(
    `SELECT json_group_structure(json::JSON)::VARCHAR AS structure FROM read_csv(${literal(file)}, columns={'json': 'VARCHAR'}, delim='\\x01', quote='', escape='', ` +
      `header=false, auto_detect=false, max_line_size=16777216, ignore_errors=true) WHERE CASE WHEN json_valid(json) THEN json_type(json) = 'OBJECT' END`,
  )
  const structure: unknown = row?.structure === null || row?.structure === undefined ? {} : JSON.parse(String(row.structure))
  return leaves(structure, [])
}

function leaves(structure: unknown, at: readonly string[]): FoundField[] {
  if (typeof structure !== 'object' || structure === null || Array.isArray(structure)) return [{ at, type: structureType(structure) }]
  const entries = Object.entries(structure)
  const isMap = at.length > 0 && (entries.length === 0 || entries.length > KEYS_MAX || at.length >= DEPTH_MAX)
  return isMap ? [{ at, type: 'JSON' }] : entries.flatMap(([key, below]) => leaves(below, [...at, key]))
}

function structureType(structure: unknown): string {
  if (Array.isArray(structure)) {
    const type = typeof structure[0] === 'string' ? structureType(structure[0]) : 'JSON'
    return type === 'JSON' ? 'JSON' : `${type}[]`
  }
  return structure === 'UBIGINT' ? 'BIGINT' : String(structure)
}
