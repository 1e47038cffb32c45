/** Bytes `[start, end)` of an object. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** The same bytes in order, in as few ranges as can be: two with a gap of at most `gapMax` bytes become one. */
export function joinRanges(ranges: readonly ByteRange[], gapMax: number): ByteRange[] {
  const joined: ByteRange[] = []
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (range.end <= range.start) continue
    if (last && range.start - last.end <= gapMax) joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
    else joined.push(range)
  }
  return joined
}

/** The bytes of `ranges` that are in none of `others`, in order. */
export function subtractRanges(ranges: readonly ByteRange[], others: readonly ByteRange[]): ByteRange[] {
  const cut = joinRanges(others, 0)
  return joinRanges(ranges, 0).flatMap((range) => {
    const left: ByteRange[] = []
    let { start } = range
    for (const other of cut) {
      if (other.end <= start || other.start >= range.end) continue
      left.push({ start, end: other.start })
      start = other.end
    }
    left.push({ start, end: range.end })
    return left.filter((one) => one.start < one.end)
  })
}

/** The ranges in pieces of at most `bytesMax`. */
export function splitRanges(ranges: readonly ByteRange[], bytesMax: number): ByteRange[] {
  return ranges.flatMap(({ start, end }) =>
    Array.from({ length: Math.ceil((end - start) / bytesMax) }, (_, at) => ({
      start: start + at * bytesMax,
      end: Math.min(end, start + (at + 1) * bytesMax),
    })),
  )
}
