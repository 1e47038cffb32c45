import { parseDuration } from '../duration.ts'
import { Calendar, type FolderGrain, type Grain } from '../partition.ts'
import { windowStart } from '../window.ts'
import { type Instant, zoneNamed } from '../zone.ts'
import type { ViewGuess } from './data-guess.ts'

/** What decides the grain of a first view. Instants in milliseconds. */
export interface ViewBasis {
  readonly grain: FolderGrain
  readonly keyZone: string
  readonly start: Instant
  /** Up to here there is data, and inputs are whole. */
  readonly end: Instant
  readonly now: Instant
}

const DAY_MS = 86_400_000
/** Partitions that the first commands look at. */
const PARTITIONS = 14

type Shape = Pick<ViewGuess, 'grain' | 'window' | 'label' | 'word'>
const HOURS: Shape = { grain: 'hour', window: '24 hours', label: '24h', word: 'day' }
const DAYS: Shape = { grain: 'day', window: '7 days', label: '7d', word: 'week' }
const MONTHS: Shape = { grain: 'month', window: '1 month', label: '1mo', word: 'month' }

/** Days over a week; months where folders are as long, and hours where there is less than three days of data. */
export function guessView(basis: ViewBasis): ViewGuess {
  const days = (Math.min(basis.end, basis.now) - basis.start) / DAY_MS
  const isLong = basis.grain === 'month' || basis.grain === 'year'
  const shape = isLong ? MONTHS : days < 3 ? HOURS : DAYS
  const zone = shape.grain === 'hour' ? 'UTC' : basis.keyZone
  const warmUp = days < WARM_DAYS[shape.grain] ? 'compute' : 'skip'
  const period = periodOf(shape, zone, warmUp, basis)
  return { ...shape, zone, warmUp, ...(period && { period }) }
}

/** With less than three windows of data, one of warm-up would be missed. */
const WARM_DAYS: Record<Grain, number> = { hour: 3, day: 21, month: 90 }

/** The newest partitions that have ended, whose inputs are there and whose window begins after the start. */
function periodOf(shape: Shape, zone: string, warmUp: ViewGuess['warmUp'], { start, end, now }: ViewBasis): ViewGuess['period'] {
  const calendar = new Calendar(shape.grain, zoneNamed(zone))
  const until = Math.min(end, now)
  const isReady = (index: number) => {
    const partition = calendar.partition(index)
    const from = warmUp === 'skip' ? windowStart(parseDuration(shape.window), partition.end, calendar.zone) : partition.end - 1
    return partition.end > partition.start && partition.end <= until && from >= start
  }
  let last = calendar.indexAt(until)
  if (!isReady(last)) last--
  if (!isReady(last)) return undefined
  let first = last
  while (last - first < PARTITIONS - 1 && isReady(first - 1)) first--
  return { from: calendar.name(first), to: calendar.name(last) }
}
