import * as z from 'zod'
import { length, milliseconds, text, zone } from './definition-schema.ts'
import { parseEngineType, renderEngineType } from './engine-type.ts'
import { InvalidInputError } from './errors.ts'
import { parseKeyTemplate } from './key-template.ts'
import { bridgeType } from './types.ts'
import { parsedBy } from './zod-problems.ts'

/** Unsigned integers are read though they cannot be stored: a SELECT casts them. */
const READ_ONLY = new Set(['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'])

/** A period or an ISO time; YAML reads a bare year as a number. */
const moment = z.union([text, z.int().min(1000).max(9999).transform(String)])
const KINDS = { parquet: 'parquet', json: 'json', 'json lines': 'json', jsonl: 'json', ndjson: 'json', csv: 'csv' } as const
const kind = z.enum(['parquet', 'json', 'json lines', 'jsonl', 'ndjson', 'csv']).transform((name) => KINDS[name])
const character = z.string().length(1)
const format = z.strictObject({
  type: kind,
  compression: z.enum(['auto', 'none', 'gzip', 'zstd']).default('auto'),
  delimiter: character.optional(),
  quote: z.union([character, z.literal('')]).optional(),
  header: z.boolean().optional(),
  null: z.string().optional(),
})

/** How an object's bytes become rows: a type alone, or a map with its options. */
export const formatKey = z.union([kind.transform((type) => format.parse({ type: type })), format])

/** The type of a column that is read, in the engine's spelling. */
export const columnType = parsedBy(text, parseColumnType)

/** Where a value stands in a JSON record. */
export const jsonPath = parsedBy(text, parsePath)

const column = z.union([
  columnType.transform((type) => ({ type, path: undefined, since: undefined })),
  z.strictObject({ type: columnType, path: jsonPath.optional(), since: moment.optional() }),
])

/** A source's file, before what needs several of its keys. */
export const sourceFile = z.strictObject({
  description: text,
  owner: text.optional(),
  key: parsedBy(text, parseKeyTemplate),
  bucket: parsedBy(text, parseBucket).optional(),
  key_zone: zone.default('UTC'),
  format: formatKey,
  event_time: z
    .union([
      text.transform((name) => ({ column: name, unit: undefined, zone: undefined })),
      z.strictObject({ column: text, unit: z.enum(['s', 'ms', 'us', 'ns']).optional(), zone: zone.optional() }),
    ])
    .optional(),
  folders: z.enum(['event_time', 'arrival']).default('event_time'),
  columns: z.record(text, column).optional(),
  start: moment.optional(),
  keep: length.optional(),
  gaps: z.enum(['block', 'empty']).optional(),
  marker: parsedBy(text, parseMarker).optional(),
  wait: milliseconds.default(0),
  bad_rows: z
    .union([z.literal('fail').transform(() => ({ max_share: 0 })), z.strictObject({ max_share: z.number().min(0).max(1) })])
    .default({ max_share: 0 }),
  sorted: z.boolean().optional(),
})

export type SourceFile = z.output<typeof sourceFile>

function parseColumnType(value: string): string {
  const bridged = bridgeType(value)
  const type = renderEngineType(parseEngineType(value))
  if (bridged.kind === 'held' || READ_ONLY.has(type)) return type
  throw new InvalidInputError(`type ${type} cannot be read; expected another one, such as ${bridged.cast}`)
}

function parsePath(value: string): string {
  if (/^\$[.[]/.test(value)) return value
  throw new InvalidInputError(`'${value}' is not a JSON path; expected one such as $.user.id`)
}

function parseBucket(value: string): string {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value)) return value
  throw new InvalidInputError(`'${value}' is not the name of a bucket; expected 3 to 63 lower-case letters, digits, - and .`)
}

function parseMarker(value: string): string {
  if (!value.includes('/')) return value
  throw new InvalidInputError(`'${value}' is not a file name; expected one such as _SUCCESS`)
}
