import type { ColumnDiff, Difference, PartitionRows, TableDiff } from './table-diff.ts'

/** A part of two tables that one join compares: partitions by their ends, both included, and of their keys one bucket. */
export interface Chunk {
  readonly first: number
  readonly last: number
  readonly bucket: number
  readonly buckets: number
}

/** Values that one join compares: 10,000,000 rows of 10 columns took as long in chunks as at once, in 0.3 GB instead of 1.3 GB. */
export const VALUES_MAX = 10_000_000

/** Cuts partitions, given with the rows of the side that has more, into chunks of about the same size, in order of time. */
export function cutChunks(
  partitions: readonly { readonly end: number; readonly rows: number }[],
  columns: number,
  valuesMax = VALUES_MAX,
): Chunk[] {
  const rowsMax = Math.max(1, Math.floor(valuesMax / Math.max(1, columns)))
  const chunks: Chunk[] = []
  let open: { first: number; last: number; rows: number } | undefined
  const close = () => {
    if (open) chunks.push({ first: open.first, last: open.last, bucket: 0, buckets: 1 })
    open = undefined
  }
  for (const { end, rows } of partitions) {
    if (open && open.rows + rows > rowsMax) close()
    const buckets = Math.ceil(rows / rowsMax)
    if (buckets > 1) for (let bucket = 0; bucket < buckets; bucket++) chunks.push({ first: end, last: end, bucket, buckets })
    else open = { first: open?.first ?? end, last: end, rows: (open?.rows ?? 0) + rows }
  }
  close()
  return chunks
}

/** What chunks of one pair of tables say together; of the examples so many rows of each kind, from the earliest chunks. */
export function mergeDiffs(diffs: readonly TableDiff[], examples: number): TableDiff {
  const partitions = new Map<number, PartitionRows>()
  for (const rows of diffs.flatMap((diff) => diff.partitions)) {
    const known = partitions.get(rows.end)
    partitions.set(rows.end, known ? addRows(known, rows) : rows)
  }
  return {
    columns: diffs.map((diff) => diff.columns).reduce((all, next) => all.map((column, at) => addColumn(column, next[at]))),
    partitions: [...partitions.values()].sort((a, b) => a.end - b.end),
    examples: firstOfEachKind(
      diffs.flatMap((diff) => diff.examples),
      examples,
    ),
  }
}

function addRows(a: PartitionRows, b: PartitionRows): PartitionRows {
  return {
    end: a.end,
    matched: a.matched + b.matched,
    lastBits: a.lastBits + b.lastBits,
    different: a.different + b.different,
    onlyHere: a.onlyHere + b.onlyHere,
    onlyThere: a.onlyThere + b.onlyThere,
    net: a.net.map((net, at) => net + (b.net[at] ?? 0)),
  }
}

function addColumn(a: ColumnDiff, b: ColumnDiff | undefined): ColumnDiff {
  if (!b) return a
  const max = (pick: (column: ColumnDiff) => number | undefined) => Math.max(pick(a) ?? 0, pick(b) ?? 0)
  const sized = a.largest !== undefined || b.largest !== undefined
  return {
    name: a.name,
    type: a.type,
    lastBits: a.lastBits + b.lastBits,
    different: a.different + b.different,
    nullOnOneSide: a.nullOnOneSide + b.nullOnOneSide,
    dayApart: a.dayApart + b.dayApart,
    ...(sized && { largest: max(({ largest }) => largest), largestRelative: max(({ largestRelative }) => largestRelative) }),
  }
}

const KINDS = ['different', 'only here', 'only there', 'last bits'] as const

function firstOfEachKind(all: readonly Difference[], rows: number): Difference[] {
  return KINDS.flatMap((kind) => {
    const entities = new Set<string>()
    return all.filter((one) => {
      if (one.kind !== kind) return false
      const row = `${one.end} ${one.entity}`
      if (entities.size >= rows && !entities.has(row)) return false
      entities.add(row)
      return true
    })
  })
}
