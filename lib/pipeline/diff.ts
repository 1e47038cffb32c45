/** What a comparison of two tables of one view found, whatever the tables are: plain data, as `--json` prints it. */
import type { LeftOutColumn, MatchedColumn } from '../engine/diff-columns.ts'
import type { ColumnDiff, Difference, TableDiff } from '../engine/table-diff.ts'
import type { ViewVersion } from '../model/catalog.ts'
import type { Instant } from '../model/zone.ts'
import type { Covered } from './diff-cover.ts'
import { type Hint, hintsOf } from './hints.ts'

export interface DiffedSide {
  /** `version 0a1b2c3d4e5f (published)`, or the files as they were named. */
  readonly name: string
  readonly version?: string
  readonly files?: number
  /** Partitions and rows of it that are compared, also where the other side has none. */
  readonly partitions: number
  readonly rows: number
}

/** One column's differences over the rows that are on both sides. */
export interface ColumnShare extends ColumnDiff {
  /** Of the rows on both sides: different, last bits among them. */
  readonly share: number
}

export interface PartitionDiff {
  readonly partition: string
  readonly matched: number
  /** Rows on both sides that differ, in last bits only and otherwise. */
  readonly lastBits: number
  readonly different: number
  readonly onlyHere: number
  readonly onlyThere: number
}

export interface PlacedDifference extends Omit<Difference, 'end'> {
  readonly partition: string
}

export interface Diff {
  readonly format: 1
  readonly view: string
  readonly zone: string
  readonly here: DiffedSide
  readonly there: DiffedSide
  /** First and last partition of the comparison; absent where no partition is on both sides. */
  readonly first?: string
  readonly last?: string
  /** Partitions on both sides, and on one only. */
  readonly partitions: { readonly compared: number; readonly onlyHere: number; readonly onlyThere: number }
  readonly rows: {
    readonly matched: number
    readonly same: number
    readonly lastBits: number
    readonly different: number
    readonly onlyHere: number
    readonly onlyThere: number
  }
  /** Compared columns, those with most differences first. */
  readonly columns: readonly ColumnShare[]
  readonly notCompared: readonly LeftOutColumn[]
  readonly days: readonly PartitionDiff[]
  readonly examples: readonly PlacedDifference[]
  readonly hints: readonly Hint[]
  /** What was left out or is compared with less than all its digits. */
  readonly notes: readonly string[]
}

/** Rows that are shown of each kind. */
export const EXAMPLES = 3

export interface DiffFacts {
  readonly version: ViewVersion
  readonly here: Omit<DiffedSide, 'partitions' | 'rows'>
  readonly there: Omit<DiffedSide, 'partitions' | 'rows'>
  readonly covered: Covered
  readonly table: TableDiff
  readonly compared: readonly MatchedColumn[]
  readonly left: readonly LeftOutColumn[]
  readonly notes: readonly string[]
}

export function describeDiff({ version, here, there, covered, table, compared, left, notes }: DiffFacts): Diff {
  const days = daysOf(covered, table)
  const sum = (pick: (day: PartitionDiff) => number) => days.reduce((total, day) => total + pick(day), 0)
  const [matched, lastBits, different] = [sum((day) => day.matched), sum((day) => day.lastBits), sum((day) => day.different)]
  const [onlyHere, onlyThere] = [sum((day) => day.onlyHere), sum((day) => day.onlyThere)]
  const both = [...covered.here].filter((end) => covered.there.has(end)).length
  const [first, last] = [covered.partitions[0]?.name, covered.partitions.at(-1)?.name]
  return {
    format: 1,
    view: version.view,
    zone: version.zone,
    here: { ...here, partitions: covered.here.size, rows: matched + onlyHere },
    there: { ...there, partitions: covered.there.size, rows: matched + onlyThere },
    ...(both > 0 && first !== undefined && last !== undefined && { first, last }),
    partitions: { compared: both, onlyHere: covered.here.size - both, onlyThere: covered.there.size - both },
    rows: { matched, same: matched - lastBits - different, lastBits, different, onlyHere, onlyThere },
    columns: sharesOf(table.columns, matched),
    notCompared: left,
    days,
    examples: table.examples.map(({ end, ...one }) => ({ partition: nameAt(covered, end), ...one })),
    hints: both > 0 ? hintsOf(hintQuestion(version, covered, days, table)) : [],
    notes: [...notes, ...compared.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]))],
  }
}

/** Whether nothing was found: rows that are the same, wherever there are rows. */
export function isSame({ rows }: Pick<Diff, 'rows'>): boolean {
  return rows.lastBits + rows.different + rows.onlyHere + rows.onlyThere === 0
}

/** `1 row`, `2,000 rows`. */
export function counted(amount: number, noun: string): string {
  return `${amount.toLocaleString('en-US')} ${noun}${amount === 1 ? '' : 's'}`
}

/** What is said of partitions of a side that lie before or after all that both have. */
export function outsideNotes(name: string, partitions: number): string[] {
  return partitions > 0 ? [`${counted(partitions, 'partition')} of ${name} outside the comparison; --from and --to take them in`] : []
}

function nameAt({ partitions }: Covered, end: Instant): string {
  return partitions.find((partition) => partition.end === end)?.name ?? new Date(end).toISOString()
}

function daysOf({ partitions }: Covered, table: TableDiff): PartitionDiff[] {
  const byEnd = new Map(table.partitions.map((rows) => [rows.end, rows]))
  return partitions.map(({ name, end }) => {
    const { matched = 0, lastBits = 0, different = 0, onlyHere = 0, onlyThere = 0 } = byEnd.get(end) ?? {}
    return { partition: name, matched, lastBits, different, onlyHere, onlyThere }
  })
}

function sharesOf(columns: readonly ColumnDiff[], matched: number): ColumnShare[] {
  const differing = (column: ColumnDiff) => column.different + column.lastBits
  const shares = columns.map((column) => ({ ...column, share: matched === 0 ? 0 : differing(column) / matched }))
  return shares.sort((a, b) => b.different - a.different || b.lastBits - a.lastBits)
}

/** Patterns are sought among the partitions that both sides have. */
function hintQuestion({ zone, grain }: ViewVersion, covered: Covered, days: readonly PartitionDiff[], table: TableDiff) {
  const both = covered.partitions.flatMap((partition, at) => {
    const day = days[at]
    return day && covered.here.has(partition.end) && covered.there.has(partition.end) ? [{ partition, day }] : []
  })
  const byEnd = new Map(table.partitions.map((rows) => [rows.end, rows]))
  return {
    zone,
    grain,
    partitions: both.map(({ partition, day }) => ({ partition, differing: day.lastBits + day.different + day.onlyHere + day.onlyThere })),
    columns: table.columns.map((column, at) => ({ ...column, net: both.map(({ partition }) => byEnd.get(partition.end)?.net[at] ?? 0) })),
  }
}
