import { Calendar, type FolderGrain } from '../partition.ts'
import { type Instant, zoneNamed } from '../zone.ts'

/** No zone's clock and no folder's bound lies between two quarters of an hour. */
export const QUARTER_MS = 900_000

/** How many sampled rows of one folder lie in which quarter of an hour, counted from 1970 by the column's own clock. */
export interface FolderTimes {
  readonly folder: string
  readonly quarters: readonly (readonly [quarter: number, rows: number])[]
}

/** The zone of a time without one, and the zone in which folders are named. */
export interface Clock {
  readonly zone: string
  readonly keyZone: string
}

/** Where rows lie, held against the folders that hold them. */
export interface FolderFit {
  readonly rows: number
  readonly inside: number
  /** How long before the start of its folder a row's time lies, with rows, ascending: 0 inside, below 0 after its end. To a quarter of an hour. */
  readonly delays: readonly (readonly [delayMs: number, rows: number])[]
}

/** Lays times on folders by a clock; what is sampled finer than a quarter of an hour makes no difference. */
export function fitFolders(times: readonly FolderTimes[], grain: FolderGrain, clock: Clock): FolderFit {
  const [zone, calendar] = [zoneNamed(clock.zone), new Calendar(grain, zoneNamed(clock.keyZone))]
  const delays = new Map<number, number>()
  let [rows, inside] = [0, 0]
  for (const { folder, quarters } of times) {
    const { start, end } = calendar.named(folder)
    for (const [quarter, count] of quarters) {
      const delay = delayOf(zone.toInstant(quarter * QUARTER_MS), start, end)
      delays.set(delay, (delays.get(delay) ?? 0) + count)
      rows += count
      if (delay === 0) inside += count
    }
  }
  return { rows, inside, delays: [...delays].sort(([a], [b]) => a - b) }
}

function delayOf(at: Instant, start: Instant, end: Instant): number {
  if (at < start) return start - at
  // The quarter that begins at the end lies outside, by at least one quarter.
  return at < end ? 0 : end - at - QUARTER_MS
}

/** The share of rows in their own folder, 0 to 1; of no rows all of them. */
export function shareInside({ rows, inside }: FolderFit): number {
  return rows === 0 ? 1 : inside / rows
}

/** The delay that `share` of the rows does not exceed. */
export function delayAt({ rows, delays }: FolderFit, share: number): number {
  let seen = 0
  for (const [delay, count] of delays) {
    seen += count
    if (seen >= rows * share) return delay
  }
  return delays.at(-1)?.[0] ?? 0
}
