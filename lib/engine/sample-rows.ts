import { DataError, HindcastError } from '../model/errors.ts'
import type { ColumnFacts, Field } from '../model/infer/column-facts.ts'
import { QUARTER_MS } from '../model/infer/folder-fit.ts'
import type { TimeReading } from '../model/infer/time-reading.ts'
import type { SourceFormat } from '../model/source.ts'
import type { Instant } from '../model/zone.ts'
import { DECODED_TABLE, type Decoding, decodeObject, type RawObject } from './decode.ts'
import type { Session } from './engine.ts'
import { identifier, literal } from './quote.ts'
import { factsOf, factsSql, timeSql } from './value-facts.ts'

/** One sampled object on local disk, unpacked where it is text, with the number of the folder that holds it. */
export interface SampleObject extends RawObject {
  readonly folder: number
}

/** What was read of one object. */
export interface SampledRows {
  readonly rows: number
  /** Rows that are none for the decoder, and the first of them. */
  readonly bad: number
  readonly reason?: string
}

/** Rows of a Parquet object that are read, at most. */
const ROWS_MAX = 10_000
const TABLE = 'sample_rows'
const columnAt = (index: number): string => `c${index}`

/**
 * Rows of several objects as text, as the decoder of their source reads them, in a table of the session: what a value is, is told by the
 * same casts that will read it later. Open one at a time.
 */
export class SampleTable {
  readonly #session: Session
  readonly #format: SourceFormat
  readonly fields: readonly Field[]

  private constructor(session: Session, format: SourceFormat, fields: readonly Field[]) {
    this.#session = session
    this.#format = format
    this.fields = fields
  }

  static async open(session: Session, format: SourceFormat, fields: readonly Field[]): Promise<SampleTable> {
    const columns = fields.map((_, at) => `${columnAt(at)} VARCHAR`)
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${TABLE} (object INTEGER, folder INTEGER${columns.map((column) => `, ${column}`).join('')})`,
    )
    return new SampleTable(session, format, fields)
  }

  /** Adds an object's rows; `has` says which fields it holds. @throws DataError naming the object where nothing of it can be read. */
  async add(index: number, object: SampleObject, has: (field: number) => boolean): Promise<SampledRows> {
    const present = [...this.fields.keys()].filter((field) => has(field) || this.#isCapture(object, field))
    return this.#format.kind === 'parquet' ? this.#addParquet(index, object, present) : this.#addText(index, object, present)
  }

  close(): Promise<void> {
    return this.#session.run(`DROP TABLE IF EXISTS ${TABLE}; DROP TABLE IF EXISTS ${DECODED_TABLE}`)
  }

  #isCapture(object: RawObject, field: number): boolean {
    return (this.fields[field]?.name ?? '') in object.captures
  }

  async #addText(index: number, object: SampleObject, present: readonly number[]): Promise<SampledRows> {
    const columns = present.map((at) => {
      const { name = '', path } = this.fields[at] ?? {}
      return { name, type: 'VARCHAR', ...(path !== undefined && { path }) }
    })
    const source: Decoding = { name: '', file: 'the source', format: this.#format, columns, badRows: { maxShare: 1 } }
    const { rows, skipped } = await decodeObject(this.#session, object, source)
    await this.#insert(
      index,
      object,
      present,
      `SELECT ${columns.map(({ name }) => identifier(name)).join(', ') || 'NULL'} FROM ${DECODED_TABLE}`,
    )
    return { rows, bad: skipped, ...(skipped > 0 && { reason: await this.#firstBad(object, source) }) }
  }

  async #firstBad(object: SampleObject, source: Decoding): Promise<string> {
    try {
      await decodeObject(this.#session, object, { ...source, badRows: { maxShare: 0 } })
    } catch (error) {
      if (error instanceof HindcastError) return error.message.replace(/^.*?:\d+: /, '').replace(/; \d+ of \d+ rows cannot be read.*$/, '')
      throw error
    }
    return ''
  }

  async #addParquet(index: number, object: SampleObject, present: readonly number[]): Promise<SampledRows> {
    const file = literal(object.file)
    try {
      const [count] = await this.#session.rows(`SELECT count(*)::BIGINT AS n FROM read_parquet(${file})`)
      const rows = Number(count?.n)
      const step = Math.max(1, Math.ceil(rows / ROWS_MAX))
      const columns = present.map((at) => parquetText(this.fields[at], object.captures))
      const from = `read_parquet(${file}, hive_partitioning=false, file_row_number=true) WHERE file_row_number % ${step} = 0`
      await this.#insert(index, object, present, `SELECT ${columns.join(', ') || 'NULL'} FROM ${from}`)
      return { rows: Math.ceil(rows / step), bad: 0 }
    } catch (error) {
      if (!(error instanceof HindcastError) || error.name !== 'DataError') throw error
      throw new DataError(
        `${object.key} cannot be read as Parquet: ${error.message.replaceAll(object.file, object.key)}`,
        {},
        { cause: error },
      )
    }
  }

  async #insert(index: number, object: SampleObject, present: readonly number[], select: string): Promise<void> {
    const names = present.map(columnAt)
    const into = `${TABLE} (object, folder${names.map((name) => `, ${name}`).join('')})`
    await this.#session.run(
      `INSERT INTO ${into} SELECT ${index}, ${object.folder}${names.map((name) => `, ${name}`).join('')} FROM (${select}) AS rows_of(${names.join(', ') || 'nothing'})`,
    )
  }

  /** What the sample holds in one field. `objects` are those that have it. */
  async facts(index: number, objects: readonly number[]): Promise<ColumnFacts> {
    const field = this.fields[index] ?? { name: '', inside: [] }
    const column = columnAt(index)
    const [total] = await this.#session.rows(`SELECT count(*)::BIGINT AS n FROM ${TABLE} WHERE object IN (${objects.join(', ') || 'NULL'})`)
    const [row] = await this.#session.rows(
      factsSql(`SELECT ${column} AS v, count(*) AS n FROM ${TABLE} WHERE ${column} IS NOT NULL GROUP BY 1`),
    )
    return factsOf(field, Number(total?.n ?? 0), row ?? {})
  }

  /** How many rows lie in which quarter of an hour, per folder, by the field's own clock; what cannot be read is left out. */
  async quarters(index: number, reading: TimeReading): Promise<{ folder: number; quarter: number; rows: number }[]> {
    const micros = timeSql(columnAt(index), reading)
    const step = QUARTER_MS * 1000
    const rows = await this.#session.rows(
      `SELECT folder, ((t - (t % ${step} + ${step}) % ${step}) // ${step})::BIGINT AS quarter, count(*)::BIGINT AS n FROM (SELECT folder, ${micros} AS t FROM ${TABLE}) ` +
        `WHERE t IS NOT NULL GROUP BY ALL ORDER BY ALL`,
    )
    return rows.map((row) => ({ folder: Number(row.folder), quarter: Number(row.quarter), rows: Number(row.n) }))
  }

