import { InvalidInputError } from './errors.ts'

/**
 * A table as Glue keeps it, in the shape of its `TableInput`
 * (https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html), as far as hindcast writes it.
 */
export interface GlueTable {
  readonly Name: string
  readonly Description: string
  readonly TableType: 'EXTERNAL_TABLE'
  readonly Parameters: Readonly<Record<string, string>>
  readonly PartitionKeys: readonly GlueColumn[]
  readonly StorageDescriptor: GlueStorage
}

export interface GlueColumn {
  readonly Name: string
  readonly Type: string
  readonly Comment?: string
}

export interface GlueStorage {
  readonly Columns: readonly GlueColumn[]
  readonly Location: string
  readonly InputFormat: string
  readonly OutputFormat: string
  readonly SerdeInfo: { readonly SerializationLibrary: string; readonly Parameters: Readonly<Record<string, string>> }
}

/** How the files of a table are read; `classification` is Glue's name for it. */
export type FileFormat = Pick<GlueStorage, 'InputFormat' | 'OutputFormat' | 'SerdeInfo'> & { readonly classification: string }

export const PARQUET_FILES: FileFormat = {
  classification: 'parquet',
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: {
    SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    Parameters: { 'serialization.format': '1' },
  },
}

/** Characters of a comment and of a description, and characters of a type as Glue takes them. */
const COMMENT_MAX = 255
const DESCRIPTION_MAX = 2048
const TYPE_MAX = 131_072

/** Bytes of all of a table as Athena takes it: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
export const TABLE_BYTES_MAX = 1024 * 1024

/** What tells hindcast's tables from others, and whose they are. */
export const OWNED = 'hindcast.lake'

export interface TableParts {
  readonly name: string
  readonly description: string
  readonly columns: readonly GlueColumn[]
  readonly partitionKeys: readonly GlueColumn[]
  readonly files: FileFormat
  /** Where everything lies that the table may read. */
  readonly location: string
  readonly parameters: Readonly<Record<string, string>>
}

/** @throws InvalidInputError for a table that is larger than Athena takes. */
export function glueTable({ name, description, columns, partitionKeys, files, location, parameters }: TableParts): GlueTable {
  const { classification, ...format } = files
  const table: GlueTable = {
    Name: name,
    Description: shortened(description, DESCRIPTION_MAX),
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', classification, ...parameters },
    PartitionKeys: partitionKeys,
    StorageDescriptor: { Columns: columns, Location: location, ...format },
  }
  requireSize(table)
  return table
}

/** A column with its comment as Glue takes one: one line of 255 characters. */
export function glueColumn(name: string, type: string, comment?: string): GlueColumn {
  return { Name: name, Type: type, ...(comment !== undefined && { Comment: shortened(comment, COMMENT_MAX) }) }
}

function shortened(text: string, max: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`
}

function requireSize(table: GlueTable): void {
  const { Name, StorageDescriptor } = table
  const long = StorageDescriptor.Columns.find(({ Type }) => Type.length > TYPE_MAX)
  if (long)
    throw new InvalidInputError(
      `column ${long.Name} of table ${Name} has a type of ${long.Type.length} characters; Glue takes ${TYPE_MAX}, use fewer struct fields`,
    )
  const bytes = Buffer.byteLength(JSON.stringify(table))
  if (bytes > TABLE_BYTES_MAX)
    throw new InvalidInputError(
      `table ${Name} is ${bytes} bytes with ${StorageDescriptor.Columns.length} columns; Athena takes ${TABLE_BYTES_MAX}: split the view, or comment on fewer columns`,
    )
}
