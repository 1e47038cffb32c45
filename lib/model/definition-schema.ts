import * as z from 'zod'
import { type Duration, durationMs, parseDuration } from './duration.ts'
import { InvalidInputError } from './errors.ts'
import { parsedBy } from './zod-problems.ts'
import { zoneNamed } from './zone.ts'

/** Pieces that several kinds of definition file share. */

export const text = z.string().trim().min(1)

/** A length above zero that keeps its unit. */
export const length = parsedBy(text, parseLength)

/** A length without a calendar, as milliseconds; a bare 0 is one too. */
export const milliseconds = parsedBy(z.union([z.string(), z.literal(0)]), (value) => (value === 0 ? 0 : durationMs(parseDuration(value))))

/** An age above zero, as milliseconds: no calendar is meant. */
export const age = parsedBy(text, (value) => durationMs(parseLength(value)))

/** The name of an IANA time zone. */
export const zone = parsedBy(text, (name) => zoneNamed(name).name)

/** The format number of a definition file. */
export const formatNumber = parsedBy(z.int(), parseFormatNumber).default(1)

/** A key that is kept for a later build. */
export const reserved = z.custom<never>(() => false, { error: 'reserved, not built yet' }).optional()

/** @throws InvalidInputError for what is no duration, or one of nothing. */
export function parseLength(value: string): Duration {
  const duration = parseDuration(value)
  if (duration.count === 0) throw new InvalidInputError(`'${value}' is no length; expected more than 0`)
  return duration
}

function parseFormatNumber(value: number): 1 {
  if (value !== 1) throw new InvalidInputError(`found ${value}; this build reads 1`)
  return value
}

/** The file's name without folder and ending. */
export function baseName(file: string, ending: string): string {
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
  return base.endsWith(ending) ? base.slice(0, -ending.length) : base
}
