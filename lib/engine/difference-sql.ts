/** SQL that says how two values differ. NULL equals NULL, NaN equals NaN, and 0 equals -0. */

/** How two tables differ at one place. `last bits`: floating-point numbers a few steps apart. */
export type DifferenceKind = 'only here' | 'only there' | 'last bits' | 'different'

/** Floats differ in their last bits when at most so many steps, of the larger one towards zero, lie between them. */
export const LAST_BITS_STEPS = 4

/** Two expressions of one type, which is that of the comparison. */
export interface ValuePair {
  readonly here: string
  readonly there: string
  readonly type: string
}

/** Numbers have a size of their difference. */
export function isNumber(type: string): boolean {
  return /^((TINY|SMALL|BIG|HUGE|U[A-Z]*)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)
}

export function isTime(type: string): boolean {
  return /^(DATE|TIMESTAMP.*)$/.test(type)
}

/** 0: the same; 1: differ in their last bits; 2: different. A tolerance is relative, and absolute for numbers below 1. */
export function severitySql(pair: ValuePair, tolerance = 0): string {
  const same = `${pair.here} IS NOT DISTINCT FROM ${pair.there}`
  const near = tolerance > 0 && isNumber(pair.type) ? ` OR coalesce(${isNearSql(pair, tolerance)}, false)` : ''
  const bits = pair.type === 'DOUBLE' || pair.type === 'FLOAT' ? ` WHEN ${areLastBitsSql(pair)} THEN 1` : ''
  return `CASE WHEN ${same}${near} THEN 0${bits} ELSE 2 END`
}

function isNearSql({ here, there }: ValuePair, tolerance: number): string {
  const [a, b] = [`(${here})::DOUBLE`, `(${there})::DOUBLE`]
  return `isfinite(${a}) AND isfinite(${b}) AND abs(${a} - ${b}) <= ${tolerance}::DOUBLE * greatest(1, abs(${a}), abs(${b}))`
}

/** A step towards zero is never infinite, where one away from it may be. */
function areLastBitsSql({ here: a, there: b, type }: ValuePair): string {
  const larger = `greatest(abs(${a}), abs(${b}))`
  return `isfinite(${a}) AND isfinite(${b}) AND abs(${a} - ${b}) <= ${LAST_BITS_STEPS} * (${larger} - nextafter(${larger}, 0::${type}))`
}
