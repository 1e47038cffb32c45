import { InvalidInputError } from '../model/errors.ts'
import { titleOf } from '../model/infer/column-facts.ts'
import type { DataGuess, MarkerGuess } from '../model/infer/data-guess.ts'
import { foldersOf, type RankedTime, rankTimes, type TimeCandidate } from '../model/infer/event-time.ts'
import type { FolderTimes } from '../model/infer/folder-fit.ts'
import { seriesOf } from '../model/infer/folder-series.ts'
import { groupBy } from '../model/infer/group-by.ts'
import { guessView } from '../model/infer/guess-view.ts'
import { readKey } from '../model/infer/infer-key.ts'
import { refusedTime, type TimeReading, timeReading } from '../model/infer/time-reading.ts'
import { Calendar } from '../model/partition.ts'
import { zoneNamed } from '../model/zone.ts'
import type { SampledColumn, SampledColumns } from './infer-columns.ts'
import type { Inference } from './infer-source.ts'

/** What the event time and the folders together decide. */
export type TimeGuess = Pick<
  DataGuess,
  'times' | 'refusedTimes' | 'folders' | 'keyZone' | 'zone' | 'series' | 'start' | 'marker' | 'badRows' | 'view'
>

/** Chooses the event time, and with it zones, kind of folders, start and the first view's partitions. @throws InvalidInputError without one. */
export async function inferTime(inference: Inference, sampled: SampledColumns): Promise<TimeGuess> {
  const { placed, homeZone, store } = inference
  const { grain } = placed.placement.guess.template
  const candidates: TimeCandidate[] = []
  for (const column of sampled.columns) {
    const reading = timeReading(column.facts, column.guess)
    const candidate = reading && (await candidateOf(inference, sampled, column, reading))
    if (candidate) candidates.push(candidate)
  }
  const refusedTimes = sampled.columns.flatMap(({ facts, guess }) => {
    const reason = refusedTime(facts, guess)
    return reason === undefined ? [] : [{ name: titleOf(facts), reason }]
  })
  const [time, ...others] = rankTimes(candidates, { grain, homeZone })
  if (!time || time.refusal !== undefined) {
    const refused = [...refusedTimes, ...(time ? [{ name: time.candidate.column, reason: time.refusal ?? '' }] : [])]
    const found =
      refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ') || sampled.columns.map(({ facts }) => titleOf(facts)).join(', ')
    throw new InvalidInputError(`no column in ${store.location} is a time that hindcast can take; found ${found}; ${NEEDED}`)
  }
  const badRows = await badRowsOf(sampled, time)
  return { times: [time, ...others], refusedTimes, ...foldersBy(inference, time), ...(badRows && { badRows }) }
}

const NEEDED = 'expected a timestamp, a date, ISO text such as 2024-01-05T10:00:00Z, or whole seconds, ms, us or ns since 1970'

async function candidateOf(
  { placed }: Inference,
  { table }: SampledColumns,
  { index, facts }: SampledColumn,
  reading: TimeReading,
): Promise<TimeCandidate | undefined> {
  const range = await table.range(index, reading)
  if (!range) return undefined
  const times = placed.placement.isByChange
    ? []
    : await timesPerFolder(
        placed.objects.map(({ folder }) => folder),
        await table.quarters(index, reading),
      )
  return { column: facts.name, reading, rows: facts.rows, values: facts.values, ...range, times }
}

function timesPerFolder(names: readonly string[], quarters: readonly { folder: number; quarter: number; rows: number }[]): FolderTimes[] {
  const folders = [...new Set(names)].sort()
  const grouped = groupBy(quarters, ({ folder }) => folder)
  return [...grouped].map(([folder, found]) => ({
    folder: folders[folder] ?? '',
    quarters: found.map(({ quarter, rows }) => [quarter, rows] as const),
  }))
}

/** Rows without an event time cannot be read; the share is that of the worst object. */
async function badRowsOf({ table, columns, badRows }: SampledColumns, { candidate }: RankedTime): Promise<DataGuess['badRows']> {
  const column = columns.find(({ facts }) => facts.name === candidate.column && facts.inside.length === 0)
  const share = column ? await table.unreadableShare(column.index, candidate.reading) : 0
  if (share <= (badRows?.share ?? 0)) return badRows
  return { share, reason: `column '${candidate.column}': NULL, or no time` }
}

function foldersBy(inference: Inference, time: RankedTime): Omit<TimeGuess, 'times' | 'refusedTimes' | 'badRows'> {
  const { placed, now } = inference
  const { isByChange, guess } = placed.placement
  const { grain } = guess.template
  const folders = foldersOf(time)
  const { zone, keyZone } = time.clock?.clock ?? { zone: 'UTC', keyZone: 'UTC' }
  const series = seriesOf(new Set(placed.objects.map(({ folder }) => folder)), grain)
  const marker = markerOf(inference)
  const calendar = new Calendar(grain, zoneNamed(keyZone))
  const { first, last } = time.candidate
  const days = new Calendar('day', zoneNamed(keyZone))
  const start = isByChange ? days.at(first).name : series.first
  const newest = marker?.isEverywhere ? wholeUntil(inference, marker, series.last) : series.last
  // What arrived last may tell of less than its whole folder.
  const end = folders === 'event_time' ? calendar.named(newest).end : days.at(last).end
  const from = isByChange ? days.named(start).start : calendar.named(start).start
  const view = guessView({ grain: isByChange ? 'day' : grain, keyZone, start: from, end, now })
  return { folders, keyZone, zone, series, start, ...(marker && { marker }), view }
}

/** The name of a marker that most folders with data have. */
function markerOf({ placed }: Inference): MarkerGuess | undefined {
  const { placement, objects, listing } = placed
  const present = new Set(objects.map(({ folder }) => folder))
  const byName = new Map<string, Set<string>>()
  for (const { key } of listing.markers) {
    const folder = readKey(placement.guess.template, key)?.folder.name
    const name = key.slice(key.lastIndexOf('/') + 1)
    if (folder === undefined || !present.has(folder)) continue
    byName.set(name, (byName.get(name) ?? new Set()).add(folder))
  }
  const [best] = [...byName].sort(([, a], [, b]) => b.size - a.size)
  if (!best) return undefined
  const [name, folders] = best
  const newest = [...present].sort().at(-1) ?? ''
  const lacking = [...present].filter((folder) => !folders.has(folder))
  return { name, folders: folders.size, isEverywhere: lacking.every((folder) => folder === newest) }
}

/** The newest folder that has its marker. */
function wholeUntil({ placed }: Inference, { name }: MarkerGuess, last: string): string {
  const { template } = placed.placement.guess
  const marked = placed.listing.markers.flatMap(({ key }) => (key.endsWith(`/${name}`) ? (readKey(template, key)?.folder.name ?? []) : []))
  return marked.sort().at(-1) ?? last
}
