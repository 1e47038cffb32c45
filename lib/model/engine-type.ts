import { InvalidInputError } from './errors.ts'
import { sqlTokens } from './sql-tokens.ts'

/** A type of the engine, read from its text. Scalars have the engine's own name for them: `BIGINT`, `TIMESTAMP WITH TIME ZONE`. */
export type EngineType =
  | { readonly kind: 'scalar'; readonly name: string }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'list'; readonly of: EngineType }
  | { readonly kind: 'array'; readonly of: EngineType; readonly size: number }
  | { readonly kind: 'struct' | 'union'; readonly fields: readonly EngineField[] }
  | { readonly kind: 'map'; readonly key: EngineType; readonly value: EngineType }

/** A field of a struct; `row(1, 2)` has fields without names. */
export interface EngineField {
  readonly name?: string
  readonly type: EngineType
}

const ZONED: Readonly<Record<string, string>> = { TIMETZ: 'TIME WITH TIME ZONE', TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE' }

/** The names that DuckDB 1.5 knows (`duckdb_types()`), each line a type with its aliases. */
const NAMES = new Map(
  `BOOLEAN BOOL LOGICAL;TINYINT INT1;SMALLINT INT2 INT16 SHORT;INTEGER INT INT4 INT32 INTEGRAL SIGNED;BIGINT INT8 INT64 LONG OID;
  HUGEINT INT128;UTINYINT UINT8;USMALLINT UINT16;UINTEGER UINT32;UBIGINT UINT64;UHUGEINT UINT128;FLOAT FLOAT4 REAL;DOUBLE FLOAT8;
  VARCHAR TEXT STRING CHAR BPCHAR NVARCHAR;BLOB BYTEA BINARY VARBINARY;DATE;TIME;TIMETZ;TIME_NS;TIMESTAMP DATETIME TIMESTAMP_US;
  TIMESTAMP_S;TIMESTAMP_MS;TIMESTAMP_NS;TIMESTAMPTZ;INTERVAL;UUID GUID;BIT BITSTRING;JSON;BIGNUM VARINT;GEOMETRY;VARIANT`
    .split(';')
    .flatMap((line) =>
      line
        .trim()
        .split(/\s+/)
        .map((alias, _, names) => [alias, ZONED[names[0] ?? ''] ?? names[0] ?? ''] as const),
    ),
)

/** Reads a type as the engine writes it or a person may: `DECIMAL(18,4)`, `text`, `STRUCT("a b" INTEGER[])[3]`. @throws InvalidInputError. */
export function parseEngineType(text: string): EngineType {
  const reader = new TypeReader(text)
  const type = reader.type()
  reader.end()
  return type
}

/** The engine's own spelling, the same for every way to write a type. Struct fields keep their letter case and are always quoted. */
export function renderEngineType(type: EngineType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'enum':
      return `ENUM(${type.values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')})`
    case 'list':
      return `${renderEngineType(type.of)}[]`
    case 'array':
      return `${renderEngineType(type.of)}[${type.size}]`
    case 'map':
      return `MAP(${renderEngineType(type.key)}, ${renderEngineType(type.value)})`
    default:
      return `${type.kind.toUpperCase()}(${type.fields.map(renderField).join(', ')})`
  }
}

function renderField({ name, type }: EngineField): string {
  return name === undefined ? renderEngineType(type) : `"${name.replaceAll('"', '""')}" ${renderEngineType(type)}`
}

/** Recursive descent over the tokens of a type's text. */
class TypeReader {
  readonly #text: string
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = sqlTokens(text)
  }

  type(): EngineType {
    let type = this.#base()
    while (this.#take('[')) {
      const size = this.#peek() === ']' ? undefined : this.#count(1, 100_000)
      this.#expect(']')
      type = size === undefined ? { kind: 'list', of: type } : { kind: 'array', of: type, size }
    }
    return type
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw this.#wrong()
  }

  #base(): EngineType {
    const word = this.#word()
    if (word === 'STRUCT' || word === 'ROW') return { kind: 'struct', fields: this.#list(() => this.#field()) }
    if (word === 'UNION') return { kind: 'union', fields: this.#list(() => this.#field()) }
    if (word === 'ENUM') return { kind: 'enum', values: this.#list(() => this.#string()) }
    if (word === 'MAP') return this.#map()
    if (word === 'DECIMAL' || word === 'NUMERIC' || word === 'DEC') return this.#decimal()
    if (word === 'DOUBLE') this.#take('PRECISION')
    if (word === 'TIME' || word === 'TIMESTAMP') return { kind: 'scalar', name: this.#zone(word) }
    const name = NAMES.get(word)
    if (name === undefined) throw this.#wrong()
    if (name === 'VARCHAR' && this.#peek() === '(') this.#list(() => this.#count(1, 2 ** 31))
    return { kind: 'scalar', name }
  }

  #map(): EngineType {
    const [key, value, ...more] = this.#list(() => this.type())
    if (!key || !value || more.length) throw this.#wrong()
    return { kind: 'map', key, value }
  }

  #decimal(): EngineType {
    if (this.#peek() !== '(') return { kind: 'decimal', precision: 18, scale: 3 }
    const [precision = 18, scale = 0, ...more] = this.#list(() => this.#count(0, 38))
    if (precision < 1 || scale > precision || more.length) throw this.#wrong()
    return { kind: 'decimal', precision, scale }
  }

  #zone(word: 'TIME' | 'TIMESTAMP'): string {
    const zoned = this.#take('WITH')
    if (!zoned && !this.#take('WITHOUT')) return word
    for (const next of ['TIME', 'ZONE']) this.#expect(next)
    return zoned ? `${word} WITH TIME ZONE` : word
  }

  #field(): EngineField {
    const next = this.#tokens[this.#at + 1]
    const unnamed = next === undefined || [',', ')', '(', '['].includes(next)
    if (unnamed) return { type: this.type() }
    const name = this.#tokens[this.#at++] ?? ''
    return { name: name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name, type: this.type() }
  }

  #list<T>(item: () => T): T[] {
    this.#expect('(')
    const items = [item()]
    while (this.#take(',')) items.push(item())
    this.#expect(')')
    return items
  }

  #string(): string {
    const token = this.#tokens[this.#at++]
    if (!token?.startsWith("'")) throw this.#wrong()
    return token.slice(1, -1).replaceAll("''", "'")
  }

  #count(min: number, max: number): number {
    const count = Number(this.#tokens[this.#at++])
    if (!Number.isInteger(count) || count < min || count > max) throw this.#wrong()
    return count
  }

  #word(): string {
    return (this.#tokens[this.#at++] ?? '').toUpperCase()
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.toUpperCase()
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#wrong()
  }

  #wrong(): InvalidInputError {
    return new InvalidInputError(`'${this.#text}' is not a type; expected one of the engine, such as BIGINT, DECIMAL(18,4) or VARCHAR[]`)
  }
}
