import type { Partition } from '../model/partition.ts'
import type { Instant } from '../model/zone.ts'

/** What a comparison covers: the partitions of each side within it. */
export interface Covered {
  readonly partitions: readonly Partition[]
  readonly here: ReadonlySet<Instant>
  readonly there: ReadonlySet<Instant>
}

/**
 * The partitions of a period that stand on some side. Without a period: from the first to the last that are on both sides, since what
 * lies outside was never meant to be the same. Instants are ends of partitions.
 */
export function coverOf(
  all: { readonly here: readonly Partition[]; readonly there: readonly Partition[] },
  period?: readonly Partition[],
): Covered {
  const byEnd = new Map([...all.here, ...all.there].map((partition) => [partition.end, partition]))
  const [inHere, inThere] = [new Set(all.here.map(({ end }) => end)), new Set(all.there.map(({ end }) => end))]
  const common = [...inHere].filter((end) => inThere.has(end)).sort((a, b) => a - b)
  const asked = period && new Set(period.map(({ end }) => end))
  const [first, last] = [common[0] ?? Number.POSITIVE_INFINITY, common.at(-1) ?? Number.NEGATIVE_INFINITY]
  const isCovered = (end: Instant) => (asked ? asked.has(end) : end >= first && end <= last)
  const partitions = [...byEnd.values()].filter(({ end }) => isCovered(end)).sort((a, b) => a.end - b.end)
  const within = (ends: ReadonlySet<Instant>) => new Set([...ends].filter(isCovered))
  return { partitions, here: within(inHere), there: within(inThere) }
}

/** Rows may tell of times before their partition, as far as a window reaches back. */
const TOLD_BACK_MS = 400 * 86_400_000

/** The times that the rows of covered partitions may tell of. */
export function timesOf({ partitions }: Covered): { readonly start: Instant; readonly end: Instant } {
  const [first, last] = [partitions[0], partitions.at(-1)]
  return { start: (first?.start ?? 0) - TOLD_BACK_MS, end: last?.end ?? 0 }
}
