import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InternalError } from '../model/errors.ts'
import { sha256 } from '../model/hash.ts'
import type { Calendar } from '../model/partition.ts'
import { DECODED_TABLE, type Decoding, decodeObject, type RawObject, writeDecoded } from './decode.ts'
import type { Engine, Session } from './engine.ts'
import { identifier } from './quote.ts'
import { localMicrosSql } from './time-sql.ts'

/** One raw object to split by event time, into pieces named by `calendar`'s folders; files go to the empty local folder `outDir`. */
export interface LandJob {
  readonly raw: RawObject
  readonly source: Decoding
  readonly calendar: Calendar
  readonly outDir: string
}

export interface Piece {
  readonly folder: string
  readonly file: string
  readonly sha256: string
  readonly rows: number
}

export interface LandedObject {
  /** In the order of their folders. */
  readonly pieces: readonly Piece[]
  readonly rows: number
  readonly skipped: number
}

const UNIT_MICROS = { hour: 3_600_000_000, day: 86_400_000_000 }

/** Decodes, checks and splits one raw object: a pure function of it. @throws DataError naming object, line and column. */
export async function landObject(engine: Engine, job: LandJob): Promise<LandedObject> {
  return engine.session('UTC', async (session) => {
    const decoded = await decodeObject(session, job.raw, job.source)
    const pieces: Piece[] = []
    if (decoded.first !== undefined && decoded.last !== undefined) {
      const unit = unitOf(job, { start: Number(decoded.first / 1000n), end: Number(decoded.last / 1000n) + 1 })
      for (const { folder, rows } of await foldersOf(session, job, unit)) {
        const file = join(job.outDir, `${folder.name}.parquet`)
        await writeDecoded(session, file, `${unit} = ${folder.unit}`)
        pieces.push({
          folder: folder.name,
          file,
          sha256: sha256(await readFile(file)),
          rows,
        })
      }
    }
    await session.run(`DROP TABLE IF EXISTS ${DECODED_TABLE}`)
    return { pieces, rows: decoded.rows, skipped: decoded.skipped }
  })
}

/** Writes the piece of an object that fills nothing in a folder any more: the columns, no rows. */
export async function writeEmptyPiece(engine: Engine, source: Decoding, file: string): Promise<Piece> {
  return engine.session('UTC', async (session) => {
    const columns = source.columns.map(({ name, type }) => {
      const zoned = name === source.eventTime?.column ? 'TIMESTAMPTZ' : type
      return `CAST(NULL AS ${zoned}) AS ${identifier(name)}`
    })
    await session.run(`CREATE OR REPLACE TEMP TABLE ${DECODED_TABLE} AS SELECT 0 AS "__line", ${columns.join(', ')} WHERE false`)
    await writeDecoded(session, file)
    await session.run(`DROP TABLE ${DECODED_TABLE}`)
    return {
      folder: '',
      file,
      sha256: sha256(await readFile(file)),
      rows: 0,
    }
  })
}

/** SQL of the number of the local hour, day, month or year in which a row lies. */
function unitOf(job: LandJob, range: { start: number; end: number }): string {
  const { eventTime } = job.source
  if (!eventTime) throw new InternalError(`arrival source ${job.source.name} has no event time`)
  const micros = localMicrosSql(`epoch_us(${identifier(eventTime.column)})`, job.calendar.zone.name, range)
  const { grain } = job.calendar
  if (grain === 'hour' || grain === 'day') return floorDiv(micros, UNIT_MICROS[grain])
  return grain === 'month'
    ? `(year(make_timestamp(${micros})) * 12 + month(make_timestamp(${micros})) - 1)`
    : `year(make_timestamp(${micros}))`
}

function floorDiv(value: string, unit: number): string {
  return `((${value} - ((${value} % ${unit}) + ${unit}) % ${unit}) // ${unit})`
}

async function foldersOf(session: Session, job: LandJob, unit: string) {
  const rows = await session.rows(`SELECT ${unit} AS unit, count(*)::BIGINT AS n FROM ${DECODED_TABLE} GROUP BY 1 ORDER BY 1`)
  return rows.map((row) => ({ folder: { unit: String(row.unit), name: job.calendar.name(Number(row.unit)) }, rows: Number(row.n) }))
}
