import { type EngineType, parseEngineType, renderEngineType } from '../model/engine-type.ts'
import { InvalidInputError } from '../model/errors.ts'

/** How two columns are compared: in which type, and what that type does not tell apart; or why they are not. */
export type CommonType = { readonly type: string; readonly note?: string } | { readonly reason: string }

/** Digits before the point that a whole number of each type may need. */
const DIGITS: Readonly<Record<string, number>> = {
  TINYINT: 3,
  UTINYINT: 3,
  SMALLINT: 5,
  USMALLINT: 5,
  INTEGER: 10,
  UINTEGER: 10,
  BIGINT: 19,
  UBIGINT: 20,
  HUGEINT: 39,
}
const DECIMAL_DIGITS_MAX = 38
/** Decimal digits that a double always gives back. */
const DOUBLE_DIGITS = 15

/**
 * The type in which columns of two engine types are compared: one that holds both without loss where there is one. Naive times are
 * compared in milliseconds, which is what a feature table stores.
 */
export function commonType(here: string, there: string): CommonType {
  const [a, b] = [typeOf(here), typeOf(there)]
  if (!a || !b) return here === there ? { type: here } : lossy(here, there)
  const [left, right] = [renderEngineType(a), renderEngineType(b)]
  if (isNaive(left) && isNaive(right)) return { type: 'TIMESTAMP_MS' }
  if (left === right) return { type: left }
  return commonNumber(a, b) ?? commonTime(left, right) ?? commonText(left, right) ?? lossy(left, right)
}

function typeOf(text: string): EngineType | undefined {
  try {
    return parseEngineType(text)
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined
    throw error
  }
}

function lossy(here: string, there: string): CommonType {
  return { reason: `${here} here, ${there} there: no type holds both without loss; cast one of them` }
}

/** Digits before and after the point; undefined for a type that is no exact number. */
function exactDigits(type: EngineType): { readonly before: number; readonly after: number } | undefined {
  if (type.kind === 'decimal') return { before: type.precision - type.scale, after: type.scale }
  const before = type.kind === 'scalar' ? DIGITS[type.name] : undefined
  return before === undefined ? undefined : { before, after: 0 }
}

function isFloat(type: EngineType): boolean {
  return type.kind === 'scalar' && (type.name === 'DOUBLE' || type.name === 'FLOAT')
}

function commonNumber(a: EngineType, b: EngineType): CommonType | undefined {
  const [left, right] = [exactDigits(a), exactDigits(b)]
  if (left && right) return commonExact(left, right)
  if (isFloat(a) && isFloat(b))
    return { type: 'DOUBLE', note: 'FLOAT on one side, which holds about 7 digits; --tolerance 1e-6 allows for it' }
  const exact = left ?? right
  if (!exact || !(isFloat(a) || isFloat(b))) return undefined
  return asDouble(exact.before + exact.after)
}

function asDouble(digits: number): CommonType {
  return digits <= DOUBLE_DIGITS ? { type: 'DOUBLE' } : { type: 'DOUBLE', note: `compared as DOUBLE, which holds ${DOUBLE_DIGITS} digits` }
}

function commonExact(a: { before: number; after: number }, b: { before: number; after: number }): CommonType {
  const [before, after] = [Math.max(a.before, b.before), Math.max(a.after, b.after)]
  if (after === 0) return { type: before <= 19 ? 'BIGINT' : 'HUGEINT' }
  return before + after <= DECIMAL_DIGITS_MAX ? { type: `DECIMAL(${before + after},${after})` } : asDouble(before + after)
}

function isNaive(type: string): boolean {
  return /^TIMESTAMP(_S|_MS|_NS)?$/.test(type)
}

function commonTime(here: string, there: string): CommonType | undefined {
  const dates = [here, there].filter((type) => type === 'DATE').length
  return dates === 1 && (isNaive(here) || isNaive(there)) ? { type: 'TIMESTAMP_MS' } : undefined
}

/** Text holds enumerations, UUIDs and whole numbers as they are written. */
function commonText(here: string, there: string): CommonType | undefined {
  const isText = (type: string) => /^(VARCHAR|JSON|UUID|ENUM\(.*\))$/s.test(type)
  if (isText(here) && isText(there)) return { type: 'VARCHAR' }
  const other = isText(here) ? there : isText(there) ? here : undefined
  return other !== undefined && other in DIGITS ? { type: 'VARCHAR', note: `${other} on one side; compared as text` } : undefined
}
