import prettyBytes from 'pretty-bytes'
import type { InputCut } from '../pipeline/input-cut.ts'
import { renderBounds } from './bounds.ts'
import { count } from './table.ts'

/** One input in words: what it is cut to, what lies there, and what was read. */
export function renderInput(input: InputCut, zone: string): string {
  const { kind, window, folders, first, last, rows, strays, skipped } = input
  const name = input.name === input.from ? input.name : `${input.name} (${input.from})`
  const unit = kind === 'view' ? 'partition' : 'folder'
  const cut =
    window === 'latest'
      ? `newest whole ${unit}`
      : kind === 'view'
        ? `partitions ending in ${renderBounds(input, zone).replaceAll('[', '(').replaceAll(')', ']')}`
        : renderBounds(input, zone)
  const range = first === undefined ? '' : first === last ? ` ${first}` : ` ${first}..${last}`
  const read = [
    ...(rows === undefined ? [] : [count(rows, 'row')]),
    ...(strays ? [`${count(strays, 'stray row')} outside their folder's time`] : []),
    ...(skipped ? [`${count(skipped, 'unreadable row')} skipped`] : []),
  ]
  return [`${name} ${cut}: ${count(folders, unit)}${range}`, count(input.objects, 'object'), prettyBytes(input.bytes), ...read].join(', ')
}
