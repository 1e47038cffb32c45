import { Calendar, type FolderGrain } from '../partition.ts'
import { zoneNamed } from '../zone.ts'

/** The folders of a source from the first to the last that holds data. */
export interface FolderSeries {
  readonly first: string
  readonly last: string
  /** Folders with data. */
  readonly present: number
  /** Those between without any, in order of time. */
  readonly missing: readonly string[]
  /** The days of the week on which all that are missing lie, for folders of a day; empty where they lie anywhere. */
  readonly weekdays: readonly string[]
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const DAY_MS = 86_400_000
/** Of a wrong year alone nobody wants a list of a thousand years of hours. */
const MISSING_MAX = 1_000_000

/** Looks at folders by their names. @throws RangeError without any. */
export function seriesOf(names: Iterable<string>, grain: FolderGrain): FolderSeries {
  // Names are of some zone's clock; holes between them are the same in UTC.
  const calendar = new Calendar(grain, zoneNamed('UTC'))
  const indexes = [...new Set([...names].map((name) => calendar.indexOf(name)))].sort((a, b) => a - b)
  const [first, last] = [indexes[0], indexes.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('a series needs a folder')
  const present = new Set(indexes)
  const missing: number[] = []
  for (let index = first; index <= last && missing.length < MISSING_MAX; index++) if (!present.has(index)) missing.push(index)
  return {
    first: calendar.name(first),
    last: calendar.name(last),
    present: indexes.length,
    missing: missing.map((index) => calendar.name(index)),
    weekdays: grain === 'day' ? weekdaysOf(missing.map((index) => calendar.start(index))) : [],
  }
}

/** Shops that are closed on Sundays: at least three holes, on one or two days of the week. */
function weekdaysOf(days: readonly number[]): string[] {
  const found = new Set(days.map((day) => new Date(day).getUTCDay()))
  return days.length >= 3 && found.size <= 2 ? [...found].sort().map((day) => WEEKDAYS[day] ?? '') : []
}

/** How many days lie from the first to the last folder, both included. */
export function daysCovered({ first, last }: FolderSeries, grain: FolderGrain): number {
  const calendar = new Calendar(grain, zoneNamed('UTC'))
  return (calendar.start(calendar.indexOf(last) + 1) - calendar.start(calendar.indexOf(first))) / DAY_MS
}
