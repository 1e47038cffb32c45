/**
 * What a pattern of differences points at: a person who sees that all of them lie on the day on which clocks changed knows where to
 * look. Pure; says nothing where there is no pattern.
 */

import { hasClockChange } from '../model/clock-change.ts'
import type { Grain, Partition } from '../model/partition.ts'
import { zoneNamed } from '../model/zone.ts'

export interface Hint {
  readonly kind: 'null' | 'clock change' | 'offset' | 'day border'
  readonly text: string
}

export interface HintQuestion {
  readonly zone: string
  readonly grain: Grain
  /** All partitions that were compared, in order of time, with the rows of each that differ or are on one side only. */
  readonly partitions: readonly { readonly partition: Partition; readonly differing: number }[]
  readonly columns: readonly HintColumn[]
}

export interface HintColumn {
  readonly name: string
  readonly different: number
  readonly nullOnOneSide: number
  readonly dayApart: number
  /** By partition: the sum of there minus here. */
  readonly net?: readonly number[]
}

/** A pattern has to hold for nearly all differences. */
const MOST = 0.9
/** Partitions with and without differences that it takes to tell two offsets apart. */
const OFFSET_PARTITIONS_MIN = 2

export function hintsOf(question: HintQuestion): Hint[] {
  return [...nullHints(question), ...clockHints(question), ...dayApartHints(question), ...hourHints(question), ...shiftHints(question)]
}

function nullHints({ columns }: HintQuestion): Hint[] {
  const found = columns.filter(({ different, nullOnOneSide }) => nullOnOneSide > 0 && nullOnOneSide >= different * MOST)
  return found.map(({ name, different, nullOnOneSide }) => ({
    kind: 'null',
    text: `${name}: ${nullOnOneSide} of ${different} different values are NULL on one side`,
  }))
}

function clockHints({ zone: name, partitions }: HintQuestion): Hint[] {
  const zone = zoneNamed(name)
  const differing = partitions.filter((one) => one.differing > 0)
  const same = partitions.filter((one) => one.differing === 0)
  if (differing.length === 0) return []
  if (differing.every(({ partition }) => hasClockChange(zone, partition))) {
    const days = differing.map(({ partition }) => partition.name)
    return [{ kind: 'clock change', text: `all differences lie where the clocks of ${name} change: ${listed(days)}` }]
  }
  const offsets = (all: typeof partitions) => new Set(all.map(({ partition }) => zone.offsetAt(partition.start)))
  const [theirs, others] = [offsets(differing), offsets(same)]
  const [offset] = theirs
  const enough = Math.min(differing.length, same.length) >= OFFSET_PARTITIONS_MIN
  if (!enough || offset === undefined || theirs.size > 1 || others.has(offset)) return []
  const text = `all differences lie where ${name} is at UTC${renderOffset(offset)}, and nothing differs elsewhere: one side may ignore a change of clocks`
  return [{ kind: 'offset', text }]
}

function dayApartHints({ columns }: HintQuestion): Hint[] {
  const found = columns.filter(({ different, dayApart }) => dayApart > 0 && dayApart >= different * MOST)
  return found.map(({ name, different, dayApart }) => ({
    kind: 'day border',
    text: `${name}: ${dayApart} of ${different} different times lie on neighbouring days: one side may end its days in another zone`,
  }))
}

/** Differences of an hourly view that keep to one or two hours of the day. */
function hourHints({ grain, partitions }: HintQuestion): Hint[] {
  if (grain !== 'hour') return []
  const hours = (all: typeof partitions) => new Set(all.map(({ partition }) => partition.name.slice(-2)))
  const differing = partitions.filter((one) => one.differing > 0)
  const found = hours(differing)
  if (differing.length < 3 || found.size > 2 || hours(partitions).size < 4 * found.size) return []
  return [
    {
      kind: 'day border',
      text: `all differences lie in the hour${found.size > 1 ? 's' : ''} ${[...found].sort().join(' and ')} of the day (UTC)`,
    },
  ]
}

/** What one partition lacks, a neighbour has: running totals that stay small while the differences add up. */
const SHIFT_PARTITIONS_MIN = 7

function shiftHints({ columns }: HintQuestion): Hint[] {
  return columns.flatMap(({ name, net }) => {
    if (!net || !isShift(net)) return []
    const text = `${name}: what one partition lacks its neighbours have: one side may put events near a border into the next partition`
    return [{ kind: 'day border' as const, text }]
  })
}

/** A sum of independent differences would stray as the root of their number; one of shifted amounts comes back. */
function isShift(net: readonly number[]): boolean {
  const moved = net.filter((value) => value !== 0)
  if (moved.length < SHIFT_PARTITIONS_MIN || !moved.every(Number.isInteger)) return false
  let [running, furthest, total] = [0, 0, 0]
  for (const value of net) {
    running += value
    furthest = Math.max(furthest, Math.abs(running))
    total += Math.abs(value)
  }
  return total >= furthest * Math.max(4, 1.5 * Math.sqrt(moved.length))
}

function renderOffset(ms: number): string {
  const minutes = Math.abs(ms) / 60_000
  const [hours, rest] = [Math.floor(minutes / 60), Math.round(minutes % 60)]
  return `${ms < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

const LISTED_MAX = 4

function listed(names: readonly string[]): string {
  const more = names.length - LISTED_MAX
  return `${names.slice(0, LISTED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
