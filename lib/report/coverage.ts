import { STATE_KINDS, type StateKind } from '../model/states.ts'
import { count } from '../model/words.ts'
import type { Coverage, CoverageCell } from '../pipeline/report/coverage.ts'
import { fallback, figures } from './blocks.ts'
import { colorOf, describe, entriesOf } from './calendar-cells.ts'
import { type Html, html } from './html.ts'
import { monthsFigure } from './months-figure.ts'
import { piecesOf, weeksFigure } from './weeks-figure.ts'
import { spoken } from './words.ts'

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

function rank(state: string): number {
  const at = (STATE_KINDS as readonly string[]).indexOf(state)
  return at < 0 ? -1 : at
}

function totalOf(calendar: readonly CoverageCell[]): Partial<Record<StateKind, number>> {
  const total: Partial<Record<StateKind, number>> = {}
  for (const { states } of calendar) for (const [state, amount] of entriesOf(states)) total[state] = (total[state] ?? 0) + amount
  return total
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
