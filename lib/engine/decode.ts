import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { DataError, HindcastError, TransientError } from '../model/errors.ts'
import type { CsvOptions, EventTime, Source, SourceColumn, SourceFormat } from '../model/source.ts'
import type { Instant } from '../model/zone.ts'
import { PARQUET_SETTINGS } from './build.ts'
import type { Row, Session } from './engine.ts'
import { fileTypes } from './file-types.ts'
import { isAssignable } from './profile.ts'
import { identifier, literal } from './quote.ts'
import { strictCast } from './strict-cast.ts'
import { castSql, EVENT_YEARS, eventTimeSql, isOutsideSql } from './time-sql.ts'

/** A raw object to decode: its key for messages and compression, its local file, the values of its key's captures. */
export interface RawObject {
  readonly key: string
  readonly file: string
  readonly captures: Readonly<Record<string, string>>
}

/** What decoding needs to know of a source. Without `badRows` every row has to be right. */
export type Decoding = Pick<Source, 'name' | 'file' | 'format' | 'eventTime'> &
  Partial<Pick<Source, 'badRows'>> & { readonly columns: readonly SourceColumn[] }

export interface Decoded {
  readonly rows: number
  readonly skipped: number
  /** Event times in microseconds, where there are rows. */
  readonly first?: bigint
  readonly last?: bigint
  /** Columns of a CSV or Parquet object that nobody declared, where there are some; of JSON nobody looks for them. */
  readonly undeclared?: readonly string[]
}

/** The table that `decodeObject` leaves in its session, in the order of the file: `"__line"`, then the columns; event time TIMESTAMPTZ. */
export const DECODED_TABLE = 'decoded_object'

/** Where the engine notes lines that are no rows at all: a wrong number of fields, text that is not UTF-8. */
const REJECTS = 'decoding_rejects'
const KEEP_REJECTS = `store_rejects=true, rejects_table='${REJECTS}', rejects_scan='decoding_scans'`

/** One call that drops all these tables where they are. */
function dropped(tables: readonly string[]): string {
  return tables.map((table) => `DROP TABLE IF EXISTS ${table};`).join(' ')
}

/**
 * Decodes one raw object into typed rows, in a UTC session: a pure function of the object and its source's decoding options. Rows
 * that do not fit are refused, or skipped up to the share that `bad_rows` allows.
 * @throws DataError naming object, line, column, what was found and what is allowed.
 */
export async function decodeObject(session: Session, raw: RawObject, source: Decoding): Promise<Decoded> {
  try {
    await session.run(dropped([DECODED_TABLE, 'decoding_text', REJECTS, 'decoding_scans']))
    const rows = source.format.kind === 'parquet' ? await loadParquet(session, raw, source) : await loadText(session, raw, source)
    return rows
  } catch (error) {
    throw namedAfter(raw, source.format.kind, error)
  } finally {
    await rm(`${raw.file}.plain`, { force: true })
  }
}

/** An error that the data does not explain (a full disk) stays what it is; SQL that an object alone makes wrong is the object's. */
function namedAfter(raw: RawObject, kind: SourceFormat['kind'], error: unknown): unknown {
  if (!(error instanceof HindcastError) || !['DataError', 'InvalidInputError'].includes(error.name) || error.message.includes(raw.key))
    return error
  const name = { parquet: 'Parquet', json: 'JSON lines', csv: 'CSV' }[kind]
  return new DataError(`${raw.key} cannot be read as ${name}: ${error.message.replaceAll(raw.file, raw.key)}`, {}, { cause: error })
}

/** Writes the decoded table as one Parquet file, in order. */
export async function writeDecoded(session: Session, file: string, where = 'true'): Promise<void> {
  await session.run(
    `COPY (SELECT * EXCLUDE ("__line") FROM ${DECODED_TABLE} WHERE ${where} ORDER BY "__line") TO ${literal(file)} (${PARQUET_SETTINGS})`,
  )
}

