/**
 * Which partitions of a view a report shows: from where its history begins to its newest partition, and a month beyond, so that what has
 * stopped coming is seen.
 */
import { versionPrefix } from '../../lake/keys.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import type { Catalog, Feature } from '../../model/catalog.ts'
import type { Grain, Partition } from '../../model/partition.ts'
import { viewCalendar } from '../../model/view.ts'
import type { Instant } from '../../model/zone.ts'
import { startOf } from '../view-folders.ts'

/** Partitions that a report looks at per view, the newest: five years of days, a year of hours, twenty years of months. */
const SHOWN_MAX: Readonly<Record<Grain, number>> = { hour: 366 * 24, day: 1830, month: 240 }
const BEYOND_MS = 31 * 86_400_000

export interface ReportRange {
  readonly partitions: readonly Partition[]
  /** Older partitions that are not looked at. */
  readonly older: number
}

/** The range of a view in a lake. */
export async function lakeRange(feature: Feature, catalog: Catalog, store: ObjectStore, now: Instant): Promise<ReportRange> {
  const calendar = viewCalendar(feature.version)
  const standing = await standingRange(store, feature)
  const ended = calendar.start(calendar.indexAt(now))
  const newest = standing && calendar.named(standing.last).end
  const end = Math.min(ended, newest === undefined ? ended : newest + BEYOND_MS)
  const oldest = standing ? calendar.named(standing.first).start : end - BEYOND_MS
  const start = Math.min(startOf(catalog, feature) ?? oldest, oldest)
  return shown(feature, start, end)
}

/** The range of a view in a run, from its first to its last partition. */
export function runRange(feature: Feature, first: string, last: string): ReportRange {
  const calendar = viewCalendar(feature.version)
  return shown(feature, calendar.named(first).start, calendar.named(last).end)
}

function shown(feature: Feature, start: Instant, end: Instant): ReportRange {
  const calendar = viewCalendar(feature.version)
  const max = SHOWN_MAX[feature.version.grain]
  const [first, last] = [calendar.indexAt(start), calendar.indexAt(end - 1)]
  const from = Math.max(first, last - max + 1)
  return { partitions: calendar.within(calendar.start(from), end), older: Math.max(0, from - first) }
}

/** The first and the last partition that has an output; one listing of names, none of them kept. */
async function standingRange(store: ObjectStore, { version }: Feature): Promise<{ first: string; last: string } | undefined> {
  const prefix = versionPrefix(version.view, version.version)
  let range: { first: string; last: string } | undefined
  for await (const page of store.list({ prefix })) {
    for (const { key } of page) {
      const name = /^dt=([^/]+)\/features\.parquet$/.exec(key.slice(prefix.length))?.[1]
      if (name !== undefined) range = { first: range?.first ?? name, last: name }
    }
  }
  return range
}
