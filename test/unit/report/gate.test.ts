import { expect, test } from 'vitest'
import type { Gate } from '../../../lib/pipeline/gate.ts'
import { gateSection } from '../../../lib/report/gate.ts'

const VIEW = { view: 'week', version: 'f94f452579fb', compared: 3, rows: 1200, partitions: [] }
const NONE: Gate = { verdict: 'verified', views: [], trials: [], different: [], hints: [] }

const text = (gate: Gate) =>
  gateSection(gate)
    .body.text.replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()

test('says of each view what was compared, or why nothing was', () => {
  const views = [
    { ...VIEW, verdict: 'verified' as const },
    { ...VIEW, view: 'month', verdict: 'not_verified' as const, reason: 'live wrote none of it' },
  ]
  expect(text({ ...NONE, verdict: 'not_verified', views })).toBe(
    'verified: week: 3 partitions, 1,200 rows, the same byte for byte as live wrote not verified: month: live wrote none of it',
  )
  expect(text({ ...NONE, skipped: true })).toBe('The request asked for no verification.')
  expect(text(NONE)).toBe('There was nothing to verify.')
})

test('shows what differs, with both values', () => {
  const diff = {
    rowsHere: 2,
    rowsThere: 2,
    counts: { different: 1 },
    columns: [],
    examples: [{ kind: 'different' as const, entity: 'shop=<b>', column: 'total', here: '1', there: '2' }],
  }
  const gate: Gate = {
    ...NONE,
    verdict: 'different',
    views: [{ ...VIEW, verdict: 'different' }],
    different: [{ view: 'week', partition: '2001-06-24', kind: 'different', diff }],
  }
  expect(text(gate)).toContain('different: week 2001-06-24 shop=&lt;b&gt; total : here 1, there 2 (different)')
})
