import prettyBytes from 'pretty-bytes'
import prettyMs from 'pretty-ms'
import type { ManifestView, TrainingManifest } from '../lake/training-manifest.ts'
import { LABEL_STATES } from '../model/training.ts'
import type { CheckedTraining, CheckedView } from '../pipeline/check-training-set.ts'
import type { TrainingPlan } from '../pipeline/train-plan.ts'
import { count, grouped, renderTable } from './table.ts'

/** Where a set will be made, for a person. */
export function renderTrainingPlan({ engine, why, labels, partitions, bytes, scanBytes, usd }: TrainingPlan): string {
  const where = engine === 'athena' ? 'Athena' : 'DuckDB, on this machine'
  return [
    `engine: ${where} (${why})`,
    `  ${count(labels, 'label')}, ${count(partitions, 'partition')}, ${prettyBytes(bytes)} with the labels`,
    `  Athena would scan up to ${prettyBytes(scanBytes)}, for up to $${usd.toFixed(4)}`,
  ].join('\n')
}

/** What was made, for a person. */
export function renderTraining(manifest: TrainingManifest, out: readonly string[]): string {
  const { name, run, labels, files, views } = manifest
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const head = ['as', 'view', 'version', 'partitions', ...LABEL_STATES.map((state) => `>${state.replace('_', ' ')}`), '>oldest']
  const doubled =
    labels.duplicates > 0
      ? [`note: ${count(labels.duplicates, 'label')} the same as an earlier one in every column; each is in the set`]
      : []
  return [
    `${name}: ${count(labels.rows, 'label')} of ${labels.first.slice(0, 19)}Z..${labels.last.slice(0, 19)}Z, run ${run}`,
    renderTable(head, views.map(rowOf)),
    ...doubled,
    `in ${files.map(({ key }) => key).join(', ')} (${prettyBytes(bytes)})${out.length > 0 ? `, and ${out.join(', ')}` : ''}`,
  ].join('\n')
}

function rowOf({ as, view, version, coverage, shares, ageMax }: ManifestView): string[] {
  const { first, last } = coverage
  const range = first === last ? first : `${first}..${last}`
  return [
    as,
    view,
    version,
    range,
    ...LABEL_STATES.map((state) => percent(shares[state])),
    ageMax === undefined ? '' : prettyMs(ageMax * 1000, { unitCount: 2 }),
  ]
}

/** One digit behind the point, and never 0.0% or 100.0% for some but not all. */
function percent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%'
  return share < 1 && share > 0.999 ? '>99.9%' : `${(share * 100).toFixed(1)}%`
}

const SHOWN_MAX = 5

/** What became of a set, for a person. */
export function renderChecked(checked: CheckedTraining): string {
  const { name, run, labels, affected, share } = checked
  const head =
    affected === 0
      ? `${name} run ${run}: no label read a partition that changed since`
      : `${name} run ${run}: ${grouped(affected)} of ${count(labels, 'label')} (${percent(share)}) read partitions that changed since`
  return [head, ...checked.views.flatMap(linesOf)].join('\n')
}

function linesOf({ as, view, version, dropped, published, changed, missing, appeared, labels }: CheckedView): string[] {
  const who = as === view ? `${view}@${version}` : `${as} (${view}@${version})`
  return [
    ...(dropped ? [`  ${who}: the version was dropped since`] : []),
    ...(changed.length > 0 ? [`  ${who}: other bytes in ${listed(changed)}`] : []),
    ...(missing.length > 0 ? [`  ${who}: gone are ${listed(missing)}`] : []),
    ...(changed.length + missing.length > 0 ? [`  ${who}: ${count(labels, 'label')} read them`] : []),
    ...(appeared.length > 0 ? [`  ${who}: there by now, but not when the set was made: ${listed(appeared)}`] : []),
    ...(published === undefined ? [] : [`  ${who}: published is ${published} by now`]),
  ]
}

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN_MAX ? `, ... (${names.length})` : ''
  return `${names.slice(0, SHOWN_MAX).join(', ')}${more}`
}
