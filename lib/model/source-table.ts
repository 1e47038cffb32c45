/**
 * The table by which Athena reads a source: an arrival source as it was landed, an event-time source as its raw objects lie. Pure.
 * Raw text is read by Hive's SerDes, which know less than hindcast's decoder; what they cannot read has no table, or no column, and says so.
 */
import { type FileFormat, type GlueColumn, type GlueTable, glueColumn, glueTable, OWNED, PARQUET_FILES } from './glue-table.ts'
import type { Source, SourceColumn, SourceFormat } from './source.ts'
import { foldersOf, landedFolders } from './source-folders-table.ts'
import { csvFiles, jsonColumns, jsonFiles, type TextColumns } from './text-files.ts'
import { bridgeType } from './types.ts'

export interface TabledSource {
  /** Where the lake is: `s3://bucket`. */
  readonly lake: string
  /** Where the source's raw objects are: `s3://bucket`. */
  readonly place: string
  readonly source: Source
  /** Name of the first folder with data. */
  readonly first: string
  /** The names in the header of its CSV files, where they have one. */
  readonly header?: readonly string[]
}

export type SourceTable =
  | { readonly kind: 'table'; readonly table: GlueTable; readonly notes: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string }

/** @throws InvalidInputError for a table that is larger than Athena takes. */
export function sourceTable(tabled: TabledSource): SourceTable {
  const { source, lake, place, first } = tabled
  const isLanded = source.folders === 'arrival'
  const reason = source.columns === undefined ? 'its columns are not known' : isLanded ? undefined : unreadable(source)
  const folders = isLanded ? landedFolders(source, lake, first) : foldersOf(source, place, first)
  if (reason !== undefined || typeof folders === 'string') return none(source, reason ?? String(folders))
  const read = isLanded ? parquetColumns(source) : columnsOf(tabled)
  if (typeof read === 'string') return none(source, read)
  const table = glueTable({
    name: source.name,
    description: isLanded ? `${source.description} As it was landed, by event time.` : source.description,
    ...{ columns: read.columns, partitionKeys: folders.keys, files: read.files, location: folders.location },
    parameters: {
      [OWNED]: lake,
      'hindcast.source': source.name,
      ...(!isLanded && source.format.csv?.header && { 'skip.header.line.count': '1' }),
      ...folders.projection,
    },
  })
  return { kind: 'table', table, notes: read.leftOut.map((why) => `table ${source.name} has no column ${why}`) }
}

function none({ name }: Source, reason: string): SourceTable {
  return { kind: 'none', reason: `source ${name} has no table: ${reason}` }
}

interface ReadColumns extends TextColumns {
  readonly files: FileFormat
}

function columnsOf(tabled: TabledSource): ReadColumns | string {
  const { source, header } = tabled
  const { kind, csv } = source.format
  if (kind === 'parquet') return parquetColumns(source)
  const own = ownColumns(source)
  if (kind === 'json') return { ...jsonColumns(own), files: jsonFiles(own, source.badRows.maxShare > 0) }
  const names = csv?.header === false ? own.map(({ name }) => name) : header
  if (names === undefined) return 'no CSV object of it was found whose header tells the order of its columns'
  const columns = uniqueNames(names).map((name) => glueColumn(name, 'string'))
  return { columns, leftOut: [], files: csvFiles(csv ?? { delimiter: ',', quote: '"' }) }
}

/** Hive reads CSV by position: a name that is there twice, or is none, is told by its place. */
function uniqueNames(names: readonly string[]): string[] {
  const lower = names.map((name) => name.toLowerCase())
  return lower.map((name, at) => (/^[a-z_][a-z0-9_]*$/.test(name) && lower.indexOf(name) === at ? name : `column_${at + 1}`))
}

function parquetColumns(source: Source): ReadColumns {
  const columns: GlueColumn[] = []
  const leftOut: string[] = []
  const landed = source.folders === 'arrival'
  for (const { name, type } of landed ? (source.columns ?? []) : ownColumns(source)) {
    const bridged = bridgeType(landed && name === source.eventTime?.column ? 'TIMESTAMPTZ' : type)
    if (bridged.kind === 'refused' || bridged.storeAs === 'bigint') leftOut.push(`${name}: Athena cannot read ${type} from Parquet`)
    else columns.push(glueColumn(name, bridged.glue))
  }
  return { columns, leftOut, files: PARQUET_FILES }
}

/** Segments of the key are partition keys, not columns of the files. */
function ownColumns({ columns = [], key }: Source): SourceColumn[] {
  return columns.filter(({ name }) => !key.captures.includes(name))
}

/** Why Hive cannot read the raw objects at all. */
function unreadable({ format, marker }: Source): string | undefined {
  if (marker !== undefined && !/^[_.]/.test(marker))
    return `Athena would read its marker ${marker} as data; one that begins with _ is skipped`
  return badCompression(format)
}

function badCompression({ kind, compression }: SourceFormat): string | undefined {
  if (kind === 'parquet' || compression === 'auto' || compression === 'none') return undefined
  return `Athena tells ${compression} by the ending of a file's name; expected compression auto`
}
