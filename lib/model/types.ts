import { type EngineField, type EngineType, parseEngineType, renderEngineType } from './engine-type.ts'
import { InternalError } from './errors.ts'

/**
 * The one bridge from the engine's types over Parquet to Glue's. A type is in it when DuckDB's Parquet of it was read back equal by
 * Trino, the engine of Athena v3; every other type is refused with the type to cast to.
 */
export type BridgedType = HeldType | RefusedType

export interface HeldType {
  readonly kind: 'held'
  /** The engine's own spelling of the type. */
  readonly engine: string
  readonly glue: string
  /** How a column of this type is changed before it is stored; without it, it is stored as it is. */
  readonly storeAs?: StoreRule
}

export interface RefusedType {
  readonly kind: 'refused'
  readonly reason: string
  /** The type to write in a CAST instead. */
  readonly cast: string
}

/** `bigint`: HUGEINT, which Parquet would get as DOUBLE. The others floor to UTC milliseconds, because Athena rounds finer times. */
export type StoreRule = 'bigint' | 'floor_us' | 'floor_ns' | 'whole_ms'

const GLUE: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'tinyint',
  SMALLINT: 'smallint',
  INTEGER: 'int',
  BIGINT: 'bigint',
  FLOAT: 'float',
  DOUBLE: 'double',
  VARCHAR: 'string',
  JSON: 'string',
  BLOB: 'binary',
  DATE: 'date',
}

const STORED: Readonly<Record<string, { readonly glue: string; readonly storeAs: StoreRule }>> = {
  HUGEINT: { glue: 'bigint', storeAs: 'bigint' },
  TIMESTAMP: { glue: 'timestamp', storeAs: 'floor_us' },
  'TIMESTAMP WITH TIME ZONE': { glue: 'timestamp', storeAs: 'floor_us' },
  TIMESTAMP_NS: { glue: 'timestamp', storeAs: 'floor_ns' },
  TIMESTAMP_S: { glue: 'timestamp', storeAs: 'whole_ms' },
  TIMESTAMP_MS: { glue: 'timestamp', storeAs: 'whole_ms' },
}

const CASTS: Readonly<Record<string, string>> = {
  HUGEINT: 'BIGINT',
  UTINYINT: 'SMALLINT',
  USMALLINT: 'INTEGER',
  UINTEGER: 'BIGINT',
  UBIGINT: 'DECIMAL(20,0)',
  UHUGEINT: 'DECIMAL(38,0)',
}

/** What becomes of an output column of the engine's type `text`. @throws InvalidInputError where the text is no type. */
export function bridgeType(text: string): BridgedType {
  const type = parseEngineType(text)
  const engine = renderEngineType(type)
  const stored = type.kind === 'scalar' ? STORED[type.name] : undefined
  if (stored) return { kind: 'held', engine, ...stored }
  const glue = glueOf(type)
  if (typeof glue === 'string') return { kind: 'held', engine, glue }
  return { kind: 'refused', reason: `${engine}: ${glue.reason}`, cast: renderEngineType(castOf(type)) }
}

/**
 * The SQL expression that turns output column `column` (quoted by the caller) of the engine's type into what is stored. Infinite times, which Parquet
 * cannot hold, become NULL: the check for finite values sees the column before this. @throws InternalError for a type that the bridge refuses.
 */
export function renderStoreCast(column: string, type: string): string {
  const bridged = bridgeType(type)
  if (bridged.kind === 'refused') throw new InternalError(`a column of type ${type} cannot be stored`, { column })
  switch (bridged.storeAs) {
    case 'bigint':
      return `CAST(${column} AS BIGINT)`
    case 'whole_ms':
      return finite(column, `CAST(${column} AS TIMESTAMP_MS)`)
    case 'floor_us':
      return finite(column, `CAST(make_timestamp(${renderFloor(`epoch_us(${column})`, 1000)}) AS TIMESTAMP_MS)`)
    case 'floor_ns':
      return finite(column, `CAST(make_timestamp(${renderFloor(`epoch_ns(${column})`, 1_000_000)} // 1000) AS TIMESTAMP_MS)`)
    default:
      return column
  }
}

/** The engine's `%` has the sign of the dividend and its `//` rounds towards zero; a time before 1970 is negative. */
function renderFloor(value: string, step: number): string {
  return `(${value} - (${value} % ${step} + ${step}) % ${step})`
}

function finite(column: string, expression: string): string {
  return `CASE WHEN isfinite(${column}) THEN ${expression} END`
}

type Refusal = { readonly reason: string }

function glueOf(type: EngineType): string | Refusal {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'enum':
      return 'string'
    case 'list':
    case 'array':
      return within(glueOf(type.of), (item) => `array<${item}>`)
    case 'map':
      return within(glueOf(type.key), (key) => within(glueOf(type.value), (value) => `map<${key},${value}>`))
    case 'struct':
      return glueOfStruct(type.fields)
    case 'union':
      return { reason: 'Parquet has no such type' }
    case 'scalar':
      return GLUE[type.name] ?? { reason: reasonOf(type.name) }
  }
}

function glueOfStruct(fields: readonly EngineField[]): string | Refusal {
  const parts: string[] = []
  for (const { name, type } of fields) {
    if (name === undefined) return { reason: 'the fields of a struct need names' }
    if (!/^[a-z_][a-z0-9_]*$/.test(name))
      return { reason: `field '${name}' is not a name of lower-case letters, digits and _; rename it with struct_pack` }
    const glue = glueOf(type)
    if (typeof glue !== 'string') return glue
    parts.push(`${name}:${glue}`)
  }
  return `struct<${parts.join(',')}>`
}

function within(inner: string | Refusal, wrap: (inner: string) => string | Refusal): string | Refusal {
  return typeof inner === 'string' ? wrap(inner) : inner
}

function reasonOf(name: string): string {
  if (name in STORED) return `a ${name} inside another type would be stored wrongly`
  return name in CASTS ? `Athena has no unsigned integers` : `Athena cannot hold ${name}`
}

/** The nearest type that the bridge holds. */
function castOf(type: EngineType): EngineType {
  switch (type.kind) {
    case 'scalar':
      if (type.name in GLUE) return type
      return CASTS[type.name] ? parseEngineType(CASTS[type.name] ?? '') : { kind: 'scalar', name: 'VARCHAR' }
    case 'list':
    case 'array':
      return { ...type, of: castOf(type.of) }
    case 'map':
      return { kind: 'map', key: castOf(type.key), value: castOf(type.value) }
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field, at) => ({ name: fieldName(field, at), type: castOf(field.type) })) }
    case 'union':
      return { kind: 'scalar', name: 'VARCHAR' }
    default:
      return type
  }
}

function fieldName({ name }: EngineField, at: number): string {
  const lower = (name ?? '').toLowerCase().replace(/[^a-z0-9_]/g, '_')
  return /^[a-z_]/.test(lower) ? lower : `f${at + 1}`
}