async function loadParquet(session: Session, raw: RawObject, source: Decoding): Promise<Decoded> {
  const types = await fileTypes(session, raw.file)
  const from = `(SELECT *, row_number() OVER () AS "__line" FROM read_parquet(${literal(raw.file)}, hive_partitioning=false))`
  const columns = source.columns.map((column) => {
    if (column.name in raw.captures)
      return `CAST(${literal(raw.captures[column.name] ?? '')} AS ${column.type}) AS ${identifier(column.name)}`
    const found = types[column.name]
    if (found === undefined && column.since === undefined) {
      throw new DataError(`${raw.key} has no column '${column.name}'; found ${Object.keys(types).join(', ')}`)
    }
    if (found !== undefined && !isAssignable(found, column.type)) {
      throw new DataError(`column '${column.name}' of ${raw.key} has type ${found}; expected ${column.type}`)
    }
    if (found === undefined) return `CAST(NULL AS ${column.type}) AS ${identifier(column.name)}`
    // The event time keeps its precision: what is cut off must not move a row into the next folder.
    if (column.name === source.eventTime?.column) return identifier(column.name)
    return `${castSql(identifier(column.name), found, column.type)} AS ${identifier(column.name)}`
  })
  await session.run(`CREATE TEMP TABLE decoding_text AS SELECT "__line", CAST(NULL AS VARCHAR) AS bad, ${columns.join(', ')} FROM ${from}`)
  return withUndeclared(await finish(session, raw, source, types[source.eventTime?.column ?? '']), Object.keys(types), source)
}

function withUndeclared(decoded: Decoded, found: readonly string[], { columns }: Decoding): Decoded {
  const undeclared = found.filter((name) => !columns.some((column) => column.name === name))
  return undeclared.length > 0 ? { ...decoded, undeclared } : decoded
}

/** JSON lines and CSV: first text per column, then a strict cast per column that tells which line does not fit. */
async function loadText(session: Session, packed: RawObject, source: Decoding): Promise<Decoded> {
  const raw = await unpack(packed, source.format)
  const { text, found } = source.format.kind === 'json' ? { text: jsonText(raw, source), found: [] } : await csvText(session, raw, source)
  const typed = source.columns.map((column) => {
    const value = identifier(`text ${column.name}`)
    return { column, value, cast: strictCast(value, column.type) }
  })
  const bad = typed.map(
    ({ column, value, cast }) =>
      `WHEN ${value} IS NOT NULL AND ${cast} IS NULL THEN ${literal(`column '${column.name}': `)} || left(${value}, 60) || ${literal(` is not ${expectation(column.type)}`)}`,
  )
  await session.run(
    `CREATE TEMP TABLE decoding_text AS SELECT "__line", CASE WHEN "__bad" IS NOT NULL THEN "__bad" ${bad.join(' ')} END AS bad, ` +
      `${typed.map(({ column, cast }) => `${cast} AS ${identifier(column.name)}`).join(', ')} FROM (${text})`,
  )
  return withUndeclared(await finish(session, raw, source), found, source)
}

/** Counts and refuses bad rows, gives the event time its zone, and leaves the good rows in `DECODED_TABLE`. */
async function finish(session: Session, raw: RawObject, source: Decoding, timeType?: string): Promise<Decoded> {
  const { eventTime } = source
  const declared = source.columns.find((column) => column.name === eventTime?.column)
  const wrong = eventTime && declared ? wrongTimeSql(eventTime, timeType ?? declared.type) : 'NULL'
  const [counts] = await session.rows(
    `SELECT count(*)::BIGINT AS n, count(b)::BIGINT AS bad, min(line) FILTER (WHERE b IS NOT NULL)::BIGINT AS line, arg_min(b, line) AS reason FROM ` +
      `(SELECT "__line" AS line, coalesce(bad, ${wrong}) AS b FROM decoding_text)`,
  )
  const rejects = source.format.kind === 'parquet' ? [] : await rejectedLines(session)
  const [rows, bad] = [Number(counts?.n) + rejects.length, Number(counts?.bad) + rejects.length]
  const { badRows } = source
  if (bad > 0 && bad > rows * (badRows?.maxShare ?? 0)) {
    const { line, reason } = firstBad(counts, rejects)
    const allowed = badRows ? `, allowed ${badRows.maxShare} of them (bad_rows in ${source.file})` : ''
    throw new DataError(`${raw.key}:${line}: ${reason.replace(/\s*\n\s*/g, ' ').trim()}; ${bad} of ${rows} rows cannot be read${allowed}`)
  }
  const good = `coalesce(bad, ${wrong}) IS NULL`
  const range = eventTime && (await localRange(session, declared && { ...declared, type: timeType ?? declared.type }, good))
  const columns = source.columns.map((column) => {
    const name = identifier(column.name)
    if (!eventTime || column.name !== eventTime.column || !range) return name
    return `${eventTimeSql(name, timeType ?? column.type, eventTime, range)} AS ${name}`
  })
  await session.run(`CREATE TEMP TABLE ${DECODED_TABLE} AS SELECT "__line", ${columns.join(', ')} FROM decoding_text WHERE ${good}`)
  // What lingers would count against the memory of the next query.
  await session.run(dropped(['decoding_text', REJECTS, 'decoding_scans']))
  return { rows: rows - bad, skipped: bad, ...(eventTime && (await bounds(session, eventTime.column))) }
}

