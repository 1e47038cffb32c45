import { type Catalog, type Feature, featureKey, featureNamed, type InputBinding, readersOf } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Calendar, Partition } from '../model/partition.ts'
import { requestedPartitions } from '../model/period.ts'
import { viewCalendar } from '../model/view.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import { partitionsReaching } from './affected.ts'
import type { BackfillRequest } from './request.ts'
import { startOf } from './view-folders.ts'

/** One feature of a plan with the partitions that are looked at, in order of time and without gaps. */
export interface Scope {
  readonly feature: Feature
  readonly partitions: readonly Partition[]
}

/** Features and partitions that a request means, each feature after all that it reads. */
export function scopeOf(request: BackfillRequest, catalog: Catalog, now: Instant): Scope[] {
  const ranges = new Map<string, { start: Instant; end: Instant }>()
  for (const view of request.views) {
    const { version } = featureNamed(catalog, view)
    const partitions = requestedPartitions(request.period, { grain: version.grain, zone: zoneNamed(version.zone) }, now)
    widen(ranges, featureKey(version.view, version.version), partitions)
  }
  if (ranges.size === 0)
    throw new InvalidInputError(`the period holds no whole partition of ${request.views.join(', ')}`, { ...request.period })
  if (request.with === 'upstream') addUpstream(ranges, catalog, now)
  if (request.with === 'downstream') addDownstream(ranges, catalog, now)
  const scopes: Scope[] = []
  for (const [key, feature] of catalog.features) {
    const range = ranges.get(key)
    if (range) scopes.push({ feature, partitions: calendarOf(feature).within(range.start, range.end) })
  }
  return scopes
}

function calendarOf({ version }: Feature): Calendar {
  return viewCalendar(version)
}

function widen(ranges: Map<string, { start: Instant; end: Instant }>, key: string, partitions: readonly Partition[]): void {
  const [first, last] = [partitions[0], partitions.at(-1)]
  if (!first || !last) return
  const old = ranges.get(key)
  ranges.set(key, { start: Math.min(first.start, old?.start ?? first.start), end: Math.max(last.end, old?.end ?? last.end) })
}

/** From the readers down: features are in an order in which each comes after what it reads. */
function addUpstream(ranges: Map<string, { start: Instant; end: Instant }>, catalog: Catalog, now: Instant): void {
  for (const [key, feature] of [...catalog.features].reverse()) {
    const range = ranges.get(key)
    if (!range) continue
    const first = calendarOf(feature).at(range.start)
    for (const binding of feature.version.inputs) {
      if (binding.kind !== 'view') continue
      const upstreamKey = featureKey(binding.view, binding.version)
      const upstream = catalog.features.get(upstreamKey)
      if (upstream) widen(ranges, upstreamKey, neededPartitions({ feature, binding, upstream }, { first, end: range.end }, catalog, now))
    }
  }
}

/** The partitions of an input view that a range of a reader's partitions reads, ended ones only. */
function neededPartitions(
  reads: { readonly feature: Feature; readonly binding: InputBinding; readonly upstream: Feature },
  range: { readonly first: Partition; readonly end: Instant },
  catalog: Catalog,
  now: Instant,
): Partition[] {
  const { feature, binding, upstream } = reads
  const calendar = calendarOf(upstream)
  const start = startOf(catalog, upstream)
  const cut =
    binding.window.kind === 'duration'
      ? windowStart(binding.window.length, range.first.end, zoneNamed(feature.version.zone))
      : binding.window.kind === 'latest'
        ? calendar.start(calendar.indexAt(range.first.end) - 1)
        : (start ?? range.first.start)
  const from = Math.max(cut, start ?? cut)
  const end = Math.min(range.end, now)
  // A partition belongs to a window by its end, so one that begins before the cut may be needed.
  return calendar.touching(from, end).filter((partition) => partition.end > from && partition.end <= end)
}

function addDownstream(ranges: Map<string, { start: Instant; end: Instant }>, catalog: Catalog, now: Instant): void {
  const horizon = { now, after: Number.NEGATIVE_INFINITY }
  for (const [key, feature] of catalog.features) {
    const range = ranges.get(key)
    if (!range) continue
    const first = calendarOf(feature).at(range.start)
    for (const reader of readersOf(catalog, feature.version)) {
      const affected = partitionsReaching(reader, { leastEnd: first.end, end: range.end }, horizon)
      widen(ranges, featureKey(reader.feature.version.view, reader.feature.version.version), affected)
    }
  }
}
