import type { Partition } from '../model/partition.ts'

/** A partition that live wrote and that is fresh. */
export interface GateCandidate {
  readonly partition: Partition
  /** It was written more than once: late data came. */
  readonly repaired: boolean
  /** Clocks changed inside it. */
  readonly clockChange: boolean
}

/** Partitions of a view that are recomputed before a run. */
export const GATE_PARTITIONS = 5
/** Of these, at most so many for each reason before the newest fill the rest. */
const OF_A_KIND = 2

/**
 * What is recomputed of the candidates, which are in order of time: a few that were repaired and a few with a change of clocks, where
 * live and backfill are most likely to disagree, and the newest.
 */
export function chooseForGate<T extends GateCandidate>(candidates: readonly T[], most = GATE_PARTITIONS): T[] {
  const newestFirst = candidates.toReversed()
  const preferred = [
    ...newestFirst.slice(0, 1),
    ...newestFirst.filter(({ repaired }) => repaired).slice(0, OF_A_KIND),
    ...newestFirst.filter(({ clockChange }) => clockChange).slice(0, OF_A_KIND),
    ...newestFirst,
  ]
  const chosen = new Set([...new Set(preferred)].slice(0, most))
  return candidates.filter((candidate) => chosen.has(candidate))
}

/** Partitions of a new version that are computed before the rest. */
export const TRIAL_PARTITIONS = 3

/** Of partitions in order of time: the newest, the newest with a change of clocks, the oldest, then those in the middle. */
export function chooseForTrial(partitions: readonly Partition[], clockChange: (partition: Partition) => boolean): Partition[] {
  const middle = Math.floor(partitions.length / 2)
  const preferred = [partitions.at(-1), partitions.findLast(clockChange), partitions[0], partitions[middle]]
  const chosen = new Set([...new Set(preferred.filter((one) => one !== undefined))].slice(0, TRIAL_PARTITIONS))
  return partitions.filter((partition) => chosen.has(partition))
}
