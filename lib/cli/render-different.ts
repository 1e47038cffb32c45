import type { RowDiff } from '../engine/diff-rows.ts'
import type { Compared, DifferentPartition } from '../pipeline/compare-partitions.ts'

const SHOWN_MAX = 10

/** The first partitions that differ, with what differs in them, and what the differences have in common. */
export function renderDifferent({ different, hints }: Pick<Compared, 'different' | 'hints'>): string[] {
  const more = different.length > SHOWN_MAX ? [`  and ${different.length - SHOWN_MAX} more`] : []
  const told = hints.map(({ view, text }) => `  hint: ${view}: ${text}`)
  return [...different.slice(0, SHOWN_MAX).map(renderPartition), ...more, ...told]
}

function renderPartition({ view, partition, kind, diff, reason }: DifferentPartition): string {
  if (!diff) return `  ${view} ${partition}: ${kind}${reason ? `: ${reason}` : ''}`
  const counts = Object.entries(diff.counts).map(([name, amount]) => `${amount} ${name}`)
  const lines = diff.examples.map((one) => `    ${renderDifference(one)}`)
  return [`  ${view} ${partition}: ${counts.join(', ') || 'the same rows, other bytes'}`, ...lines].join('\n')
}

/** `origin=ATL mean_delay_7d: here 3.5, there 4.5 (different)`. */
export function renderDifference({ kind, entity, column, here, there }: RowDiff['examples'][number]): string {
  return column === undefined ? `${entity}: row ${kind}` : `${entity} ${column}: here ${here}, there ${there} (${kind})`
}
