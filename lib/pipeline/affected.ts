import type { Feature, InputBinding } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'

/** Which of a reader's partitions may be meant: only ended ones, only those that live repairs by itself. */
export interface Horizon {
  readonly now: Instant
  /** Ends at or before this are left out. */
  readonly after: Instant
}

/** The horizon in which live computes a feature by itself. */
export function repairHorizon(feature: Feature, now: Instant): Horizon {
  return { now, after: now - feature.settings.repairMs }
}

/** A feature and the binding through which it reads what changed. */
export interface AffectedReader {
  readonly feature: Feature
  readonly binding: InputBinding
}

/**
 * The reader's partitions whose window touches a change: a source folder `[start, end)`, or a partition of an input view, which counts
 * at its end. In order of time; ended ones inside the horizon only.
 */
export function affectedPartitions(
  reader: AffectedReader,
  change: { readonly start: Instant; readonly end: Instant },
  horizon: Horizon,
): Partition[] {
  return partitionsReaching(reader, { leastEnd: firstEnd(reader.binding, change), end: change.end }, horizon)
}

/** The reader's partitions that end at `leastEnd` or later and whose window begins before `end`. */
export function partitionsReaching(
  reader: AffectedReader,
  change: { readonly leastEnd: Instant; readonly end: Instant },
  horizon: Horizon,
): Partition[] {
  const { version } = reader.feature
  const calendar = viewCalendar(version)
  const from = Math.max(change.leastEnd, horizon.after + 1)
  const found: Partition[] = []
  for (let index = calendar.indexAt(from - 1); ; index++) {
    const partition = calendar.partition(index)
    if (partition.end > horizon.now || !reaches(reader, partition, change)) return found
    if (partition.end >= from && partition.end > partition.start) found.push(partition)
  }
}

/** The least end of a partition that sees the change: a row of a folder by its time, a whole folder or partition once it has ended. */
function firstEnd(binding: InputBinding, change: { readonly start: Instant; readonly end: Instant }): Instant {
  return binding.kind === 'source' && binding.window.kind !== 'latest' ? change.start + 1 : change.end
}

function reaches(
  { feature, binding }: { feature: Feature; binding: InputBinding },
  partition: Partition,
  change: { end: Instant },
): boolean {
  if (binding.window.kind === 'all') return true
  if (binding.window.kind === 'duration') {
    return windowStart(binding.window.length, partition.end, zoneNamed(feature.version.zone)) < change.end
  }
  if (binding.kind === 'source') return true
  // The newest partition that ended by `end`: until the next one ends.
  const upstream = viewCalendar(binding)
  return partition.end < upstream.start(upstream.indexAt(change.end) + 1)
}

/** The newest partition that has ended. */
export function newestEnded(feature: Feature, now: Instant): Partition {
  const calendar = viewCalendar(feature.version)
  return calendar.partition(calendar.indexAt(now) - 1)
}

/** Runs of adjacent partitions, as `[first, last]`. */
export function runsOf(partitions: readonly Partition[]): { readonly first: Partition; readonly last: Partition }[] {
  const runs: { first: Partition; last: Partition }[] = []
  for (const partition of partitions) {
    const run = runs.at(-1)
    if (run && run.last.end === partition.start) run.last = partition
    else runs.push({ first: partition, last: partition })
  }
  return runs
}
