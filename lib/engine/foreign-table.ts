/**
 * Files of somebody's old pipeline as a table: Parquet with its own types, CSV and JSON as text that is read as the types it is compared
 * with, so that `007` stays what it is.
 */
import { DataError, HindcastError } from '../model/errors.ts'
import type { Session } from './engine.ts'
import { identifier, literal, literalList } from './quote.ts'

export type ForeignFormat = 'parquet' | 'csv' | 'json'

export interface ForeignFiles {
  readonly format: ForeignFormat
  readonly files: readonly string[]
}

export interface ForeignColumn {
  readonly name: string
  /** The engine's type; of CSV and JSON that of the text. */
  readonly type: string
}

export interface ForeignTable {
  /** All values are text, to be read as the types they are compared with. */
  readonly isText: boolean
  /** SQL of all rows; `key=value` folders are columns, and a column that some files lack is NULL there. */
  readonly scan: string
  readonly columns: readonly ForeignColumn[]
}

/** Text is read once and kept in `file`, a path at which nothing stands. @throws DataError for files that are none of the format. */
export async function openForeign(session: Session, { format, files }: ForeignFiles, file: string): Promise<ForeignTable> {
  const common = `${literalList(files)}, union_by_name=true, hive_types_autocast=false`
  if (format === 'parquet') {
    const scan = `read_parquet(${common})`
    return { isText: false, scan, columns: await columnsOf(session, scan) }
  }
  const text = format === 'csv' ? `SELECT * FROM ${await csvScan(session, files)}` : await jsonText(session, common)
  await session.run(`COPY (${text}) TO ${literal(file)} (FORMAT parquet, COMPRESSION snappy)`)
  const scan = `read_parquet(${literal(file)}, hive_partitioning=false)`
  return { isText: true, scan, columns: await columnsOf(session, scan) }
}

async function columnsOf(session: Session, scan: string): Promise<ForeignColumn[]> {
  const rows = await session.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${scan})`)
  return rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
}

/** All lines are looked at for their columns first: one that comes late is a column too. */
async function jsonText(session: Session, common: string): Promise<string> {
  const read = (more: string) => `read_json(${common}, records='true', maximum_depth=1, ${more})`
  const columns = await columnsOf(session, read('sample_size=-1'))
  const values = columns.map(({ name, type }) => {
    const column = identifier(name)
    return type === 'JSON' ? `${column} ->> '$' AS ${column}` : column
  })
  const inFiles = columns.filter(({ type }) => type === 'JSON').map(({ name }) => `${literal(name)}: 'JSON'`)
  return `SELECT ${values.join(', ')} FROM ${read(`columns={${inFiles.join(', ')}}`)}`
}

const DELIMITERS = [',', ';', '\t', '|'] as const

/** Files with one header make one scan. The engine's own guess turns a file with one bad line into one column. */
async function csvScan(session: Session, files: readonly string[]): Promise<string> {
  const byHeader = new Map<string, string[]>()
  for (const file of files) {
    const [row] = await session.rows(
      `SELECT line FROM read_csv(${literal(file)}, columns={'line': 'VARCHAR'}, delim='\x01', quote='', escape='', header=false, auto_detect=false) LIMIT 1`,
    )
    const header = String(row?.line ?? '').replace(/^\uFEFF/, '')
    if (header !== '') byHeader.set(header, [...(byHeader.get(header) ?? []), file])
  }
  if (byHeader.size === 0) throw new DataError(`${files[0]} is empty; expected a header and rows`)
  const scans = [...byHeader].map(([header, some]) => {
    const delimiter = DELIMITERS.reduce((best, one) => (header.split(one).length > header.split(best).length ? one : best))
    const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) throw new DataError(`${some[0]} has column '${twice}' twice; found ${names.join(', ')}`)
    const columns = `{${names.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ')}}`
    return (
      `SELECT * FROM read_csv(${literalList(some)}, columns=${columns}, header=true, delim=${literal(delimiter)}, quote='"', escape='"', ` +
      `auto_detect=false, max_line_size=16777216, hive_types_autocast=false)`
    )
  })
  return `(${scans.join(' UNION ALL BY NAME ')})`
}

/** The error as one of the files that were named so, with the line where the engine knows it. */
export function foreignError(error: unknown, named: string): unknown {
  if (!(error instanceof HindcastError) || error.cause === undefined) return error
  const text = error.cause instanceof Error ? error.cause.message : ''
  const [, line, original, problem] = /CSV Error on Line: (\d+)\s*\nOriginal Line: ?(.*)\n(.*)/.exec(text) ?? []
  const file = /\n\s*file = (.*)/.exec(text)?.[1] ?? named
  if (line !== undefined) return new DataError(`${file}:${line}: ${problem?.trim()}: ${original?.slice(0, 60)}`, {}, { cause: error })
  // The engine counts lines from 2 (a test holds it to that).
  const [, json, place, wrong] = /Malformed JSON in file "(.*)", at byte \d+ in (?:line|record\/value) (\d+): (.*)/.exec(text) ?? []
  if (json !== undefined)
    return new DataError(`${json}:${Number(place) - 1}: not JSON: ${wrong?.trim().replace(/\.$/, '')}`, {}, { cause: error })
  const reason = (error.message.split('\n')[0] ?? '').replace('the engine refused the SQL: ', '').replace(/^[A-Z][A-Za-z ]* Error: /, '')
  if (error.name === 'InvalidInputError') return new DataError(`${named} cannot be read: ${reason}`, {}, { cause: error })
  return error.name === 'DataError' ? new DataError(reason.includes(named) ? reason : `${named}: ${reason}`, {}, { cause: error }) : error
}

/** Text as a value of the type, NULL where it is none. Whole numbers may end in `.0`, as tools write them that know no missing integers. */
export function textAs(text: string, type: string): string {
  if (/^(TINY|SMALL|BIG|HUGE|U[A-Z]*)?INT(EGER)?$/.test(type)) {
    const whole = `regexp_full_match(trim(${text}), '[+-]?[0-9]+(\\.0*)?')`
    return `CASE WHEN ${whole} THEN TRY_CAST(split_part(trim(${text}), '.', 1) AS ${type}) END`
  }
  const zoned = `regexp_matches(${text}, '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$', 'i') AND ${text} LIKE '%:%'`
  if (type === 'TIMESTAMP WITH TIME ZONE') return `CASE WHEN ${zoned} THEN TRY_CAST(${text} AS TIMESTAMPTZ) END`
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(type)) return `CASE WHEN NOT (${zoned}) THEN TRY_CAST(${text} AS TIMESTAMP) END`
  if (/\[|STRUCT|MAP/.test(type)) return `TRY_CAST(TRY_CAST(${text} AS JSON) AS ${type})`
  return type === 'VARCHAR' ? text : `TRY_CAST(${text} AS ${type})`
}
