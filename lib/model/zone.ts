import { Temporal } from 'temporal-polyfill'
import { InvalidInputError } from './errors.ts'

/** Milliseconds since 1970-01-01 00:00 UTC. */
export type Instant = number

/** A wall-clock time in some zone, as the milliseconds that UTC would need to show the same clock. */
export type Local = number

/** From `at` on, the zone's clocks are `offsetMs` ahead of UTC. */
export interface Transition {
  readonly at: Instant
  readonly offsetMs: number
}

/** A time zone of the IANA database, with the two conversions that everything else is built from. */
export interface Zone {
  readonly name: string
  offsetAt(instant: Instant): number
  /** A local time that does not exist moves forward by the gap; one that exists twice is the first. As Temporal's `compatible`. */
  toInstant(local: Local): Instant
  /** What holds from `start` on, as the first entry, then every change inside `[start, end)`. */
  transitions(start: Instant, end: Instant): readonly Transition[]
}

const DAY_MS = 86_400_000
const zones = new Map<string, Zone>()

/** The zone of that name, cached. @throws InvalidInputError for a name that the database does not have. */
export function zoneNamed(name: string): Zone {
  const known = zones.get(name)
  if (known) return known
  const zone = isUtc(name) ? utc : new IanaZone(name)
  zones.set(name, zone)
  return zone
}

function isUtc(name: string): boolean {
  return name === 'UTC' || name === 'Etc/UTC'
}

const utc: Zone = {
  name: 'UTC',
  offsetAt: () => 0,
  toInstant: (local) => local,
  transitions: (start) => [{ at: start, offsetMs: 0 }],
}

/** Transitions are found once per calendar year (about 1 ms each) and kept: a plan asks for the same few years again and again. */
class IanaZone implements Zone {
  readonly name: string
  readonly #years = new Map<number, readonly Transition[]>()
  /** The year that was asked for last: nearly always the next one too, and finding a year takes longer than all the rest. */
  #last: { readonly start: Instant; readonly end: Instant; readonly entries: readonly Transition[] } = { start: 0, end: 0, entries: [] }

  constructor(name: string) {
    this.name = name
    try {
      // Temporal takes offsets such as +05:30 too; the engine does not.
      if (!/^[A-Za-z]/.test(name)) throw new RangeError('not a name')
      Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    } catch (cause) {
      throw new InvalidInputError(`'${name}' is not a time zone; expected an IANA name such as UTC or America/New_York`, {}, { cause })
    }
  }

  offsetAt(instant: Instant): number {
    const entries = this.#entriesAt(instant)
    let offset = 0
    for (const entry of entries) {
      if (entry.at > instant) break
      offset = entry.offsetMs
    }
    return offset
  }

  toInstant(local: Local): Instant {
    const before = this.offsetAt(local - DAY_MS)
    const after = this.offsetAt(local + DAY_MS)
    const early = local - before
    if (this.offsetAt(early) === before) return early
    const late = local - after
    // Neither offset holds where the clock jumps over `local`: the offset before the gap gives the time moved forward.
    return this.offsetAt(late) === after ? late : early
  }

  transitions(start: Instant, end: Instant): readonly Transition[] {
    const found: Transition[] = [{ at: start, offsetMs: this.offsetAt(start) }]
    for (let year = yearOf(start); year <= yearOf(end); year++) {
      for (const entry of this.#year(year).slice(1)) if (entry.at > start && entry.at < end) found.push(entry)
    }
    return found
  }

  #entriesAt(instant: Instant): readonly Transition[] {
    if (instant >= this.#last.start && instant < this.#last.end) return this.#last.entries
    const year = yearOf(instant)
    this.#last = { start: Date.UTC(year, 0, 1), end: Date.UTC(year + 1, 0, 1), entries: this.#year(year) }
    return this.#last.entries
  }

  /** The offset at the start of the UTC year, then its changes. */
  #year(year: number): readonly Transition[] {
    const known = this.#years.get(year)
    if (known) return known
    const start = Date.UTC(year, 0, 1)
    const end = Date.UTC(year + 1, 0, 1)
    const entries: Transition[] = []
    let at: Temporal.ZonedDateTime | null = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(this.name)
    entries.push({ at: start, offsetMs: offsetMs(at) })
    for (at = at.getTimeZoneTransition('next'); at && at.epochMilliseconds < end; at = at.getTimeZoneTransition('next')) {
      entries.push({ at: at.epochMilliseconds, offsetMs: offsetMs(at) })
    }
    this.#years.set(year, entries)
    return entries
  }
}

function offsetMs(at: Temporal.ZonedDateTime): number {
  return at.offsetNanoseconds / 1e6
}

/** The UTC year of an instant. */
function yearOf(instant: Instant): number {
  return new Date(instant).getUTCFullYear()
}
