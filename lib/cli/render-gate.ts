import type { ColumnShare, Diff } from '../pipeline/diff.ts'
import type { Gate, GatedView } from '../pipeline/gate.ts'
import type { Trial } from '../pipeline/try-version.ts'
import { renderDifferent } from './render-different.ts'
import { count, grouped } from './table.ts'

const COLUMNS_MAX = 3
const REFUSED_MAX = 3

/** What was verified before anything was written. */
export function renderGate(gate: Gate | undefined): string[] {
  if (!gate) return []
  if (gate.skipped) return ['  not verified: --unverified']
  if (gate.verdict !== 'different') return gate.views.map(renderView)
  return [
    '  what live wrote (here) is not what a backfill gives (there); nothing was written',
    ...gate.views.map(renderView),
    ...renderDifferent(gate),
  ]
}

function renderView({ view, verdict, reason, compared, rows, partitions }: GatedView): string {
  if (verdict === 'not_verified') return `  not verified: ${view}: ${reason}`
  const kinds = [
    count(compared, 'partition'),
    count(rows, 'row'),
    ...(['repaired', 'clockChange'] as const).flatMap((kind) => {
      const some = partitions.filter((one) => one[kind]).length
      return some > 0 ? [`${some} ${kind === 'repaired' ? 'repaired' : 'with a change of clocks'}`] : []
    }),
  ]
  const found = verdict === 'verified' ? 'the same byte for byte as live wrote' : 'compared with what live wrote'
  return `  ${verdict}: ${view}: ${kinds.join(', ')}, ${found}`
}

/** New versions, as far as a sample tells. */
export function describeTrials(trials: readonly Trial[]): string[] {
  return trials.map(({ view, version, published, partitions, refused, diff, reason }) => {
    const lines = [
      `new version ${version} of ${view} on a sample (${partitions.join(', ') || 'none'}), against the published ${published}:`,
      ...(diff ? describeSample(diff) : []),
      ...(reason === undefined ? [] : [`not compared: ${reason}`]),
      ...refused.slice(0, REFUSED_MAX).map((one) => `refused ${one.partition}: ${one.reason}`),
    ]
    return lines.join('\n  ')
  })
}

function describeSample({ rows, columns, notCompared, hints }: Diff): string[] {
  const worst = columns.filter(({ share }) => share > 0).slice(0, COLUMNS_MAX)
  const differing = rows.different + rows.lastBits
  const lone = notCompared.map(({ column, reason }) => `${column} (${reason})`)
  return [
    `${grouped(rows.matched)} rows matched: ${grouped(rows.same)} the same, ${grouped(differing)} different; ${grouped(rows.onlyHere)} only published, ${grouped(rows.onlyThere)} only new`,
    ...(worst.length > 0 ? [`differs in ${worst.map(describeColumn).join(', ')}`] : []),
    ...(lone.length > 0 ? [`not compared: ${lone.join(', ')}`] : []),
    ...hints.map(({ text }) => `hint: ${text}`),
  ]
}

function describeColumn({ name, share, largest }: ColumnShare): string {
  const size = largest === undefined ? '' : `, by ${Number(largest.toPrecision(4))} at most`
  return `${name} (${Number((share * 100).toPrecision(3))}% of rows${size})`
}
