import { sniffCsv } from '../engine/csv-dialect.ts'
import type { Session } from '../engine/engine.ts'
import { type MergedField, mergeFields } from '../engine/merge-fields.ts'
import { csvFields, type FoundField, jsonFields, parquetFields } from '../engine/sample-fields.ts'
import { SampleTable } from '../engine/sample-rows.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { LeftOut } from '../model/infer/data-guess.ts'
import type { CsvOptions, SourceFormat } from '../model/source.ts'
import type { BroughtObject } from './bring-sample.ts'
import type { Inference, SampledObject } from './infer-source.ts'
import { refuseAll, unreadableBy } from './sample-raw.ts'

type Dialect = CsvOptions & { readonly columns: number }

/** The rows of all objects that can be read, in a table of the session. */
export interface ReadSample {
  readonly table: SampleTable
  readonly format: SourceFormat
  readonly objects: readonly SampledObject[]
  readonly fields: readonly MergedField[]
  readonly unreadable: readonly LeftOut[]
  readonly sample: { readonly objects: number; readonly rows: number }
  /** Of the worst object. */
  readonly badRows?: { readonly share: number; readonly reason: string }
}

/** Reads sampled objects as their source would. @throws DataError where none can be read. @throws InvalidInputError where there is no row. */
export async function readSample(
  inference: Inference,
  sampled: readonly SampledObject[],
  nullText: string | undefined,
): Promise<ReadSample> {
  const { session, placed, store } = inference
  const dialect = placed.listing.kind === 'csv' ? await dialectOf(session, sampled) : undefined
  const format = formatOf(placed.listing.kind, sampled, dialect && { ...dialect, ...(nullText !== undefined && { nullText }) })
  const found = await foundFields(session, sampled, dialect)
  const objects = [...found.fields.keys()]
  const merged = [...mergeFields([...found.fields.values()], format.kind), ...captureFields(inference, objects.length)]
  const fields = merged.filter((field, at) => field.inside.length > 0 || lastNamed(merged, field.name) === at)
  const table = await SampleTable.open(session, { ...format, compression: 'none' }, fields)
  const loaded = await loadRows(inference, table, objects, fields)
  const unreadable = [...found.unreadable, ...loaded.unreadable]
  refuseAll(store.location, loaded.rows.length, unreadable)
  const rows = loaded.rows.reduce((sum, one) => sum + one.rows, 0)
  if (rows === 0) {
    throw new InvalidInputError(`the sampled objects in ${store.location} hold no rows, such as ${sampled[0]?.info.key}; expected some`)
  }
  const [worst] = loaded.rows.toSorted((a, b) => b.share - a.share)
  const badRows = worst && worst.share > 0 ? { badRows: { share: worst.share, reason: worst.reason } } : {}
  return { table, format, objects, fields, unreadable, sample: { objects: loaded.rows.length, rows }, ...badRows }
}

async function foundFields(session: Session, sampled: readonly SampledObject[], dialect: Dialect | undefined) {
  const fields = new Map<SampledObject, FoundField[]>()
  const unreadable: LeftOut[] = []
  for (const object of sampled) {
    try {
      fields.set(object, await fieldsOf(session, object.brought, dialect))
    } catch (error) {
      unreadable.push(unreadableBy(object.info.key, error))
    }
  }
  return { fields, unreadable }
}

/** The dialect of the newest object that the sniffer understands. */
async function dialectOf(session: Session, objects: readonly SampledObject[]): Promise<Dialect> {
  let failure: unknown
  for (const { brought, info } of objects.toReversed()) {
    try {
      return await sniffCsv(session, brought.file, info.key)
    } catch (error) {
      unreadableBy(info.key, error)
      failure ??= error
    }
  }
  throw failure
}

/** Compression by the key's ending where that is right. */
function formatOf(kind: SourceFormat['kind'], objects: readonly SampledObject[], csv: CsvOptions | undefined): SourceFormat {
  const byEnding = ({ info, brought }: SampledObject) => {
    const expected = info.key.endsWith('.gz') ? 'gzip' : info.key.endsWith('.zst') ? 'zstd' : 'none'
    return expected === brought.compression
  }
  const compression = kind === 'parquet' || objects.every(byEnding) ? 'auto' : (objects[0]?.brought.compression ?? 'auto')
  return {
    kind,
    compression,
    ...(csv && {
      csv: {
        delimiter: csv.delimiter,
        quote: csv.quote,
        header: csv.header,
        ...(csv.nullText !== undefined && { nullText: csv.nullText }),
      },
    }),
  }
}

async function fieldsOf(session: Session, { file, kind }: BroughtObject, dialect: Dialect | undefined) {
  if (kind === 'parquet') return parquetFields(session, file)
  return dialect ? csvFields(session, file, dialect) : jsonFields(session, file)
}

/** Segments of the key are columns too, and stand over those of the same name. */
function captureFields({ placed }: Inference, objects: number): MergedField[] {
  return placed.placement.guess.captures.map(({ name }) => {
    return { name, inside: [], at: [name], type: 'VARCHAR', present: Array.from({ length: objects }, () => true) }
  })
}

function lastNamed(fields: readonly MergedField[], name: string): number {
  return fields.findLastIndex((field) => field.inside.length === 0 && field.name.toLowerCase() === name.toLowerCase())
}

async function loadRows({ placed }: Inference, table: SampleTable, objects: readonly SampledObject[], fields: readonly MergedField[]) {
  const folders = [...new Set(placed.objects.map(({ folder }) => folder))].sort()
  const rows: { readonly rows: number; readonly share: number; readonly reason: string }[] = []
  const unreadable: LeftOut[] = []
  for (const [index, object] of objects.entries()) {
    const { captures, info, brought } = object
    const raw = { key: info.key, file: brought.file, captures, folder: folders.indexOf(object.folder) }
    try {
      const read = await table.add(index, raw, (field) => fields[field]?.present[index] === true && fields[field]?.conflict === undefined)
      rows.push({ rows: read.rows, share: read.rows + read.bad === 0 ? 0 : read.bad / (read.rows + read.bad), reason: read.reason ?? '' })
    } catch (error) {
      unreadable.push(unreadableBy(info.key, error))
    }
  }
  return { rows, unreadable }
}
