import * as Plot from '@observablehq/plot'
import { count } from '../model/words.ts'
import type { ComparedMedians, VersionComparison } from '../pipeline/report/compare-versions.ts'
import { fallback, figure, figures, list } from './blocks.ts'
import { chart, shortNumber, timeOf, withGaps } from './chart.ts'
import { type Html, html } from './html.ts'
import { timeFrame } from './values.ts'

/** What is published against the candidate: how many rows differ in each partition, and the medians of both. */
export function renderComparison(compared: VersionComparison): Html {
  const { published, candidate, partitions, of, notComparable, onlyPublished, onlyCandidate } = compared
  const head = html`<p>Published is <code>${published}</code>, the candidate is <code>${candidate}</code>. ${sentence(compared)}</p>`
  const columns = list([
    ...(onlyPublished.length > 0 ? [`only in the published version, or of another type there: ${onlyPublished.join(', ')}`] : []),
    ...(onlyCandidate.length > 0 ? [`only in the candidate, or of another type there: ${onlyCandidate.join(', ')}`] : []),
  ])
  if (notComparable !== undefined || partitions.length === 0) return html`${head}${columns}`
  const sampled =
    partitions.length < of
      ? html`<p class="note">${count(partitions.length, 'partition')} of ${of.toLocaleString('en-US')}, sampled evenly.</p>`
      : undefined
  const pictures = [shareFigure(compared), ...compared.medians.map((one) => mediansFigure(one, compared))]
  return html`${head}${columns}${keyOfLines()}${figures(pictures)}${sampled}${asTable(compared)}`
}

function sentence({ partitions, rows, different, notComparable }: VersionComparison): string {
  if (notComparable !== undefined) return `They are not compared: ${notComparable}.`
  if (partitions.length === 0) return 'No partition of both could be read.'
  const [all, changed] = [rows, different].map((list) => list.reduce((sum, one) => sum + one, 0))
  const touched = different.filter((one) => one > 0).length
  return `Of ${count(all ?? 0, 'row')} in ${count(partitions.length, 'partition')}, ${(changed ?? 0).toLocaleString('en-US')} differ, in ${count(touched, 'partition')}.`
}

function keyOfLines(): Html {
  return html`<ul class="legend"><li><span class="chip" style="background:var(--soft)"></span>published</li><li><span class="chip" style="background:var(--accent)"></span>candidate</li></ul>`
}

function shareFigure({ view, partitions, rows, different }: VersionComparison): Html {
  const points = partitions.map((partition, at) => {
    const share = (different[at] ?? 0) / Math.max(1, rows[at] ?? 0)
    return { x: timeOf(partition), share, title: `${partition}: ${different[at]} of ${rows[at]} rows differ` }
  })
  const frame = timeFrame(partitions)
  const picture = chart(`share of rows of ${view} that differ between the two versions, per partition`, {
    ...frame,
    y: { ...frame.y, domain: [0, Math.max(0.01, ...points.map(({ share }) => share))], tickFormat: percent },
    marks: [
      Plot.gridY({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.ruleX(points, { x: 'x', y1: 0, y2: 'share', stroke: 'var(--s-stale)', strokeWidth: 3, title: 'title' }),
      Plot.ruleY([0], { stroke: 'var(--soft)' }),
    ],
  })
  return figure('share of rows that differ', picture)
}

function percent(share: number): string {
  return `${shortNumber(share * 100)}%`
}

function mediansFigure({ name, published, candidate }: ComparedMedians, { partitions, view }: VersionComparison): Html {
  const points = (values: readonly (number | null)[], side: string) =>
    values.flatMap((y, at) =>
      y === null ? [] : [{ x: timeOf(partitions[at] ?? ''), y, title: `${partitions[at]}: ${side} ${shortNumber(y)}` }],
    )
  const [old, made] = [points(published, 'published'), points(candidate, 'candidate')]
  const line = (data: typeof old, stroke: string, strokeWidth: number) => [
    Plot.lineY(withGaps(data, 'y'), { x: 'x', y: 'y', stroke, strokeWidth }),
    Plot.dot(data, { x: 'x', y: 'y', r: 1.5, fill: stroke, title: 'title' }),
  ]
  if (old.length + made.length === 0) return figure(html`<code>${name}</code>`, html`<p class="note">It has no values.</p>`)
  const picture = chart(`medians of ${name} of ${view} in the published version and in the candidate`, {
    ...timeFrame(partitions),
    marks: [
      Plot.gridY({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }),
      // The wider line below stays visible where both agree.
      ...line(old, 'var(--soft)', 3),
      ...line(made, 'var(--accent)', 1.5),
    ],
  })
  return figure(html`<code>${name}</code> <span class="soft">medians</span>`, picture)
}

function asTable({ view, columns }: VersionComparison): Html {
  const rows = [...columns]
    .sort((a, b) => b.different - a.different)
    .map(({ name, different }) => [name, different.toLocaleString('en-US')])
  return fallback(`columns of ${view} that differ`, ['column', '>rows that differ'], rows)
}
