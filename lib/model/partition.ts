import { InvalidInputError } from './errors.ts'
import type { Instant, Zone } from './zone.ts'

/** Length of one output partition. Folders of a source may also be years. */
export type Grain = 'hour' | 'day' | 'month'
export type FolderGrain = Grain | 'year'

/** One grain-long interval `[start, end)`, named by its start in its zone. */
export interface Partition {
  readonly name: string
  readonly start: Instant
  readonly end: Instant
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** No clock ever jumped by more than a day. */
const GAP_MAX_MS = 2 * DAY_MS

/**
 * Divides time into the partitions of one grain in one zone. Partitions are numbered by the zone's clock, so a day that begins at
 * 01:00 (its midnight was skipped) or lasts 25 hours is one partition like any other, and a day that a zone skipped has no length.
 */
export class Calendar {
  readonly grain: FolderGrain
  readonly zone: Zone

  constructor(grain: FolderGrain, zone: Zone) {
    this.grain = grain
    this.zone = zone
  }

  /** The number of the partition that holds the instant. */
  indexAt(instant: Instant): number {
    const local = instant + this.zone.offsetAt(instant)
    const index = indexOfLocal(this.grain, local)
    // Inside an hour or day that the clock passes twice, the partition is the one whose bounds hold the instant.
    if (this.start(index) > instant) return index - 1
    return this.start(index + 1) <= instant ? this.indexAtOrAfter(index + 1, instant) : index
  }

  /** The first instant of partition `index`: where the clock jumps over its boundary, the jump. */
  start(index: number): Instant {
    const local = localOfIndex(this.grain, index)
    const at = this.zone.toInstant(local)
    if (at + this.zone.offsetAt(at) === local) return at
    // `at` is moved by the whole gap, which may be past later boundaries that the same gap skips (a day, in Apia).
    return this.zone.transitions(at - GAP_MAX_MS, at + 1).at(-1)?.at ?? at
  }

  name(index: number): string {
    return nameOfLocal(this.grain, localOfIndex(this.grain, index))
  }

  partition(index: number): Partition {
    return { name: this.name(index), start: this.start(index), end: this.start(index + 1) }
  }

  at(instant: Instant): Partition {
    return this.partition(this.indexAt(instant))
  }

  /** @throws InvalidInputError when the name is not one of this grain. */
  indexOf(name: string): number {
    const match = NAME[this.grain].exec(name)
    const local = match ? Date.UTC(Number(match[1]), Number(match[2] ?? 1) - 1, Number(match[3] ?? 1), Number(match[4] ?? 0)) : Number.NaN
    if (Number.isNaN(local) || nameOfLocal(this.grain, local) !== name) {
      throw new InvalidInputError(`'${name}' is not a ${this.grain} partition; expected a name such as ${EXAMPLE[this.grain]}`)
    }
    return indexOfLocal(this.grain, local)
  }

  named(name: string): Partition {
    return this.partition(this.indexOf(name))
  }

  /** The partition of that name, undefined for a name of another grain. */
  find(name: string): Partition | undefined {
    return NAME[this.grain].test(name) ? this.named(name) : undefined
  }

  /** Partitions that lie wholly in `[start, end)`, in order of time; those without length are left out. */
  within(start: Instant, end: Instant): Partition[] {
    const found: Partition[] = []
    if (start >= end) return found
    let index = this.indexAt(start)
    if (this.start(index) < start) index++
    for (let next = this.partition(index); next.end <= end; next = this.partition(++index)) if (next.end > next.start) found.push(next)
    return found
  }

  /** Partitions that share at least one instant with `[start, end)`, in order of time. */
  touching(start: Instant, end: Instant): Partition[] {
    const found: Partition[] = []
    if (start >= end) return found
    let index = this.indexAt(start)
    for (let next = this.partition(index); next.start < end; next = this.partition(++index)) if (next.end > next.start) found.push(next)
    return found
  }

  private indexAtOrAfter(index: number, instant: Instant): number {
    let at = index
    while (this.start(at + 1) <= instant) at++
    return at
  }
}

/** Kept for up to a century of days: rendering a date takes ten times as long as finding it. */
const DAY_NAMES_MAX = 36_525
const dayNames = new Map<number, string>()

function nameOfDay(local: number): string {
  const day = Math.floor(local / DAY_MS)
  const known = dayNames.get(day)
  if (known !== undefined) return known
  if (dayNames.size >= DAY_NAMES_MAX) dayNames.clear()
  const name = new Date(local).toISOString().slice(0, 10)
  dayNames.set(day, name)
  return name
}

const NAME: Record<FolderGrain, RegExp> = {
  hour: /^(\d{4})-(\d\d)-(\d\d)-(\d\d)$/,
  day: /^(\d{4})-(\d\d)-(\d\d)$/,
  month: /^(\d{4})-(\d\d)$/,
  year: /^(\d{4})$/,
}

const EXAMPLE: Record<FolderGrain, string> = { hour: '2001-03-04-17', day: '2001-03-04', month: '2001-03', year: '2001' }

function indexOfLocal(grain: FolderGrain, local: number): number {
  if (grain === 'hour') return Math.floor(local / HOUR_MS)
  if (grain === 'day') return Math.floor(local / DAY_MS)
  const date = new Date(local)
  return grain === 'month' ? date.getUTCFullYear() * 12 + date.getUTCMonth() : date.getUTCFullYear()
}

function localOfIndex(grain: FolderGrain, index: number): number {
  if (grain === 'hour') return index * HOUR_MS
  if (grain === 'day') return index * DAY_MS
  return grain === 'month' ? Date.UTC(Math.floor(index / 12), ((index % 12) + 12) % 12, 1) : Date.UTC(index, 0, 1)
}

function nameOfLocal(grain: FolderGrain, local: number): string {
  if (grain === 'hour')
    return `${nameOfDay(local)}-${String(Math.floor(local / HOUR_MS) - Math.floor(local / DAY_MS) * 24).padStart(2, '0')}`
  if (grain === 'day') return nameOfDay(local)
  const iso = new Date(local).toISOString()
  return grain === 'month' ? iso.slice(0, 7) : iso.slice(0, 4)
}
