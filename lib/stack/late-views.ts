import type { FolderGrain } from '../model/partition.ts'
import type { Source } from '../model/source.ts'
import type { View } from '../model/view.ts'

/** A view, and the age of its newest partition from which on somebody should look. */
export interface WatchedView {
  readonly name: string
  readonly lateSeconds: number
}

const HOUR = 3600
const DAY = 24 * HOUR
/** The longest that a partition or folder can be: a day on which clocks go back, a month of 31 days. */
const LONGEST: Readonly<Record<FolderGrain, number>> = { hour: HOUR, day: DAY + HOUR, month: 31 * DAY, year: 366 * DAY }

/**
 * When each view is late. The partition after the newest one ends a grain later, is due when the folders that it reads are complete, and
 * is found by a sweep at the latest; on top comes time for data to arrive: `available_after` where the view says it, else a grain,
 * a day at most.
 */
export function watchedViews(views: readonly View[], sources: readonly Source[], sweepSeconds: number): WatchedView[] {
  return views.map((view) => {
    const read = sourcesBelow(view.name, views, sources)
    const folder = Math.max(0, ...read.map(({ key }) => LONGEST[key.grain]))
    const wait = Math.max(0, ...read.map(({ waitMs }) => waitMs / 1000))
    const arrival = Math.max(view.availableAfterMs / 1000, Math.min(LONGEST[view.grain], DAY))
    return { name: view.name, lateSeconds: Math.ceil(LONGEST[view.grain] + folder + wait + arrival + 2 * sweepSeconds) }
  })
}

/** Every source that a view reads, itself or through other views. */
function sourcesBelow(name: string, views: readonly View[], sources: readonly Source[]): Source[] {
  const names = new Set([name])
  // A set yields what is added to it on the way.
  for (const one of names) for (const { from } of views.find((view) => view.name === one)?.inputs ?? []) names.add(from)
  return sources.filter((source) => names.has(source.name))
}
