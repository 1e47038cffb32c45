import * as Plot from '@observablehq/plot'
import { STATE_KINDS, type StateKind } from '../model/states.ts'
import { count } from '../model/words.ts'
import type { Coverage, CoverageCell } from '../pipeline/report/coverage.ts'
import { fallback, figure, figures } from './blocks.ts'
import { chart } from './chart.ts'
import { type Html, html } from './html.ts'
import { spoken } from './words.ts'

/** Edge of a day in a calendar, in CSS pixels: half a year is 27 weeks wide and fits on a phone. */
const CELL = 11
const LEFT = 16
const DAY_MS = 86_400_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TABLE_MAX = 100

/** States as a calendar: about half a year of days in each figure, or all years of months in one, with a legend and a table. */
export function renderCoverage(coverage: Coverage, name: string): Html {
  const { calendar, cells, partitions, older } = coverage
  if (calendar.length === 0) return html`<p class="note">There is no partition in this range.</p>`
  const pictures = cells === 'month' ? [monthsFigure(calendar, name)] : piecesOf(calendar).map((days) => weeksFigure(days, name))
  const shown =
    older > 0 ? html`<p class="note">The newest ${count(partitions, 'partition')}; ${count(older, 'older one')} not shown.</p>` : undefined
  return html`${legend(totalOf(calendar))}${figures(pictures)}${shown}${asTable(calendar, name)}`
}

/** Every state that there is, with its colour and how many partitions are in it. */
export function legend(states: Readonly<Record<string, number>>): Html {
  const known = Object.entries(states).sort(([a], [b]) => rank(a) - rank(b))
  const chips = known.map(
    ([state, amount]) =>
      html`<li><span class="chip" style="background:${colorOf(state)}"></span>${amount.toLocaleString('en-US')} ${spoken(state)}</li>`,
  )
  return html`<ul class="legend">${chips}</ul>`
}

export function colorOf(state: string): string {
  return `var(--s-${state.replaceAll('_', '-')})`
}

function rank(state: string): number {
  const at = (STATE_KINDS as readonly string[]).indexOf(state)
  return at < 0 ? -1 : at
}

function totalOf(calendar: readonly CoverageCell[]): Partial<Record<StateKind, number>> {
  const total: Partial<Record<StateKind, number>> = {}
  for (const { states } of calendar) for (const [state, amount] of entriesOf(states)) total[state] = (total[state] ?? 0) + amount
  return total
}

function entriesOf(states: CoverageCell['states']): (readonly [StateKind, number])[] {
  return STATE_KINDS.flatMap((state) => (states[state] ? [[state, states[state]] as const] : []))
}

function describe({ name, states }: CoverageCell): string {
  const all = entriesOf(states)
  const alone = all.length === 1 && all[0]?.[1] === 1
  return `${name}: ${alone ? spoken(all[0]?.[0] ?? '') : all.map(([state, amount]) => `${amount} ${spoken(state)}`).join(', ')}`
}

/** A rectangle of a cell: hours of a day that are in several states share it by their numbers. */
interface Mark {
  readonly x: number
  readonly y1: number
  readonly y2: number
  readonly fill: string
  readonly title: string
}

function marksOf(cell: CoverageCell, x: number, y: number): Mark[] {
  const all = entriesOf(cell.states)
  const sum = all.reduce((total, [, amount]) => total + amount, 0)
  let above = 0
  return all.map(([state, amount]) => {
    const mark = { x, y1: y + above / sum, y2: y + (above + amount) / sum, fill: colorOf(state), title: describe(cell) }
    above += amount
    return mark
  })
}

/** A day of a calendar with its place: weeks are counted on from 1970, days from Monday. */
interface PlacedDay {
  readonly cell: CoverageCell
  readonly week: number
  readonly weekday: number
}

/** Weeks that fit beside each other on a phone: a little more than half a year. */
const WEEKS_MAX = 27

/** The calendar in pieces of whole weeks, about equally long. */
function piecesOf(calendar: readonly CoverageCell[]): PlacedDay[][] {
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
function weeksFigure(days: readonly PlacedDay[], name: string): Html {
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

function frame(columns: number, rows: number): Plot.PlotOptions {
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

function cellMarks(marks: readonly Mark[]): Plot.Markish[] {
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

/** Months are columns, years are rows. */
function monthsFigure(calendar: readonly CoverageCell[], name: string): Html {
  const years = [...new Set(calendar.map((cell) => cell.name.slice(0, 4)))]
  const marks = calendar.flatMap((cell) => marksOf(cell, Number(cell.name.slice(5, 7)) - 1, years.indexOf(cell.name.slice(0, 4))))
  const [from = '', to = ''] = [calendar[0]?.name, calendar.at(-1)?.name]
  const cell = 22
  const picture = chart(`states of ${name} from ${from} to ${to}, a year in each row`, {
    ...frame(12, years.length),
    width: 36 + 12 * cell,
    height: 18 + years.length * cell,
    marginLeft: 34,
    marks: [
      ...cellMarks(marks),
      Plot.text(MONTHS, {
        x: (_: string, at: number) => at + 0.5,
        y: -0.15,
        text: (month: string) => month[0],
        lineAnchor: 'bottom',
        fill: 'var(--soft)',
      }),
      Plot.text(years, {
        x: -0.2,
        y: (_: string, at: number) => at + 0.5,
        text: (year: string) => year,
        textAnchor: 'end',
        fill: 'var(--soft)',
      }),
    ],
  })
  return figure(from.slice(0, 4) === to.slice(0, 4) ? from.slice(0, 4) : `${from} to ${to}`, picture)
}

function asTable(calendar: readonly CoverageCell[], name: string): Html {
  const runs: { first: string; last: string; words: string; cells: number }[] = []
  for (const cell of calendar) {
    const words = describe(cell).slice(cell.name.length + 2)
    const run = runs.at(-1)
    if (run?.words === words) Object.assign(run, { last: cell.name, cells: run.cells + 1 })
    else runs.push({ first: cell.name, last: cell.name, words, cells: 1 })
  }
  const rows = runs.slice(-TABLE_MAX).map(({ first, last, words, cells }) => [first, last, cells, words])
  const note = runs.length > TABLE_MAX ? `The newest ${TABLE_MAX} of ${runs.length} rows.` : undefined
  return fallback(`states of ${name}`, ['from', 'to', '>cells', 'each'], rows, note)
}
