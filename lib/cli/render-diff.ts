import type { ColumnShare, Diff, DiffedSide, PartitionDiff } from '../pipeline/diff.ts'
import { isSame } from '../pipeline/diff.ts'
import { EXIT } from './exit-codes.ts'
import { renderDifference } from './render-different.ts'
import { count, renderTable } from './table.ts'

const COLUMNS_MAX = 8
/** Lines of the table of days; more days share them. */
const DAYS_MAX = 14

/** A comparison of two tables for a person. */
export function renderDiff(diff: Diff): string {
  const { view, first, last, partitions } = diff
  const span = first === undefined ? '' : ` ${first}..${last}`
  const head = [`${view}${span}`, `  here:  ${sideOf(diff.here)}`, `  there: ${sideOf(diff.there)}`]
  const notes = [...diff.notes.map((note) => `  note: ${note}`), ...notCompared(diff)]
  if (partitions.compared === 0) return [...head, '  nothing compared: no partition is on both sides', ...notes].join('\n')
  const same = isSame(diff)
  return [
    ...head,
    ...rowsOf(diff),
    ...notes,
    ...(same ? [] : ['', ...renderColumns(diff), ...renderDays(diff), ...renderExamples(diff)]),
    ...diff.hints.map(({ text }) => `  hint: ${text}`),
  ].join('\n')
}

export function exitCodeOfDiff(diff: Diff): number {
  if (diff.partitions.compared === 0) return EXIT.nothingCompared
  return isSame(diff) ? EXIT.ok : EXIT.different
}

function sideOf({ name, files, partitions, rows }: DiffedSide): string {
  const of = files === undefined ? '' : ` (${count(files, 'file')})`
  return `${name}${of}: ${count(partitions, 'partition')}, ${count(rows, 'row')}`
}

function rowsOf({ rows, partitions }: Diff): string[] {
  const number = (amount: number) => amount.toLocaleString('en-US')
  const bits = rows.lastBits > 0 ? `, ${number(rows.lastBits)} in last bits only` : ''
  const lone = [
    ...(partitions.onlyHere > 0 ? [`${count(partitions.onlyHere, 'partition')} only here`] : []),
    ...(partitions.onlyThere > 0 ? [`${count(partitions.onlyThere, 'partition')} only there`] : []),
  ]
  return [
    `  ${number(rows.matched)} matched: ${number(rows.same)} the same, ${number(rows.different)} different${bits}; ${number(rows.onlyHere)} only here, ${number(rows.onlyThere)} only there`,
    ...(lone.length > 0 ? [`  ${lone.join(', ')}`] : []),
  ]
}

function notCompared({ notCompared: left }: Diff): string[] {
  const lone = (reason: string) => left.filter((one) => one.reason === reason).map(({ column }) => column)
  const [here, there] = [lone('only here'), lone('only there')]
  return [
    ...(here.length > 0 ? [`  columns only here: ${here.join(', ')}`] : []),
    ...(there.length > 0 ? [`  columns only there: ${there.join(', ')}`] : []),
    ...left.filter(({ reason }) => !reason.startsWith('only ')).map(({ column, reason }) => `  not compared: ${column}: ${reason}`),
  ]
}

function renderColumns({ columns, rows }: Diff): string[] {
  const worst = columns.filter(({ share }) => share > 0)
  if (worst.length === 0) return []
  const cells = worst.slice(0, COLUMNS_MAX).map((column) => [column.name, ...cellsOf(column), percent(column.share)])
  const table = renderTable(['worst columns', '>different', '>last bits', '>NULL on one side', '>largest', '>relative', '>share'], cells)
  const more = worst.length > COLUMNS_MAX ? [`and ${worst.length - COLUMNS_MAX} more`] : []
  const equal = columns.length - worst.length
  const rest = equal > 0 ? [`${count(equal, 'column')} the same in all ${rows.matched.toLocaleString('en-US')} matched rows`] : []
  return [table, ...more, ...rest, '']
}

function cellsOf({ different, lastBits, nullOnOneSide, largest, largestRelative }: ColumnShare): (string | number)[] {
  const size = (value: number | undefined) => (value === undefined ? '' : String(Number(value.toPrecision(4))))
  return [different, lastBits, nullOnOneSide, size(largest), largestRelative === undefined ? '' : percent(largestRelative)].map((cell) =>
    typeof cell === 'number' ? cell.toLocaleString('en-US') : cell,
  )
}

/** Enough digits to tell little from nothing. */
function percent(share: number): string {
  if (share === 0) return '0%'
  return share < 0.0001 ? '<0.01%' : `${Number((share * 100).toPrecision(3))}%`
}

function renderDays({ days }: Diff): string[] {
  const rows = joinDays(days).map((day) => {
    const differing = day.different + day.lastBits
    const share = day.matched === 0 ? '' : percent(differing / day.matched)
    return [day.partition, day.matched.toLocaleString('en-US'), differing, day.onlyHere, day.onlyThere, share]
  })
  return [renderTable(['partition', '>matched', '>different', '>only here', '>only there', '>share'], rows), '']
}

/** Neighbours together, so that all fit on a screen. */
export function joinDays(days: readonly PartitionDiff[], most = DAYS_MAX): PartitionDiff[] {
  const together = Math.ceil(days.length / most)
  const joined: PartitionDiff[] = []
  for (let at = 0; at < days.length; at += together) {
    const some = days.slice(at, at + together)
    const sum = (pick: (day: PartitionDiff) => number) => some.reduce((total, day) => total + pick(day), 0)
    const [first, last] = [some[0]?.partition ?? '', some.at(-1)?.partition ?? '']
    joined.push({
      partition: first === last ? first : `${first}..${last}`,
      matched: sum((day) => day.matched),
      lastBits: sum((day) => day.lastBits),
      different: sum((day) => day.different),
      onlyHere: sum((day) => day.onlyHere),
      onlyThere: sum((day) => day.onlyThere),
    })
  }
  return joined
}

function renderExamples({ examples }: Diff): string[] {
  return ['examples', ...examples.map(({ partition, ...one }) => `  ${partition} ${renderDifference(one)}`)]
}
