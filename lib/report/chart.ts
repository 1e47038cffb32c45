import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { Html } from './html.ts'

/** Width of a chart in CSS pixels: one fits on a phone of 360, several beside each other elsewhere, and no text is ever scaled. */
export const CHART_WIDTH = 320

const { document } = parseHTML('<!doctype html><html><body></body></html>')

/** A chart as static SVG. `label` says in words what it shows, for those who do not see it. */
export function chart(label: string, options: Plot.PlotOptions): Html {
  const svg = Plot.plot({ width: CHART_WIDTH, ...options, document, className: 'plot', ariaLabel: label })
  // The page has these rules once, for all charts.
  svg.querySelector('style')?.remove()
  svg.setAttribute('role', 'img')
  svg.setAttribute('font-size', '11')
  return new Html(svg.outerHTML)
}

/** `1.2K`, `0.0034`, `-12`: short enough for an axis. */
export function shortNumber(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(1)
  return value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
}

/** The instant of a partition's name on a time axis; its own zone does not matter there. */
export function timeOf(partition: string): Date {
  const [year = 1970, month = 1, day = 1, hour = 0] = partition.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1, day, hour))
}

/** The points with one of no values in every gap, so that nothing is drawn where nothing stands. */
export function withGaps<P extends { readonly x: Date }>(points: readonly P[], ...values: readonly (keyof P)[]): P[] {
  const steps = points.slice(1).map(({ x }, at) => x.getTime() - (points[at]?.x.getTime() ?? 0))
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  const none = Object.fromEntries(values.map((name) => [name, Number.NaN]))
  return points.flatMap((point, at) => {
    const before = points[at - 1]
    const gap = before && point.x.getTime() - before.x.getTime() > 1.9 * usual
    return gap ? [{ ...before, ...none, x: new Date(before.x.getTime() + usual) }, point] : [point]
  })
}
