import type { Partition } from '../../model/partition.ts'
import type { State, StateKind } from '../../model/states.ts'
import type { ReportRange } from './range.ts'

/** One day or month of a coverage calendar, with the partitions in it by state. */
export interface CoverageCell {
  /** `2001-03-04` or `2001-03`. */
  readonly name: string
  readonly states: Readonly<Partial<Record<StateKind, number>>>
}

/** The states of a view's partitions as a calendar; hours are folded to days. */
export interface Coverage {
  readonly cells: 'day' | 'month'
  readonly calendar: readonly CoverageCell[]
  readonly partitions: number
  /** Older partitions that are not in it. */
  readonly older: number
}

const DAY_LENGTH = '2001-03-04'.length

export function coverageOf({ partitions, older }: ReportRange, states: readonly State[]): Coverage {
  const cells = new Map<string, Partial<Record<StateKind, number>>>()
  for (const [at, partition] of partitions.entries()) {
    const name = cellOf(partition)
    const counts = cells.get(name) ?? {}
    cells.set(name, counts)
    const kind = states[at]?.kind ?? 'missing'
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  const calendar = [...cells].map(([name, counts]) => ({ name, states: counts }))
  const months = calendar.every(({ name }) => name.length < DAY_LENGTH)
  return { cells: months && calendar.length > 0 ? 'month' : 'day', calendar, partitions: partitions.length, older }
}

/** Names of one grain begin with those of the longer ones. */
function cellOf({ name }: Partition): string {
  return name.slice(0, DAY_LENGTH)
}