/** What is wrong with an event time, or NULL. */
function wrongTimeSql(eventTime: EventTime, type: string): string {
  const name = identifier(eventTime.column)
  const [missing, outside] = [`column '${eventTime.column}': the event time is NULL`, `column '${eventTime.column}': the event time `]
  return (
    `CASE WHEN ${name} IS NULL THEN ${literal(missing)} ` +
    `WHEN ${isOutsideSql(name, type, eventTime)} THEN ${literal(outside)} || ${name} || ${literal(` lies outside ${EVENT_YEARS}`)} END`
  )
}

interface BadLine {
  readonly line: number
  readonly reason: string
}

/** Lines that the engine could not split into fields, in order. */
async function rejectedLines(session: Session): Promise<BadLine[]> {
  const rows = await session.rows(
    `SELECT line::BIGINT AS line, arg_min(error_message, byte_position) AS message, left(any_value(csv_line), 60) AS text FROM ${REJECTS} GROUP BY ALL ORDER BY 1`,
  )
  return rows.map(({ line, message, text }) => ({ line: Number(line), reason: `${lowerFirst(String(message))}: ${text ?? ''}` }))
}

/** The first line that is bad in either way. Rows are numbered without the lines that are none. */
function firstBad(counts: Row | undefined, rejects: readonly BadLine[]): BadLine {
  const [rejected] = rejects
  if (counts?.line === null || counts?.line === undefined) return rejected ?? { line: 0, reason: '' }
  let line = Number(counts.line)
  for (const reject of rejects) if (reject.line <= line) line++
  return rejected && rejected.line < line ? rejected : { line, reason: String(counts.reason) }
}

function lowerFirst(text: string): string {
  const [first] = text.split('\n')
  return `${(first ?? '').slice(0, 1).toLowerCase()}${(first ?? '').slice(1)}`
}

/** Bounds of naive event times, wide enough to find every zone transition among them; other types need none. */
async function localRange(session: Session, column: SourceColumn | undefined, where: string): Promise<{ start: Instant; end: Instant }> {
  if (!column || !/^(TIMESTAMP(_S|_MS|_NS)?|DATE)$/.test(column.type)) return { start: 0, end: 0 }
  const time = `epoch_ms(${identifier(column.name)}::TIMESTAMP)`
  const [row] = await session.rows(`SELECT min(${time}) AS lo, max(${time}) AS hi FROM decoding_text WHERE ${where}`)
  return { start: Number(row?.lo ?? 0), end: Number(row?.hi ?? 0) + 1 }
}

async function bounds(session: Session, column: string): Promise<{ first?: bigint; last?: bigint }> {
  const [row] = await session.rows(
    `SELECT epoch_us(min(${identifier(column)})) AS lo, epoch_us(max(${identifier(column)})) AS hi FROM ${DECODED_TABLE}`,
  )
  return row?.lo === null || row?.lo === undefined ? {} : { first: BigInt(String(row.lo)), last: BigInt(String(row.hi)) }
}

/** Unpacks an object beside it: the engine reads a truncated one up to its end without a word. */
async function unpack(raw: RawObject, format: SourceFormat): Promise<RawObject> {
  const compression = compressionOf(format, raw.key)
  if (compression === 'none') return raw
  const file = `${raw.file}.plain`
  try {
    await pipeline(
      createReadStream(raw.file),
      compression === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress(),
      createWriteStream(file),
    )
    return { ...raw, file }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (!/^Z(STD)?_/.test(code)) throw new TransientError(`a file of the scratch folder cannot be used: ${String(cause)}`, {}, { cause })
    throw new DataError(`${raw.key} cannot be read as ${compression}: ${cause instanceof Error ? cause.message : code}`, {}, { cause })
  }
}

function compressionOf(format: SourceFormat, key: string): string {
  if (format.compression !== 'auto') return format.compression
  if (key.endsWith('.gz')) return 'gzip'
  return key.endsWith('.zst') ? 'zstd' : 'none'
}

