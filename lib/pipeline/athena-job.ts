import type { LabelTable } from '../engine/label-table.ts'
import type { Partition } from '../model/partition.ts'
import type { AthenaFeature, AthenaJob } from './train-athena.ts'
import type { FeatureCoverage } from './training-coverage.ts'
import { joinedFeature, readable } from './training-features.ts'
import type { AskedPartitions } from './training-join.ts'
import type { TrainingTable } from './training-tables.ts'
import type { TrainingView } from './training-views.ts'

/** What is known of a training set once its labels and the partitions that they ask for are. */
export interface KnownSet {
  readonly labels: LabelTable
  readonly asked: AskedPartitions
  readonly tables: readonly TrainingTable[]
  readonly coverages: readonly FeatureCoverage[]
}

/** The join of a training set as Athena is to run it: nothing is brought here, the features are read where they lie. */
export function athenaJob(
  { labels, asked, tables, coverages }: KnownSet,
  rest: Pick<AthenaJob, 'name' | 'run' | 'dir' | 'partRows' | 'limit' | 'signal'>,
): AthenaJob {
  const features = coverages.map((coverage, at) => joinedFeature(coverage, labels.columns, asked.lookupOf[at] ?? 0))
  return {
    ...rest,
    join: { labels, lookups: asked.lookups, features },
    features: coverages.map(({ view }, at) => athenaFeature(view, readable(view, labels), tables[at])),
  }
}

function athenaFeature(view: TrainingView, partitions: readonly Partition[], table: TrainingTable | undefined): AthenaFeature {
  const [first = '', ...rest] = partitions.map(({ name }) => name)
  const etags = [first, ...rest].flatMap((name) => {
    const output = table?.outputs.get(name)?.output
    return output ? [[name, output.etag] as const] : []
  })
  return { view, names: [first, ...rest], etags: new Map(etags) }
}