  /** The first and last time of a field, by its own clock. */
  async range(index: number, reading: TimeReading): Promise<{ readonly first: Instant; readonly last: Instant } | undefined> {
    const [row] = await this.#session.rows(
      `SELECT min(t) AS lo, max(t) AS hi FROM (SELECT ${timeSql(columnAt(index), reading)} AS t FROM ${TABLE})`,
    )
    return row?.lo === null || row?.lo === undefined
      ? undefined
      : { first: Math.floor(Number(row.lo) / 1000), last: Math.floor(Number(row.hi) / 1000) }
  }

  /** The largest share of rows in one object without a time in the field. */
  async unreadableShare(index: number, reading: TimeReading): Promise<number> {
    const time = timeSql(columnAt(index), reading)
    const [row] = await this.#session.rows(
      `SELECT max(share)::DOUBLE AS share FROM (SELECT count(*) FILTER (WHERE t IS NULL) / count(*) AS share FROM (SELECT object, ${time} AS t FROM ${TABLE}) GROUP BY object)`,
    )
    return Number(row?.share ?? 0)
  }

  /** The most rows of one folder that share the values of the fields. */
  async mostPerFolder(indexes: readonly number[]): Promise<number> {
    const columns = indexes.map(columnAt)
    const where = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
    const [row] = await this.#session.rows(
      `SELECT max(n)::BIGINT AS most FROM (SELECT count(*) AS n FROM ${TABLE} WHERE ${where} GROUP BY folder, ${columns.join(', ')})`,
    )
    return Number(row?.most ?? 0)
  }
}

/** Words that stand for something else than a column where they are not quoted. */
export async function reservedWords(session: Session): Promise<Set<string>> {
  const rows = await session.rows(`SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')`)
  return new Set(rows.map((row) => String(row.keyword_name)))
}

function parquetText(field: Field | undefined, captures: RawObject['captures']): string {
  const { name = '', inside = [], type = '' } = field ?? {}
  if (name in captures) return literal(captures[name] ?? '')
  const value = [name, ...inside].map(identifier).join('.')
  return `CAST(${type === 'TIMESTAMP_NS' ? `CAST(${value} AS TIMESTAMP)` : value} AS VARCHAR)`
}
