import * as Plot from '@observablehq/plot'
import type { Bill, BillLine } from '../pipeline/bill.ts'
import { beside, figure, list } from './blocks.ts'
import { CHART_WIDTH, chart } from './chart.ts'
import { type Html, html } from './html.ts'
import { amount, dollars, spokenUnit } from './words.ts'

/** Quote against bill: dollars of each line, then amounts and what makes the difference. */
export function renderBill(bill: Bill): Html {
  const { lines, usd, lowUsd, highUsd, region, date } = bill
  const prices = `prices of ${region}, ${date}`
  const words =
    highUsd === 0
      ? html`Nothing was quoted; what was counted would cost <strong>${dollars(usd)}</strong> on AWS (${prices}).`
      : html`On AWS this run would cost <strong>${dollars(usd)}</strong> as it was counted; quoted were ${dollars(lowUsd)} to ${dollars(highUsd)} (${prices}).`
  return html`<p>${words}</p>${beside(billFigure(lines), billTable(bill))}`
}

/** `$0.000001` and a gap, in CSS pixels; half of it fits beside the first and the last tick. */
const LABEL_WIDTH = 70
const SIDE = 34

function billFigure(lines: readonly BillLine[]): Html | undefined {
  const shown = lines.filter(({ usd, highUsd }) => usd > 0 || highUsd > 0)
  if (shown.length === 0) return undefined
  const all = shown.flatMap(({ usd, lowUsd, highUsd }) => [usd, lowUsd, highUsd]).filter((one) => one > 0)
  const domain = [Math.min(...all) / 1.6, Math.max(...all) * 1.6]
  const least = domain[0] ?? 0
  const range = shown.map((line) => ({ ...line, lowUsd: Math.max(line.lowUsd, least), highUsd: Math.max(line.highUsd, least) }))
  const picture = chart('dollars of each line of the quote, from low to high, and of the bill', {
    height: 34 + shown.length * 30,
    marginLeft: SIDE,
    marginRight: SIDE,
    marginTop: 4,
    marginBottom: 28,
    x: {
      type: 'log',
      domain,
      label: null,
      ticks: powersOfTen(domain),
      tickFormat: (value: number) => `$${value.toLocaleString('en-US', { maximumFractionDigits: 12 })}`,
    },
    y: { domain: shown.map(({ line }) => line), axis: null },
    marks: [
      Plot.ruleY(
        range.filter(({ highUsd }) => highUsd > least),
        { y: 'line', x1: 'lowUsd', x2: 'highUsd', stroke: 'var(--soft)', strokeOpacity: 0.45, strokeWidth: 7, strokeLinecap: 'round' },
      ),
      Plot.dot(
        shown.filter(({ usd }) => usd > 0),
        {
          y: 'line',
          x: 'usd',
          r: 4.5,
          fill: 'var(--accent)',
          stroke: 'var(--bg)',
          title: (line: BillLine) => `${line.line}: ${dollars(line.usd)}`,
        },
      ),
      Plot.text(shown, { y: 'line', frameAnchor: 'left', text: 'line', textAnchor: 'start', dx: 2 - SIDE, dy: -13, fill: 'var(--ink)' }),
    ],
  })
  const key = html`<ul class="legend"><li><span class="chip" style="background:var(--soft)"></span>quoted, low to high</li><li><span class="chip" style="background:var(--accent)"></span>counted</li></ul>`
  return html`${key}${figure('dollars by line, on a logarithmic scale', picture)}`
}

/** Those in the domain whose labels have room beside each other. */
function powersOfTen([least = 1, most = 1]: readonly number[]): number[] {
  const [first, last] = [Math.ceil(Math.log10(least)), Math.floor(Math.log10(most))]
  const apart = (CHART_WIDTH - 2 * SIDE) / Math.log10(most / least)
  const step = Math.max(1, Math.ceil(LABEL_WIDTH / apart))
  const powers: number[] = []
  for (let power = first; power <= last; power += step) powers.push(Number(`1e${power}`))
  return powers
}

function billTable({ lines, usd, lowUsd, highUsd }: Bill): Html {
  const rows = lines
    .filter(({ amount: counted, high }) => counted > 0 || high > 0)
    .map(
      (line) =>
        html`<tr class="${line.why.length > 0 ? 'told' : ''}"><th scope="row">${line.line}</th><td class="n">${quantity(line)}<br><span class="soft">${between(dollars(line.lowUsd), dollars(line.highUsd))}</span></td><td class="n">${amount(line.amount, line.unit)}${outside(line)}<br><span class="soft">${dollars(line.usd)}</span></td></tr>${whyRow(line.why)}`,
    )
  const total = html`<tr><th scope="row">on AWS</th><td class="n">${between(dollars(lowUsd), dollars(highUsd))}</td><td class="n"><strong>${dollars(usd)}</strong></td></tr>`
  return html`<div class="scroll" role="region" aria-label="quote and bill by line" tabindex="0"><table class="bill"><thead><tr><th scope="col">line</th><th scope="col" class="n">quoted</th><th scope="col" class="n">counted</th></tr></thead><tbody>${rows}${total}</tbody></table></div>`
}

/** `767 to 911 requests`; bytes have their unit each. */
function quantity({ low, high, unit }: BillLine): string {
  const [least, most] = [amount(low, unit), amount(high, unit)]
  return between(unit === 'bytes' || least === most ? least : least.slice(0, -spokenUnit(unit).length - 1), most)
}

function between(low: string, high: string): string {
  return low === high ? low : `${low} to ${high}`
}

function outside({ amount: counted, low, high }: BillLine): Html | undefined {
  if (counted >= low && counted <= high) return undefined
  return html` <span class="flag">${counted > high ? 'above' : 'below'}</span>`
}

function whyRow(why: readonly string[]): Html | undefined {
  return why.length === 0 ? undefined : html`<tr class="why"><td colspan="3">${list(why)}</td></tr>`
}
