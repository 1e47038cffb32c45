import type { FolderGrain } from '../partition.ts'
import type { Instant } from '../zone.ts'
import { snakeName } from './column-facts.ts'
import { type ClockGuess, guessClock, IN_FOLDER_MIN } from './event-clock.ts'
import { delayAt, type FolderTimes, shareInside } from './folder-fit.ts'
import { isTimeName, type TimeReading } from './time-reading.ts'

/** A column that reads as a time, with what was sampled of it. */
export interface TimeCandidate {
  readonly column: string
  readonly reading: TimeReading
  readonly rows: number
  readonly values: number
  /** The first and last value, by the column's own clock. */
  readonly first: Instant
  readonly last: Instant
  /** Per sampled folder; none where keys name no time. */
  readonly times: readonly FolderTimes[]
}

export interface RankedTime {
  readonly candidate: TimeCandidate
  /** Where folders are known. */
  readonly clock?: ClockGuess
  /** The share of rows in their own folder by that clock. */
  readonly share?: number
  readonly score: number
  /** Why it is no event time, where it is none. */
  readonly refusal?: string
}

const DAY_MS = 86_400_000
/** Names of when a record was handled, not of when something happened. */
const HANDLED =
  /(^|_)(ingest(ed|ion)?|receiv(ed|e)|load(ed)?|insert(ed)?|update(d)?|modified|process(ed|ing)?|arriv(ed|al)|export(ed)?|sync(ed)?|etl|dw|landed|written|logged)(_|$)/
/** Names of other times in the life of an entity. */
const OTHER =
  /(birth|dob|expir|valid|due|deadline|schedul|planned|signup|sign_up|regist|joined|until|deliver|cancel|delet|end_|ended|finish)/

/**
 * The columns that may be the event time, the likeliest first: rows in their own folders say most, then a name, then a time finer than a
 * day. A column that lies far from its folders is none; neither is a number that only looks like an epoch.
 */
export function rankTimes(
  candidates: readonly TimeCandidate[],
  options: { readonly grain: FolderGrain; readonly homeZone: string },
): RankedTime[] {
  const ranked = candidates.map((candidate) => rank(candidate, options))
  return ranked.sort((a, b) => Number(a.refusal !== undefined) - Number(b.refusal !== undefined) || b.score - a.score)
}

function rank(candidate: TimeCandidate, { grain, homeZone }: { readonly grain: FolderGrain; readonly homeZone: string }): RankedTime {
  const { column, reading, rows, values, times } = candidate
  const name = snakeName(column)
  const isNamed = isTimeName(column)
  const nulls = rows === 0 ? 0 : 1 - values / rows
  const named = (HANDLED.test(name) ? -2 : 0) + (OTHER.test(name) ? -0.6 : 0) + (isNamed ? 0.3 : 0)
  const score = named - 2 * nulls - 2 * (reading.failed / values) - (reading.type === 'DATE' ? 0.4 : 0)
  if (times.length === 0) {
    const refusal = reading.unit && !isNamed ? 'a number whose name says nothing of a time' : undefined
    return { candidate, score, ...(refusal && { refusal }) }
  }
  const clock = guessClock(times, grain, { isNaive: reading.isNaive, homeZone })
  const share = shareInside(clock.fit)
  const refusal = refusalOf(candidate, clock, isNamed)
  return { candidate, clock, share, score: score + share, ...(refusal && { refusal }) }
}

function refusalOf({ reading }: TimeCandidate, { fit }: ClockGuess, isNamed: boolean): string | undefined {
  const middle = delayAt(fit, 0.5)
  if (middle > 400 * DAY_MS || middle < -2 * DAY_MS) return 'most rows lie far from their folders'
  if (reading.unit && !isNamed && shareInside(fit) < 0.5) return 'a number whose name says nothing of a time'
  return undefined
}

/** Rows of any time in any folder, or each in its own. Late rows of an event-time folder would be missed by some partitions. */
export function foldersOf({ share }: RankedTime): 'event_time' | 'arrival' {
  return share !== undefined && share >= IN_FOLDER_MIN ? 'event_time' : 'arrival'
}
