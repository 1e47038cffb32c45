import * as Plot from '@observablehq/plot'
import { STATE_KINDS, type StateKind } from '../model/states.ts'
import type { CoverageCell } from '../pipeline/report/coverage.ts'
import { spoken } from './words.ts'

/** Cells of a calendar, which weeks and months draw alike. */

/** Edge of a day in a calendar, in CSS pixels: half a year is 27 weeks wide and fits on a phone. */
export const CELL = 11
export const LEFT = 16
export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export function colorOf(state: string): string {
  return `var(--s-${state.replaceAll('_', '-')})`
}

/** States that there are, in the order of the kinds. */
export function entriesOf(states: CoverageCell['states']): (readonly [StateKind, number])[] {
  return STATE_KINDS.flatMap((state) => (states[state] ? [[state, states[state]] as const] : []))
}

/** `2001-03-04: 20 fresh, 4 missing`. */
export function describe({ name, states }: CoverageCell): string {
  const all = entriesOf(states)
  const alone = all.length === 1 && all[0]?.[1] === 1
  return `${name}: ${alone ? spoken(all[0]?.[0] ?? '') : all.map(([state, amount]) => `${amount} ${spoken(state)}`).join(', ')}`
}

/** A rectangle of a cell: hours of a day that are in several states share it by their numbers. */
export interface Mark {
  readonly x: number
  readonly y1: number
  readonly y2: number
  readonly fill: string
  readonly title: string
}

export function marksOf(cell: CoverageCell, x: number, y: number): Mark[] {
  const all = entriesOf(cell.states)
  const sum = all.reduce((total, [, amount]) => total + amount, 0)
  let above = 0
  return all.map(([state, amount]) => {
    const mark = { x, y1: y + above / sum, y2: y + (above + amount) / sum, fill: colorOf(state), title: describe(cell) }
    above += amount
    return mark
  })
}

/** Axes of a calendar with so many columns and rows of days. */
export function frame(columns: number, rows: number): Plot.PlotOptions {
  return {
    width: LEFT + columns * CELL + 2,
    height: 16 + rows * CELL + 2,
    marginLeft: LEFT,
    marginRight: 2,
    marginTop: 16,
    marginBottom: 2,
    x: { domain: [0, columns], axis: null },
    y: { domain: [rows, 0], axis: null },
    color: { type: 'identity' },
  }
}

export function cellMarks(marks: readonly Mark[]): Plot.Markish[] {
  return [
    Plot.rect([...marks], {
      x1: ({ x }: Mark) => x + 0.06,
      x2: ({ x }: Mark) => x + 0.94,
      y1: ({ y1 }: Mark) => inset(y1, 0.06),
      y2: ({ y2 }: Mark) => inset(y2, -0.06),
      fill: 'fill',
      title: 'title',
    }),
  ]
}

/** Gaps lie between cells, not inside one. */
function inset(y: number, by: number): number {
  return Number.isInteger(y) ? y + by : y
}
