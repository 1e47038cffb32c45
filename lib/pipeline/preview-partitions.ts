import { type Catalog, type Feature, featureKey } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { Calendar, type Partition } from '../model/partition.ts'
import { requestedPartitions } from '../model/period.ts'
import type { Source } from '../model/source.ts'
import { viewCalendar } from '../model/view.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import type { Effects } from './effects.ts'
import { findNewestObjects } from './newest-objects.ts'

/** Partitions that are tried, back from the newest data, until one is ready. */
const CANDIDATES = 31

/** The ended partitions that a request names; undefined where it leaves the choice. @throws InvalidInputError. */
export function requested(
  { at, last }: { readonly at?: string; readonly last?: string },
  { version }: Feature,
  now: Instant,
): readonly Partition[] | undefined {
  if (at !== undefined && last !== undefined) throw new InvalidInputError('the request names two periods; expected --at or --last')
  if (last !== undefined) return requestedPartitions({ last }, { grain: version.grain, zone: zoneNamed(version.zone) }, now)
  return at === undefined ? undefined : [endedPartition(version, at, now)]
}

/** The partition of that name. @throws InvalidInputError for a name of another grain, or a partition that has not ended. */
export function endedPartition(version: Feature['version'], name: string, now: Instant): Partition {
  const calendar = viewCalendar(version)
  const partition = calendar.named(name)
  if (partition.end <= now) return partition
  const newest = calendar.partition(calendar.indexAt(now) - 1).name
  throw new InvalidInputError(`partition ${name} of ${version.view} has not ended; expected ${newest} or earlier`, {
    ends: new Date(partition.end).toISOString(),
    now: new Date(now).toISOString(),
  })
}

/** Ended partitions, newest first, from the end of the data on that all its sources have; a clock far ahead of the data does not matter. */
export async function newestCandidates(feature: Feature, catalog: Catalog, { lake, now }: Effects): Promise<Partition[]> {
  let end = now()
  for (const source of sourcesByTime(feature, catalog)) {
    const [newest] = await findNewestObjects(lake.bucket(source.bucket), source, { objects: 1, bytes: 0, folders: 1 })
    if (newest) end = Math.min(end, newest.folder.end)
  }
  const { grain, zone } = feature.version
  const calendar = new Calendar(grain, zoneNamed(zone))
  const last = calendar.indexAt(end - 1)
  const newest = calendar.start(last + 1) <= now() ? last : last - 1
  return Array.from({ length: CANDIDATES }, (_, back) => calendar.partition(newest - back)).filter(({ start, end: ends }) => ends > start)
}

/** The sources that a feature and the views below it read by time, not as `latest`. */
function sourcesByTime(feature: Feature, catalog: Catalog): Source[] {
  const found = new Map<string, Source>()
  const visit = ({ version }: Feature): void => {
    for (const binding of version.inputs) {
      if (binding.kind === 'view') {
        const upstream = catalog.features.get(featureKey(binding.view, binding.version))
        if (upstream) visit(upstream)
      } else if (binding.window.kind !== 'latest') {
        const source = catalog.sources.get(binding.source)
        if (source) found.set(source.name, source)
      }
    }
  }
  visit(feature)
  return [...found.values()]
}
