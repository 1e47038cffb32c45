import { attempt, unwrap } from '../model/attempt.ts'
import { Calendar, type FolderGrain } from '../model/partition.ts'
import { zoneNamed } from '../model/zone.ts'
import { compareKeys, lowerBound } from './byte-order.ts'
import { type ListOptions, listAll, type ObjectInfo, type ObjectStore } from './object-store.ts'

/** From so many objects on a page is taken for one that another follows: S3 gives 1,000, and fewer where a range begins. */
const FULL_PAGE = 900
/** Objects of a range that is listed for itself, as the first page lets expect: half a page more is asked for than in one listing. */
const RANGE_OBJECTS = 2000
const RANGES_AT_ONCE = 8

/**
 * The same objects as `store.list`, in the same order. Where the store lies beyond a network and the first page shows that there is more,
 * the rest is cut at some of the keys that `splits` gives (in byte order), and the ranges are listed side by side. Each page is taken at
 * its own moment as in any listing, so a writer beside it is seen or not, key by key; only the order of the moments is not that of the keys.
 */
export async function* listSplit(
  store: ObjectStore,
  options: ListOptions,
  splits: () => readonly string[],
): AsyncGenerator<readonly ObjectInfo[]> {
  const pages = store.list(options)[Symbol.asyncIterator]()
  try {
    const first = await pages.next()
    if (first.done) return
    yield first.value
    const last = first.value.at(-1)?.key
    const starts =
      store.isRemote && last !== undefined && first.value.length >= FULL_PAGE ? rangeStarts(splits(), last, first.value.length) : []
    if (last !== undefined && starts.length > 0) {
      yield* listRanges(store, options, [`${last}\0`, ...starts])
      return
    }
    for (let page = await pages.next(); !page.done; page = await pages.next()) yield page.value
  } finally {
    await pages.return?.()
  }
}

/** Where ranges begin behind the first page, each with about `RANGE_OBJECTS` if the rest is as dense as that page. */
function rangeStarts(splits: readonly string[], last: string, listed: number): string[] {
  const next = lowerBound(splits, `${last}\0`)
  const step = Math.max(1, Math.round((RANGE_OBJECTS * Math.max(1, next)) / listed))
  return splits.slice(next).filter((_, at) => (at + 1) % step === 0)
}

/** Lists the ranges that begin there, a few at once, and gives them in order. */
async function* listRanges(store: ObjectStore, options: ListOptions, starts: readonly string[]): AsyncGenerator<readonly ObjectInfo[]> {
  const { before } = options
  const inside = starts.filter((from) => before === undefined || compareKeys(from, before) < 0)
  const ranges = inside.map((from, at): ListOptions => {
    const end = inside[at + 1] ?? before
    return { ...options, from, ...(end !== undefined && { before: end }) }
  })
  const begin = (range: ListOptions | undefined) => range && attempt(() => listAll(store, range))
  const ahead = ranges.slice(0, RANGES_AT_ONCE).map(begin)
  for (let at = RANGES_AT_ONCE; ahead.length > 0; at++) {
    const objects = unwrap(await ahead.shift())
    const next = begin(ranges[at])
    if (next) ahead.push(next)
    if (objects.length > 0) yield objects
  }
}

const GRAINS: Readonly<Record<number, FolderGrain>> = { 4: 'year', 7: 'month', 10: 'day', 13: 'hour' }

/** Names of the partitions from `first` to `last`, both included; none where those are names of no grain, or of two. */
export function namesBetween(first: string, last: string): string[] {
  const grain = GRAINS[first.length]
  if (grain === undefined || last.length !== first.length) return []
  const calendar = new Calendar(grain, zoneNamed('UTC'))
  const [from, to] = [calendar.indexOf(first), calendar.indexOf(last)]
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => calendar.name(from + at))
}
