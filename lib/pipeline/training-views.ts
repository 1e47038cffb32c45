import type { JoinedFeature } from '../engine/point-in-time.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { readPublished } from '../lake/published.ts'
import { type PublishedFeature, readPublishedFeature } from '../lake/published-feature.ts'
import type { OutputColumn } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Knowing } from '../model/known-partitions.ts'
import { findColumn } from '../model/label-rules.ts'
import type { Training, TrainingFeature } from '../model/training.ts'
import { entityOf, featureColumns } from '../model/training-rules.ts'
import { viewCalendar } from '../model/view.ts'

/** One feature of a training set with the version of its view that it reads. */
export interface TrainingView {
  readonly feature: TrainingFeature
  readonly published: PublishedFeature
  readonly knowing: Knowing
  readonly carryMs?: number
}

/**
 * The versions that a training set reads: the published ones, or those that `versions` names by view.
 * @throws InvalidInputError for a view without a published version, one that is not there, and versions of views that are not read.
 */
export async function resolveTrainingViews(
  store: ObjectStore,
  training: Training,
  versions: ReadonlyMap<string, string>,
): Promise<TrainingView[]> {
  const views = training.features.map(({ view }) => view)
  const strange = [...versions.keys()].find((view) => !views.includes(view))
  if (strange !== undefined) {
    throw new InvalidInputError(
      `training set ${training.name} does not read view '${strange}'; expected one of ${[...new Set(views)].join(', ')}`,
    )
  }
  const published = (await readPublished(store)).value.views
  const loaded = new Map<string, PublishedFeature>()
  for (const view of new Set(views)) {
    loaded.set(view, await readPublishedFeature(store, view, { published: published[view], wanted: versions.get(view) }))
  }
  return training.features.flatMap((feature) => {
    const one = loaded.get(feature.view)
    return one ? [trainingView(feature, one)] : []
  })
}

function trainingView(feature: TrainingFeature, published: PublishedFeature): TrainingView {
  const { version, settings } = published
  const carryMs = feature.carry === undefined ? settings.carryMs : feature.carry === 'none' ? undefined : feature.carry.ms
  return {
    feature,
    published,
    knowing: { calendar: viewCalendar(version), availableAfterMs: settings.availableAfterMs },
    ...(carryMs !== undefined && { carryMs }),
  }
}

/** What the join needs to know of a feature, but for the files. */
export function joinedPart(
  { feature, published, carryMs }: TrainingView,
  labels: readonly OutputColumn[],
): Pick<JoinedFeature, 'as' | 'keys' | 'columns' | 'carryMs'> {
  const { version, settings } = published
  const entity = entityOf(feature, version)
  const typeOf = (column: string) => version.schema.find(({ name }) => name === column)?.type ?? 'VARCHAR'
  const keys = version.entity.map((column) => {
    const label = findColumn(labels, entity[column] ?? column) ?? { name: column, type: 'VARCHAR' }
    return { column, type: typeOf(column), label: label.name, labelType: label.type }
  })
  const columns = featureColumns(feature, version).map((column) => {
    const absent = settings.absent[column.name]
    return absent === undefined ? column : { ...column, absent }
  })
  return { as: feature.as, keys, columns, ...(carryMs !== undefined && { carryMs }) }
}
