import type { DataGuess } from '../../model/infer/data-guess.ts'
import type { RankedTime } from '../../model/infer/event-time.ts'
import { clockText, fitText, latenessText, percent, rangeText, someOf } from './evidence.ts'
import { comment, line, oneLine, yaml } from './yaml-lines.ts'

/** The event time, with whatever else reads as a time. */
export function eventTimeLines({ times, refusedTimes, zone, keyZone }: DataGuess): string {
  const [time, ...others] = times
  return line(
    comment(timeEvidence(time)),
    `event_time: ${eventTimeValue(time, zone === keyZone ? undefined : zone)}`,
    comment(
      ...others.map(
        (other) =>
          `event_time: ${eventTimeValue(other, undefined)}   # ${other.refusal === undefined ? '' : `${other.refusal}; `}${timeEvidence(other)}`,
      ),
      ...refusedTimes.map(({ name, reason }) => `not ${name}: ${oneLine(reason)}`),
    ),
  )
}

function eventTimeValue({ candidate: { column, reading } }: RankedTime, zone: string | undefined): string {
  if (!reading.unit && zone === undefined) return yaml(column)
  return yaml({ column, ...(reading.unit && { unit: reading.unit }), ...(zone !== undefined && reading.isNaive && { zone }) })
}

function timeEvidence(time: RankedTime): string {
  const { reading, values, rows, column } = time.candidate
  const nulls = values < rows ? `, NULL in ${percent(1 - values / rows)}` : ''
  const failed = reading.failed > 0 ? `, no time in ${percent(reading.failed / values)}` : ''
  const fit = fitText(time)
  return `${column}: ${rangeText(time)}${nulls}${failed}${fit === '' ? '' : `; ${fit}`}`
}

/** What folders hold, with how late rows come. */
export function foldersLines({ folders, times, placement }: DataGuess): string {
  const [time] = times
  const evidence = placement.isByChange
    ? 'A folder is named by the day on which its files were last changed; their rows are of any time.'
    : latenessText(time)
  if (folders === 'arrival') {
    return line(
      comment(evidence, 'arrival: rows of any time arrive at any time; each object is landed once, split by event time.'),
      'folders: arrival',
      comment('folders: event_time   # read in place; a row outside its own folder is missed by partitions that do not read that folder'),
    )
  }
  return line(
    comment('event_time: a folder holds the rows of its own time, and is read in place.', evidence),
    'folders: event_time',
    comment('folders: arrival   # rows of any time in any folder: each object is then landed once, split by event time'),
  )
}

/** The zone of folders, with what the data cannot tell of it. */
export function zoneLines({ keyZone, times }: DataGuess): string {
  const [{ clock, candidate }] = times
  const isUnknown = candidate.reading.isNaive && (!clock || clock.isSameClock)
  const same = clock
    ? 'Times have no zone, and they and the folders go by one clock; which one, the data cannot tell.'
    : 'Times have no zone.'
  const best = clock?.best
    ? `No clock puts all rows into their folders; by ${clockText(clock.best.clock)}, ${percent(clock.best.share)} would lie there.`
    : ''
  const alike = clock && clock.alike.length > 0 ? `In this data the same: ${someOf(clock.alike.map(clockText), 5)}.` : ''
  return line(
    comment('The zone in which folders are named.', isUnknown ? `${same} If it is not UTC, name it here.` : '', best, alike),
    `key_zone: ${keyZone}`,
  )
}
