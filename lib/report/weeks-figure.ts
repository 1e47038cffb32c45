import * as Plot from '@observablehq/plot'
import type { CoverageCell } from '../pipeline/report/coverage.ts'
import { figure } from './blocks.ts'
import { cellMarks, frame, MONTHS, marksOf } from './calendar-cells.ts'
import { chart } from './chart.ts'
import type { Html } from './html.ts'

const DAY_MS = 86_400_000
/** A day of a calendar with its place: weeks are counted on from 1970, days from Monday. */
export interface PlacedDay {
  readonly cell: CoverageCell
  readonly week: number
  readonly weekday: number
}

/** Weeks that fit beside each other on a phone: a little more than half a year. */
const WEEKS_MAX = 27

/** The calendar in pieces of whole weeks, about equally long. */
export function piecesOf(calendar: readonly CoverageCell[]): PlacedDay[][] {
  const placed = calendar.map((cell): PlacedDay => {
    // The first day of 1970 was a Thursday.
    const day = Math.floor(Date.parse(cell.name) / DAY_MS) + 3
    const week = Math.floor(day / 7)
    return { cell, week, weekday: day - week * 7 }
  })
  const [first = 0, last = 0] = [placed[0]?.week, placed.at(-1)?.week]
  const weeks = last - first + 1
  const each = Math.ceil(weeks / Math.ceil(weeks / WEEKS_MAX))
  const pieces = new Map<number, PlacedDay[]>()
  for (const day of placed) {
    const piece = Math.floor((day.week - first) / each)
    const days = pieces.get(piece) ?? []
    pieces.set(piece, days)
    days.push(day)
  }
  return [...pieces.values()]
}

/** Weeks are columns, from Monday at the top to Sunday. */
export function weeksFigure(days: readonly PlacedDay[], name: string): Html {
  const [first = 0, last = 0] = [days[0]?.week, days.at(-1)?.week]
  const marks = days.flatMap(({ cell, week, weekday }) => marksOf(cell, week - first, weekday))
  const [from = '', to = ''] = [days[0]?.cell.name, days.at(-1)?.cell.name]
  const letters = [...'MTWTFSS'].map((text, at) => ({ y: at + 0.5, text })).filter((_, at) => at % 2 === 0)
  const picture = chart(`states of ${name} from ${from} to ${to}, a week in each column`, {
    ...frame(Math.max(4, last - first + 1), 7),
    marks: [
      ...cellMarks(marks),
      Plot.text(monthsOf(days, first), { x: 'x', y: -0.2, text: 'text', textAnchor: 'start', lineAnchor: 'bottom', fill: 'var(--soft)' }),
      Plot.text(letters, { x: -0.35, y: 'y', text: 'text', textAnchor: 'end', fill: 'var(--soft)' }),
    ],
  })
  return figure(monthRange(from, to), picture)
}

/** The name of each month over the column where it begins, as far as there is room beside the one before. */
function monthsOf(placed: readonly PlacedDay[], first: number) {
  const labels: { x: number; text: string; month: string }[] = []
  for (const { cell, week } of placed) {
    const month = cell.name.slice(0, 7)
    const last = labels.at(-1)
    if (last?.month === month) continue
    const label = { x: week - first + 0.06, text: MONTHS[Number(month.slice(5)) - 1] ?? '', month }
    if (last && label.x - last.x < 2.7) labels.pop()
    labels.push(label)
  }
  return labels
}

/** `Jan to Jul 2001`, `Nov 2001 to Apr 2002`. */
function monthRange(from: string, to: string): string {
  const month = (name: string) => MONTHS[Number(name.slice(5, 7)) - 1] ?? ''
  const [first, last] = [from.slice(0, 4), to.slice(0, 4)]
  if (first !== last) return `${month(from)} ${first} to ${month(to)} ${last}`
  return from.slice(0, 7) === to.slice(0, 7) ? `${month(to)} ${last}` : `${month(from)} to ${month(to)} ${last}`
}
