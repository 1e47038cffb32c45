import * as Plot from '@observablehq/plot'
import type { CoverageCell } from '../pipeline/report/coverage.ts'
import { figure } from './blocks.ts'
import { cellMarks, frame, MONTHS, marksOf } from './calendar-cells.ts'
import { chart } from './chart.ts'
import type { Html } from './html.ts'

/** Months are columns, years are rows. */
export function monthsFigure(calendar: readonly CoverageCell[], name: string): Html {
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
