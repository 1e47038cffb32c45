import type { EngineBuild } from '../engine/build.ts'
import type { LabelTable } from '../engine/label-table.ts'
import type { ManifestView, TrainingManifest } from '../lake/training-manifest.ts'
import { LABEL_STATES, type LabelState, type Training } from '../model/training.ts'
import type { Instant } from '../model/zone.ts'
import type { FeatureCoverage } from './training-coverage.ts'
import type { BroughtFeature } from './training-features.ts'
import type { FeatureCounts } from './training-join.ts'
import type { BroughtLabels } from './training-labels.ts'

/** All that was decided and counted of one training set. */
export interface MadeSet {
  readonly request: { readonly training: Training; readonly run: string }
  readonly brought: BroughtLabels
  readonly labels: LabelTable
  readonly duplicates: number
  readonly files: TrainingManifest['files']
  readonly warnings: readonly string[]
  readonly engine: Pick<EngineBuild, 'id' | 'description'>
  readonly scannedBytes?: number
  readonly now: Instant
}

/** What a training set was made from, for those who ask later. */
export function manifestOf(set: MadeSet, features: readonly MadeFeature[]): TrainingManifest {
  const { request, brought, labels, duplicates, engine } = set
  return {
    format: 1,
    name: request.training.name,
    run: request.run,
    created: isoOf(set.now),
    engine: { id: engine.id, description: engine.description },
    definition: request.training,
    labels: {
      ...brought.place,
      sha256: brought.sha256,
      bytes: brought.bytes,
      rows: labels.rows,
      duplicates,
      first: isoOf(labels.first),
      last: isoOf(labels.last),
    },
    rows: labels.rows,
    files: set.files,
    ...(set.scannedBytes !== undefined && { scannedBytes: set.scannedBytes }),
    views: features.map((feature) => viewOf(feature, labels.rows)),
    warnings: set.warnings,
  }
}

export interface MadeFeature {
  readonly coverage: FeatureCoverage
  readonly feature: BroughtFeature
  readonly count: FeatureCounts
}

function viewOf({ coverage, feature: { joined, partitions }, count }: MadeFeature, rows: number): ManifestView {
  const { view, first, last, between, missing } = coverage
  const { version, settings } = view.published
  const absent = joined.columns.flatMap((column) => (column.absent === undefined ? [] : [[column.name, column.absent] as const]))
  return {
    view: version.view,
    version: version.version,
    as: joined.as,
    grain: version.grain,
    zone: version.zone,
    availableAfterMs: settings.availableAfterMs,
    ...(view.carryMs !== undefined && { carryMs: view.carryMs }),
    absent: Object.fromEntries(absent),
    coverage: { first: first.name, last: last.name, ...between },
    states: count.states,
    shares: sharesOf(count.states, rows),
    ...(count.ageMax !== undefined && { ageMax: count.ageMax }),
    partitions,
    uncovered: missing.map(({ partition, labels }) => [partition.name, labels] as const),
  }
}

function sharesOf(states: Readonly<Record<LabelState, number>>, rows: number): Record<LabelState, number> {
  return Object.fromEntries(LABEL_STATES.map((state) => [state, states[state] / rows])) as Record<LabelState, number>
}

function isoOf(instant: Instant): string {
  return new Date(instant).toISOString()
}
