import type { Calendar, Partition } from './partition.ts'
import type { Instant } from './zone.ts'

/**
 * Which partition was known when: at t the newest one with `end + available_after <= t`. Partitions are those of the calendar, whether or
 * not anything stands there: a missing one is never silently replaced by an older one.
 */
export interface Knowing {
  readonly calendar: Calendar
  readonly availableAfterMs: number
}

/** The newest partition with `end + available_after <= at`; days without length are none. */
export function newestKnown({ calendar, availableAfterMs }: Knowing, at: Instant): Partition {
  let index = calendar.indexAt(at - availableAfterMs) - 1
  let found = calendar.partition(index)
  while (found.start === found.end) found = calendar.partition(--index)
  return found
}

/** Every partition that is the newest known one at some time in `[first, last]`, in order. */
export function knownBetween(knowing: Knowing, first: Instant, last: Instant): Partition[] {
  const [oldest, newest] = [newestKnown(knowing, first), newestKnown(knowing, last)]
  return knowing.calendar.within(oldest.start, newest.end)
}

/** `newestKnown` for all times in a range, as an engine can look it up without a search. */
export type KnownTimes = KnownSteps | KnownTable

/** All partitions are as long as each other, and so is the time since the last one: from `cut` on in steps of `sizeMs` the one that ends at `end` is known, then the next one. */
export interface KnownSteps {
  readonly kind: 'steps'
  readonly cut: Instant
  readonly end: Instant
  readonly sizeMs: number
}

/** Times from `base` on in steps of `sizeMs`: in each step the newest known partition changes once at most. */
export interface KnownTable {
  readonly kind: 'table'
  readonly base: Instant
  readonly sizeMs: number
  /** By step: until `cut` the partition that ends at `before` is the newest known one, from then on the one that ends at `after`. */
  readonly steps: readonly { readonly cut: Instant; readonly before: Instant; readonly after: Instant }[]
}

/**
 * What is known when, for all times in `[first, last]`: by arithmetic where no clock changes, else as a table in which a time's row is
 * found by division. An engine joins a million labels with that as fast as with any small table, where a search by order would sort them.
 */
export function knownTimes(knowing: Knowing, first: Instant, last: Instant): KnownTimes {
  const partitions = knownBetween(knowing, first, last)
  const cuts = partitions.map(({ end }) => end + knowing.availableAfterMs)
  const spaces = cuts.slice(1).map((cut, at) => cut - (cuts[at] ?? 0))
  const [cut, end, space] = [cuts[0], partitions[0]?.end, spaces[0] ?? last - (cuts[0] ?? 0) + 1]
  const isRegular = spaces.every((one) => one === space) && last < (cuts.at(-1) ?? last) + space
  if (cut !== undefined && end !== undefined && isRegular) return { kind: 'steps', cut, end, sizeMs: space }
  const sizeMs = Math.min(...spaces, last - first + 1)
  const steps: KnownTable['steps'][number][] = []
  let at = 0
  for (let start = first; start <= last; start += sizeMs) {
    while ((cuts[at + 1] ?? Number.POSITIVE_INFINITY) <= start) at++
    const [before, next] = [partitions[at]?.end ?? start, cuts[at + 1] ?? Number.POSITIVE_INFINITY]
    const changes = next < start + sizeMs
    steps.push({ cut: changes ? next : start + sizeMs, before, after: changes ? (partitions[at + 1]?.end ?? before) : before })
  }
  return { kind: 'table', base: first, sizeMs, steps }
}
