import { InvalidInputError } from './errors.ts'

export type DurationUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month'

/** `7 days`: a count of one unit. Minutes and hours are exact, days and weeks calendar where a zone is at hand. */
export interface Duration {
  readonly count: number
  readonly unit: DurationUnit
}

const SHORT: Record<string, DurationUnit> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month' }
const UNIT_MS: Record<Exclude<DurationUnit, 'month'>, number> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

/** `7 days`, `1 hour`, or short: `7d`, `90m`, `3mo`. @throws InvalidInputError. */
export function parseDuration(text: string): Duration {
  const match = /^\s*(\d+)\s*([a-z]+)\s*$/.exec(text)
  const word = match?.[2] ?? ''
  const unit = SHORT[word] ?? LONG.find((long) => word === long || word === `${long}s`)
  const count = Number(match?.[1])
  if (!match || !unit || !Number.isSafeInteger(count)) {
    throw new InvalidInputError(`'${text}' is not a duration; expected a whole number and a unit, such as 30 minutes, 7 days or 180d`)
  }
  return { count, unit }
}

const LONG: readonly DurationUnit[] = ['second', 'minute', 'hour', 'day', 'week', 'month']

/** Milliseconds of a duration where no calendar is meant (a grace, an age); a month has no fixed length and is refused. */
export function durationMs(duration: Duration): number {
  if (duration.unit === 'month') throw new InvalidInputError(`'${renderDuration(duration)}' has no fixed length; expected days or shorter`)
  return duration.count * UNIT_MS[duration.unit]
}

export function renderDuration({ count, unit }: Duration): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
