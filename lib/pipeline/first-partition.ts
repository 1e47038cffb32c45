import type { ObjectStore } from '../lake/object-store.ts'
import { readSources } from '../lake/sources.ts'
import { readVersion } from '../lake/view-version.ts'
import type { InputBinding, ViewVersion } from '../model/catalog.ts'
import { viewCalendar } from '../model/view.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'

/** A window of a century of days is looked through. */
const PARTITIONS_MAX = 40_000

/**
 * The start of the first partition that can be computed at all, as the sources' `start` and the view's `warm_up` decide; minus infinity
 * where no source says when it starts.
 */
export async function firstPartitionStart(store: ObjectStore, version: ViewVersion): Promise<Instant> {
  const inputs = await Promise.all(version.inputs.map(async (binding) => ({ binding, start: await startOfInput(store, binding) })))
  const known = inputs.filter(({ start }) => start > Number.NEGATIVE_INFINITY)
  if (known.length === 0) return Number.NEGATIVE_INFINITY
  const calendar = viewCalendar(version)
  const from = Math.min(...known.map(({ start }) => start))
  if (version.warmUp === 'compute') return known.length < inputs.length ? Number.NEGATIVE_INFINITY : calendar.at(from).start
  const zone = zoneNamed(version.zone)
  let index = calendar.indexAt(from)
  for (let tried = 0; tried < PARTITIONS_MAX; tried++, index++) {
    const { start, end } = calendar.partition(index)
    const reaches = ({ window }: InputBinding, first: Instant) =>
      window.kind === 'duration' && windowStart(window.length, end, zone) < first
    if (end > start && !known.some((input) => reaches(input.binding, input.start))) return start
  }
  return calendar.start(index)
}

async function startOfInput(store: ObjectStore, binding: InputBinding): Promise<Instant> {
  if (binding.kind === 'source') {
    const { sources, retired } = await readSources(store)
    return (sources[binding.source] ?? retired[binding.source])?.start ?? Number.NEGATIVE_INFINITY
  }
  const upstream = await readVersion(store, binding.view, binding.version)
  return upstream ? firstPartitionStart(store, upstream) : Number.NEGATIVE_INFINITY
}
