import * as Plot from '@observablehq/plot'
import { count } from '../model/words.ts'
import { sampleEvenly } from '../pipeline/report/sample.ts'
import { VALUE_COLUMNS_MAX, type ValueColumn, type Values } from '../pipeline/report/values.ts'
import { capped, fallback, figure, figures, list } from './blocks.ts'
import { CHART_WIDTH, chart, shortNumber, timeOf, withGaps } from './chart.ts'
import { type Html, html } from './html.ts'

const HEIGHT = 140
/** So few points are drawn as dots too. */
const DOTS_MAX = 31
const TABLE_MAX = 24

/** Rows and quantiles of each numeric column over time. */
export function renderValues(values: Values, name: string): Html {
  const { partitions, of, sampled, columns, furtherColumns, otherColumns, unreadable } = values
  if (partitions.length === 0) return html`<p class="note">Nothing stands in this range yet.</p>${bad(unreadable)}`
  const pictures = [rowsFigure(values, name), ...columns.map((column) => columnFigure(column, partitions, name))]
  const notes = [
    partitions.length < of ? `${count(partitions.length, 'partition')} of ${of.toLocaleString('en-US')}, ${sampleOf(sampled)}.` : undefined,
    furtherColumns.length > 0 ? `The first ${VALUE_COLUMNS_MAX} numeric columns; not shown: ${furtherColumns.join(', ')}.` : undefined,
    otherColumns.length > 0 ? `No numbers: ${otherColumns.join(', ')}.` : undefined,
  ].filter((note) => note !== undefined)
  const explained = columns.length > 0 ? 'The line is the median of a partition, the band reaches from its 10% to its 90% quantile.' : ''
  return html`<p class="note">${[explained, ...notes].join(' ')}</p>${figures(pictures)}${bad(unreadable)}${asTable(values, name)}`
}

function sampleOf(sampled: string | undefined): string {
  return sampled === undefined ? 'sampled evenly' : `only ${sampled}, so that like is seen beside like`
}

function bad(unreadable: Values['unreadable']): Html | undefined {
  return list(capped(unreadable, 3, ({ partition, reason }) => html`<strong>${partition} cannot be read:</strong> ${reason}`))
}

/** Axes of a chart over time: few ticks, short numbers, room for both at any width. */
export function timeFrame(partitions: readonly string[]): Plot.PlotOptions {
  return {
    width: CHART_WIDTH,
    height: HEIGHT,
    marginLeft: 42,
    marginRight: 14,
    marginTop: 10,
    marginBottom: 32,
    x: { type: 'utc', label: null, ...ticksOf(partitions) },
    y: { label: null, ticks: 4, tickFormat: shortNumber, nice: true },
  }
}

/** A single moment is named, and has a day on either side to have a place. */
function ticksOf(partitions: readonly string[]) {
  const [only, more] = partitions
  if (only === undefined || more !== undefined) return { ticks: 4 }
  const at = timeOf(only)
  const beside = (days: number) => new Date(at.getTime() + days * 86_400_000)
  return { domain: [beside(-1), beside(1)], ticks: [at], tickFormat: () => only }
}

function rowsFigure({ partitions, rows }: Values, name: string): Html {
  const points = partitions.map((partition, at) => ({
    x: timeOf(partition),
    y: rows[at] ?? 0,
    title: `${partition}: ${count(rows[at] ?? 0, 'row')}`,
  }))
  const broken = withGaps(points, 'y')
  const frame = timeFrame(partitions)
  const picture = chart(`rows of ${name} per partition, from ${partitions[0]} to ${partitions.at(-1)}`, {
    ...frame,
    y: { ...frame.y, zero: true },
    marks: [
      Plot.gridY({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.areaY(broken, { x: 'x', y1: () => 0, y2: 'y', fill: 'var(--accent)', fillOpacity: 0.15 }),
      Plot.lineY(broken, { x: 'x', y: 'y', stroke: 'var(--accent)', strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'x', y: 'y', r: points.length <= DOTS_MAX ? 2 : 1.2, fill: 'var(--accent)', title: 'title' }),
    ],
  })
  return figure(html`rows <span class="soft">per partition</span>`, picture)
}

function columnFigure({ name, comment, quantiles }: ValueColumn, partitions: readonly string[], view: string): Html {
  const points = quantiles.flatMap((one, at) => {
    const partition = partitions[at] ?? ''
    if (!one) return []
    const { q10, q50, q90 } = one
    const title = `${partition}: median ${shortNumber(q50)}, 10% ${shortNumber(q10)}, 90% ${shortNumber(q90)}`
    return [{ x: timeOf(partition), q10, q50, q90, title }]
  })
  const caption = html`<code>${name}</code>${comment === undefined ? undefined : html` <span class="soft">${comment}</span>`}`
  if (points.length === 0) return figure(caption, html`<p class="note">It has no values.</p>`)
  const broken = withGaps(points, 'q10', 'q50', 'q90')
  const picture = chart(`10%, 50% and 90% quantiles of ${name} of ${view} per partition`, {
    ...timeFrame(partitions),
    marks: [
      Plot.gridY({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.areaY(broken, { x: 'x', y1: 'q10', y2: 'q90', fill: 'var(--accent)', fillOpacity: 0.2 }),
      ...(points.length <= 2 ? [Plot.ruleX(points, { x: 'x', y1: 'q10', y2: 'q90', stroke: 'var(--accent)', strokeOpacity: 0.4 })] : []),
      Plot.lineY(broken, { x: 'x', y: 'q50', stroke: 'var(--accent)', strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'x', y: 'q50', r: points.length <= DOTS_MAX ? 2 : 1.2, fill: 'var(--accent)', title: 'title' }),
    ],
  })
  return figure(caption, picture)
}

function asTable({ partitions, rows, columns }: Values, name: string): Html {
  const sampled = sampleEvenly([...partitions.keys()], TABLE_MAX)
  const cells = sampled.map((at) => [
    partitions[at],
    (rows[at] ?? 0).toLocaleString('en-US'),
    ...columns.map(({ quantiles }) => {
      const one = quantiles[at]
      return one ? [one.q10, one.q50, one.q90].map(shortNumber).join(' / ') : 'none'
    }),
  ])
  const note =
    sampled.length < partitions.length ? `${sampled.length} of ${count(partitions.length, 'partition')}, sampled evenly.` : undefined
  const head = ['partition', '>rows', ...columns.map((column) => `>${column.name} (10% / 50% / 90%)`)]
  return fallback(`values of ${name}`, head, cells, note)
}
