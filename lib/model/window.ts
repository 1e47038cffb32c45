import { type Duration, durationMs, parseDuration, renderDuration } from './duration.ts'
import { Calendar } from './partition.ts'
import type { Instant, Local, Zone } from './zone.ts'

const DAY_MS = 86_400_000

/** How far back of a partition's end a view reads an input: a duration, everything since the source's start, or the newest whole folder. */
export type Window = { readonly kind: 'duration'; readonly length: Duration } | { readonly kind: 'all' } | { readonly kind: 'latest' }

/** @throws InvalidInputError when the text is neither a duration nor `all` nor `latest`. */
export function parseWindow(text: string): Window {
  if (text === 'all' || text === 'latest') return { kind: text }
  return { kind: 'duration', length: parseDuration(text) }
}

export function renderWindow(window: Window): string {
  return window.kind === 'duration' ? renderDuration(window.length) : window.kind
}

/**
 * The instant `length` before `end`: hours and minutes exact, days, weeks and months by the calendar of the zone, so seven days before
 * a local midnight is a local midnight, whatever the clocks did between.
 */
export function windowStart(length: Duration, end: Instant, zone: Zone): Instant {
  return shift(length, end, zone, -1)
}

/** The instant `length` after `start`, by the same rules; the last end whose window still touches `start` lies before it. */
export function windowEnd(length: Duration, start: Instant, zone: Zone): Instant {
  return shift(length, start, zone, 1)
}

function shift(length: Duration, at: Instant, zone: Zone, sign: 1 | -1): Instant {
  if (length.unit === 'month') return shiftCalendar('month', length.count * sign, at, zone)
  if (length.unit === 'day') return shiftCalendar('day', length.count * sign, at, zone)
  if (length.unit === 'week') return shiftCalendar('day', length.count * 7 * sign, at, zone)
  return at + durationMs(length) * sign
}

/** From a boundary of the calendar to another boundary; from elsewhere to the same clock time, on the month's last day where it is shorter. */
function shiftCalendar(grain: 'day' | 'month', count: number, at: Instant, zone: Zone): Instant {
  const calendar = new Calendar(grain, zone)
  const index = calendar.indexAt(at)
  if (calendar.start(index) === at) return calendar.start(index + count)
  const local = at + zone.offsetAt(at)
  return zone.toInstant(grain === 'day' ? local + count * DAY_MS : addMonths(local, count))
}

function addMonths(local: Local, count: number): Local {
  const date = new Date(local)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + count]
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay)) + (((local % DAY_MS) + DAY_MS) % DAY_MS)
}
