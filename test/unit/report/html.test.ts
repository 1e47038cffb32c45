import * as Plot from '@observablehq/plot'
import { expect, test } from 'vitest'
import { chart } from '../../../lib/report/chart.ts'
import { Html, html } from '../../../lib/report/html.ts'
import { amount, dollars } from '../../../lib/report/words.ts'

const EVIL = `</title><script>alert(1)</script><img src=x onerror="alert(2)"> ' &amp;`

test('values are escaped, HTML is not, lists are joined, nothing is nothing', () => {
  expect(html`<p title="${EVIL}">${EVIL}</p>`.text).not.toMatch(/<script|<img|onerror="|<\/title>/)
  expect(html`<p>${`<&>"'`}</p>`.text).toBe('<p>&lt;&amp;&gt;&quot;&#39;</p>')
  expect(html`${[html`<b>${1}</b>`, ['<', undefined]]}${undefined}`.text).toBe('<b>1</b>&lt;')
  expect(html`${new Html('<i>')}`.text).toBe('<i>')
})

test('text in a chart stays text', () => {
  const picture = chart(EVIL, {
    height: 60,
    y: { domain: [EVIL] },
    marks: [Plot.barX([{ x: 1, y: EVIL }], { x: 'x', y: 'y', title: 'y' }), Plot.text([EVIL], { text: (text: string) => text })],
  }).text
  // Inside an attribute only a quote could end it.
  const outside = picture.replace(/="[^"]*"/g, '')
  expect(outside).not.toMatch(/<script|<img|<\/title><(?!\/)/)
  expect(picture).toContain('role="img"')
})

test.each([
  [0, '$0'],
  [0.0000048, '$0.0000048'],
  [0.00312, '$0.0031'],
  [0.1, '$0.10'],
  [1234.5, '$1,234.50'],
])('%s dollars', (value, text) => expect(dollars(value)).toBe(text))

test('amounts have their unit', () => {
  expect([amount(1234.4, 'requests'), amount(0.123, 'GB-s'), amount(1_500_000, 'bytes')]).toEqual([
    '1,234 requests',
    '0.12 GB\u2011s',
    '1.5 MB',
  ])
})