/** One row per line, so that a bad one has its number; a JSON text cannot hold the delimiter, a raw control character. */
function jsonText(raw: RawObject, source: Decoding): string {
  const lines =
    `read_csv(${literal(raw.file)}, columns={'json': 'VARCHAR'}, delim='\\x01', quote='', escape='', header=false, auto_detect=false, ` +
    `max_line_size=16777216, compression='none', ${KEEP_REJECTS})`
  const columns = source.columns.map((column) => {
    const name = identifier(`text ${column.name}`)
    if (column.name in raw.captures) return `${literal(raw.captures[column.name] ?? '')} AS ${name}`
    return `CASE WHEN valid THEN json ->> ${literal(column.path ?? `$."${column.name}"`)} END AS ${name}`
  })
  const bad = `CASE WHEN NOT valid THEN 'not JSON: ' || left(json, 60) WHEN json_type(json) <> 'OBJECT' THEN 'not a JSON object: ' || left(json, 60) END`
  return `SELECT "__line", ${bad} AS "__bad", ${columns.join(', ')} FROM (SELECT *, json_valid(json) AS valid FROM (SELECT row_number() OVER () AS "__line", json FROM ${lines}) WHERE trim(coalesce(json, '')) <> '')`
}

interface CsvText {
  readonly text: string
  /** Names of the columns in the object. */
  readonly found: readonly string[]
}

async function csvText(session: Session, raw: RawObject, source: Decoding): Promise<CsvText> {
  const csv = source.format.csv ?? { delimiter: ',', quote: '"', header: true }
  const inFile = csv.header
    ? await csvHeader(session, raw, source, csv)
    : source.columns.map((column) => column.name).filter((name) => !(name in raw.captures))
  const columns = source.columns.map((column) => {
    const name = identifier(`text ${column.name}`)
    if (column.name in raw.captures) return `${literal(raw.captures[column.name] ?? '')} AS ${name}`
    if (inFile.includes(column.name)) return `${identifier(column.name)} AS ${name}`
    if (column.since !== undefined) return `NULL AS ${name}`
    throw new DataError(`${raw.key} has no column '${column.name}'; found ${inFile.join(', ')}`)
  })
  const nulls = ['', ...(csv.nullText === undefined ? [] : [csv.nullText])]
  // Names that nobody declared may be empty or there twice.
  const declared = new Set(source.columns.map(({ name }) => name))
  const shape = `{${inFile.map((name, at) => `${literal(declared.has(name) ? name : `column ${at + 1}`)}: 'VARCHAR'`).join(', ')}}`
  const scan =
    `read_csv(${literal(raw.file)}, columns=${shape}, header=${csv.header}, delim=${literal(csv.delimiter)}, quote=${literal(csv.quote)}, ` +
    `escape=${literal(csv.quote)}, nullstr=[${nulls.map(literal).join(', ')}], auto_detect=false, max_line_size=16777216, compression='none', ${KEEP_REJECTS})`
  const first = csv.header ? 1 : 0
  return { text: `SELECT row_number() OVER () + ${first} AS "__line", NULL AS "__bad", ${columns.join(', ')} FROM ${scan}`, found: inFile }
}

/** Names in the first line. @throws DataError where there is none. */
async function csvHeader(session: Session, raw: RawObject, source: Decoding, csv: CsvQuoting): Promise<string[]> {
  const expected = source.columns.map(({ name }) => name).filter((name) => !(name in raw.captures))
  const [row] = await session.rows(
    `SELECT line FROM read_csv(${literal(raw.file)}, columns={'line': 'VARCHAR'}, delim='\\x01', quote='', escape='', header=false, auto_detect=false, compression='none') LIMIT 1`,
  )
  if (!row) throw new DataError(`${raw.key} is empty; expected a header with ${expected.join(', ')}`)
  const names = csvNames(String(row.line ?? ''), csv)
  const twice = expected.find((name) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice !== undefined) throw new DataError(`${raw.key} has column '${twice}' twice; found ${names.join(', ')}`)
  return names
}

type CsvQuoting = Pick<CsvOptions, 'delimiter' | 'quote'>

/** The names in a CSV object's first line, as columns are looked up by. A quoted one may hold delimiters, and quotes that are doubled. */
export function csvNames(line: string, { delimiter, quote }: CsvQuoting): string[] {
  const names: string[] = []
  let name = ''
  let isQuoted = false
  const letters = [...line.replace(/^\uFEFF/, ''), delimiter]
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? ''
    const isLast = at === letters.length - 1
    if (letter === delimiter && (!isQuoted || isLast)) {
      names.push(name.trim())
      name = ''
    } else if (letter === quote && isQuoted && letters[at + 1] === quote) name += letters[at++]
    else if (letter === quote && isQuoted) isQuoted = false
    else if (letter === quote && name.trim() === '') isQuoted = true
    else name += letter
  }
  return names
}

function expectation(type: string): string {
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(type)) return `${type} (a time without an offset; with one, declare TIMESTAMPTZ)`
  if (type === 'TIMESTAMPTZ' || type === 'TIMESTAMP WITH TIME ZONE')
    return 'TIMESTAMPTZ (a time with an offset; without one, declare TIMESTAMP and the zone)'
  return type
}
