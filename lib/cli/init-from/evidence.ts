import prettyBytes from 'pretty-bytes'
import type { DataGuess } from '../../model/infer/data-guess.ts'
import type { RankedTime } from '../../model/infer/event-time.ts'
import { type Clock, delayAt } from '../../model/infer/folder-fit.ts'
import type { Instant } from '../../model/zone.ts'
import { count } from '../table.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A share for people, never rounded up to all of it. */
export function percent(share: number): string {
  if (share === 1 || share === 0) return `${share * 100} %`
  const rounded = Math.min(99.99, Math.max(0.01, Math.round(share * 10_000) / 100))
  return `${Number(rounded.toFixed(2))} %`
}

export function number(amount: number): string {
  return amount.toLocaleString('en-US')
}

/** The first few names, and how many more there are. */
export function someOf(names: readonly string[], max = 3): string {
  const more = names.length - max
  return more > 0 ? `${names.slice(0, max).join(', ')} and ${number(more)} more` : names.join(', ')
}

/** An instant by the clock of a column; of one with a zone, in UTC. */
export function timeText(at: Instant, isNaive: boolean): string {
  const text = new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
  return isNaive ? text.slice(0, -1) : text
}

export function lengthText(ms: number): string {
  const [amount, unit] = Math.abs(ms) >= 2 * DAY_MS ? [ms / DAY_MS, 'day'] : [ms / HOUR_MS, 'hour']
  const rounded = Number(amount.toFixed(1))
  return `${rounded} ${unit}${Math.abs(rounded) === 1 ? '' : 's'}`
}

/** `31 objects (12.3 MB)`. */
export function objectsText({ objects, bytes }: Pick<DataGuess, 'objects' | 'bytes'>): string {
  return `${count(objects, 'object')} (${prettyBytes(bytes)})`
}

/** Which clock times and folders go by. */
export function clockText({ zone, keyZone }: Clock): string {
  if (zone === 'UTC') return `folders of ${keyZone}`
  return `times of ${zone}${keyZone === 'UTC' ? '' : `, folders of ${keyZone}`}`
}

/** `2024-01-05 10:00:00Z to 2024-03-01 09:00:00Z`. */
export function rangeText({ candidate: { first, last, reading } }: RankedTime): string {
  return `${timeText(first, reading.isNaive)} to ${timeText(last, reading.isNaive)}`
}

/** Where the rows of a time lie: in words, or nothing where folders say nothing of it. */
export function fitText({ clock, share }: RankedTime): string {
  if (!clock || share === undefined) return ''
  const by = clock.isSameClock ? 'by one clock for both' : clockText(clock.clock)
  return `${percent(share)} of ${number(clock.fit.rows)} sampled rows lie in their folder (${by})`
}

/** How late rows come: what half, nearly all and all of them do not exceed. */
export function latenessText({ clock, share }: RankedTime): string {
  if (!clock) return ''
  if (share === 1) return 'Every sampled row lies in its folder.'
  const { rows, delays } = clock.fit
  const at = (quantile: number) => lengthText(Math.max(0, delayAt(clock.fit, quantile)))
  const outside = (isSo: (delay: number) => boolean) =>
    percent(delays.reduce((sum, [delay, count]) => sum + (isSo(delay) ? count : 0), 0) / rows)
  const late = `${outside((delay) => delay > 0)} of the sampled rows lie before the start of their folder, ${outside((delay) => delay < 0)} after its end.`
  return `${late} Before it by at most: ${at(0.5)} for half of all rows, ${at(0.9)} for 90 %, ${at(0.99)} for 99 %, ${at(1)} for all.`
}

/** A delay that nearly all rows do not exceed, in whole hours or days; undefined where rows come in time. */
export function availableAfter({ clock }: RankedTime): string | undefined {
  const delay = clock ? delayAt(clock.fit, 0.99) : 0
  if (delay <= 0) return undefined
  const hours = Math.ceil(delay / HOUR_MS)
  return hours <= 24 ? `${hours} hour${hours === 1 ? '' : 's'}` : `${Math.ceil(hours / 24)} days`
}
