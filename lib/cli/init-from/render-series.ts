import type { DataGuess } from '../../model/infer/data-guess.ts'
import { number, someOf } from './evidence.ts'
import { comment, line, yaml } from './yaml-lines.ts'

/** From when on there is data. */
export function startLines({ start }: DataGuess): string {
  return line(comment('Before this nothing is expected.'), `start: ${start}`)
}

/** What a folder without data means, with those that there are. */
export function gapsLines({ series, folders, grain, placement }: DataGuess): string {
  const { missing, present, weekdays, first, last } = series
  const usual = folders === 'arrival' ? 'empty' : 'block'
  if (placement.isByChange) return comment('A day without a file had no rows.', 'gaps: empty')
  if (missing.length === 0) {
    const remark = 'block: one that is missing some day blocks what reads it, until somebody has looked. empty: it had no rows.'
    return comment(`No folder is missing from ${first} to ${last}.`, remark, `gaps: ${usual}`)
  }
  const all = weekdays.length > 0 ? `, all of them on a ${weekdays.join(' or a ')}` : ''
  const holes = `${number(missing.length)} of ${number(missing.length + present)} folders of a ${grain} from ${first} to ${last} have no data: ${someOf(missing, 5)}${all}.`
  return line(comment(holes), 'gaps: empty', comment('gaps: block   # what reads such a folder waits, and is reported'))
}

/** What says that a folder is complete. */
export function markerLines({ marker, series }: DataGuess): string {
  const wait = comment('wait: 30 minutes   # grace after the end of a partition, for stragglers')
  if (marker) return line(foundMarker(marker, series.present), wait)
  return line(
    comment('No name in the folders begins with _.', 'marker: _SUCCESS   # an object that says that its folder is complete'),
    wait,
  )
}

function foundMarker({ name, folders, isEverywhere }: NonNullable<DataGuess['marker']>, present: number): string {
  const evidence = `${name} lies in ${number(folders)} of ${number(present)} folders with data: it says that a folder is complete.`
  return isEverywhere
    ? line(comment(evidence), `marker: ${yaml(name)}`)
    : line(comment(evidence, 'Folders without it would wait for it.', `marker: ${yaml(name)}`))
}
