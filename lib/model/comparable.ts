import { parseEngineType, renderEngineType } from './engine-type.ts'

const FAMILIES: readonly (readonly string[])[] = [
  ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'],
  ['VARCHAR', 'JSON', 'ENUM'],
  ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'],
]

/** Whether keys of these engine types are equal exactly when they mean the same: integers of any width, text, times of one kind; else the same type. */
export function areComparable(a: string, b: string): boolean {
  const [left, right] = [nameOf(a), nameOf(b)]
  return left === right || FAMILIES.some((family) => family.includes(left) && family.includes(right))
}

function nameOf(text: string): string {
  const type = parseEngineType(text)
  if (type.kind === 'scalar') return type.name
  return type.kind === 'enum' ? 'ENUM' : renderEngineType(type)
}
