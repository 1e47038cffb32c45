import type { FolderGrain } from '../partition.ts'
import { type Clock, type FolderFit, type FolderTimes, fitFolders, shareInside } from './folder-fit.ts'

/** From this share on, rows that lie elsewhere are exceptions, and the folders are those of the rows' own time. */
export const IN_FOLDER_MIN = 0.999

/** One zone for each clock that many people live by; those that share a clock look alike in the data. */
const ZONES = [
  'America/New_York',
  'America/Chicago',
  'America/Los_Angeles',
  'America/Denver',
  'America/Sao_Paulo',
  'America/Halifax',
  'America/Anchorage',
  'Pacific/Honolulu',
  'Europe/Berlin',
  'Europe/London',
  'Europe/Athens',
  'Europe/Moscow',
  'Africa/Lagos',
  'Asia/Dubai',
  'Asia/Karachi',
  'Asia/Kolkata',
  'Asia/Dhaka',
  'Asia/Bangkok',
  'Asia/Shanghai',
  'Asia/Tokyo',
  'Australia/Adelaide',
  'Australia/Sydney',
  'Pacific/Auckland',
]

export interface ClockGuess {
  readonly clock: Clock
  readonly fit: FolderFit
  /** Other clocks that fit as well: the data cannot tell them apart. */
  readonly alike: readonly Clock[]
  /** Times without a zone and folders go by one clock, whichever it is: the data cannot tell. */
  readonly isSameClock: boolean
  /** Where no clock fits: another than UTC that fits better. */
  readonly best?: { readonly clock: Clock; readonly share: number }
}

const UTC: Clock = { zone: 'UTC', keyZone: 'UTC' }

/**
 * The clocks by which times lie in their folders. UTC where it fits, which for times without a zone stands for one clock of both; then the zone
 * of times without one, then that of the folders. Where none fits, rows come late, and UTC stays. `homeZone` goes before zones that fit
 * as well.
 */
export function guessClock(
  times: readonly FolderTimes[],
  grain: FolderGrain,
  { isNaive, homeZone }: { readonly isNaive: boolean; readonly homeZone: string },
): ClockGuess {
  const guess = { clock: UTC, fit: fitFolders(times, grain, UTC), alike: [], isSameClock: isNaive }
  const share = shareInside(guess.fit)
  if (share >= IN_FOLDER_MIN) return guess
  const zones = [...new Set([homeZone, ...ZONES])].filter((zone) => zone !== 'UTC')
  const clocks = [
    ...(isNaive ? zones.map((zone) => ({ zone, keyZone: 'UTC' })) : []),
    ...zones.map((keyZone) => ({ zone: 'UTC', keyZone })),
  ]
  const best = bestClocks(times, grain, clocks)
  const [clock = UTC] = best.clocks
  if (best.share < IN_FOLDER_MIN) return best.share > share ? { ...guess, best: { clock, share: best.share } } : guess
  const chosen = best.clocks.find(({ zone, keyZone }) => zone === homeZone || keyZone === homeZone) ?? clock
  return { clock: chosen, fit: fitFolders(times, grain, chosen), alike: best.clocks.filter((one) => one !== chosen), isSameClock: false }
}

/** The clocks that put most rows inside, in the order given. */
function bestClocks(times: readonly FolderTimes[], grain: FolderGrain, clocks: readonly Clock[]) {
  const shares = clocks.map((clock) => ({ clock, share: shareInside(fitFolders(times, grain, clock)) }))
  const share = Math.max(...shares.map((one) => one.share))
  return { share, clocks: shares.filter((one) => one.share === share).map(({ clock }) => clock) }
}
