import { Temporal } from 'temporal-polyfill'
import { durationMs, parseDuration } from './duration.ts'
import { InvalidInputError } from './errors.ts'
import { Calendar, type FolderGrain, type Grain, type Partition } from './partition.ts'
import { windowStart } from './window.ts'
import type { Instant, Zone } from './zone.ts'

/** What a request says about time, as typed: periods of any length, both inclusive, in the view's zone, or a length back from now. */
export type PeriodRequest = { readonly from: string; readonly to: string } | { readonly last: string }

const GRAIN_BY_LENGTH: Record<number, FolderGrain> = { 4: 'year', 7: 'month', 10: 'day', 13: 'hour' }

/** `[start, end)` of `2001`, `2001-03`, `2001-03-04` or `2001-03-04-17` in the zone. @throws InvalidInputError. */
export function parsePeriod(text: string, zone: Zone): { readonly start: Instant; readonly end: Instant } {
  const grain = GRAIN_BY_LENGTH[text.length]
  if (!grain) throw new InvalidInputError(`'${text}' is not a period; expected 2001, 2001-03, 2001-03-04 or 2001-03-04-17`)
  return new Calendar(grain, zone).named(text)
}

/**
 * A moment as a definition writes it: a period's first instant, or an ISO time, read in the zone where it has no offset of its own.
 * @throws InvalidInputError.
 */
export function parseMoment(text: string, zone: Zone): Instant {
  if (/^\d{4}(-\d\d){0,3}$/.test(text)) return parsePeriod(text, zone).start
  try {
    if (/(Z|[+-]\d\d(:?\d\d)?)$/i.test(text.slice(10))) return Temporal.Instant.from(text).epochMilliseconds
    return zone.toInstant(Temporal.PlainDateTime.from(text).toZonedDateTime('UTC').epochMilliseconds)
  } catch (cause) {
    throw new InvalidInputError(
      `'${text}' is not a time; expected a period such as 2001-03-04 or a time such as 2001-03-04T17:00`,
      {},
      { cause },
    )
  }
}

/**
 * The partitions that a request names: those that lie wholly inside it, so a month that it only touches is none of them. `last` counts
 * back from `now` and takes ended partitions only.
 * @throws InvalidInputError when from lies after to, or a named partition has not ended at `now`.
 */
export function requestedPartitions(
  request: PeriodRequest,
  view: { readonly grain: Grain; readonly zone: Zone },
  now: Instant,
): Partition[] {
  const calendar = new Calendar(view.grain, view.zone)
  if ('last' in request) {
    const end = calendar.at(now).start
    const length = parseDuration(request.last)
    if (length.unit !== 'month') durationMs(length)
    return calendar.touching(windowStart(length, end, view.zone), end)
  }
  const from = parsePeriod(request.from, view.zone)
  const to = parsePeriod(request.to, view.zone)
  if (from.start >= to.end && from.start > to.start)
    throw new InvalidInputError(`from lies after to; expected from <= to`, { from: request.from, to: request.to })
  const partitions = calendar.within(from.start, to.end)
  const future = partitions.find((partition) => partition.end > now)
  if (future) {
    const last = calendar.partition(calendar.indexAt(now) - 1).name
    throw new InvalidInputError(`partition ${future.name} has not ended; expected --to ${last} or earlier`, {
      ends: new Date(future.end).toISOString(),
      now: new Date(now).toISOString(),
    })
  }
  return partitions
}
