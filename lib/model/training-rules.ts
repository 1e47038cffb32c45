import type { OutputColumn, ViewVersion } from './catalog.ts'
import { areComparable } from './comparable.ts'
import { findColumn, problemsOfDeclared, problemsOfLabels, unknownColumn } from './label-rules.ts'
import { ADDED_COLUMNS, type Training, type TrainingFeature, trainingColumn } from './training.ts'
import type { PathProblem } from './zod-problems.ts'

/** What a training set needs to know of a view. */
export type ViewFacts = Pick<ViewVersion, 'entity' | 'schema'>

/** What is wrong between the keys of a training set's file, each of which is right by itself. */
export function problemsOfTrainingFile(training: Training): PathProblem[] {
  const { columns } = training.labels
  const ofColumns = columns ? problemsOfLabels(training, columns) : []
  return [...problemsOfPlace(training), ...problemsOfDeclared(training), ...problemsOfNames(training), ...ofColumns]
}

function problemsOfPlace({ labels }: Training): PathProblem[] {
  if (labels.key === undefined || labels.path === undefined) return []
  const message = 'labels lie at one place; a key is one of the lake, a path one of this machine'
  return [{ path: ['labels', 'path'], message, found: 'key and path', allowed: ['key', 'path'] }]
}

function problemsOfNames({ features }: Training): PathProblem[] {
  return features.flatMap(({ as, view }, at) => {
    const first = features.findIndex((feature) => feature.as === as)
    const message = `name '${as}' is used twice; a view that is read twice needs two names`
    return first < at ? [{ path: ['features', at, 'as'], message, found: `as of ${view}`, allowed: ['as: another name'] }] : []
  })
}

/** What is wrong between one feature of the set, the version of its view, and the label columns where they are known. */
export function problemsOfFeature(feature: TrainingFeature, at: number, view: ViewFacts, columns?: readonly OutputColumn[]): PathProblem[] {
  const path = ['features', at]
  const names = view.schema.map(({ name }) => name)
  const unknown = (feature.columns ?? []).filter((name) => !names.includes(name))
  const taken = featureColumns(feature, view).filter(({ name }) => ADDED_COLUMNS.some((added) => added === name))
  return [
    ...problemsOfEntity(feature, path, view, columns),
    ...unknown.map((name) => unknownColumn([...path, 'columns'], `column of view '${feature.view}'`, name, names)),
    ...taken.map(({ name }) => ({
      path: [...path, feature.columns ? 'columns' : 'view'],
      message: `column '${name}' of view '${feature.view}' would be ${trainingColumn(feature.as, name)}, which a training set writes itself`,
      allowed: ['columns without it', 'another name in the SQL of the view'],
    })),
    ...problemsOfOutput(feature, path, view, columns ?? []),
  ]
}

/** The label column of each entity column: as the file maps them, else by the same names. */
export function entityOf({ entity }: Pick<TrainingFeature, 'entity'>, view: Pick<ViewFacts, 'entity'>): Readonly<Record<string, string>> {
  return entity ?? Object.fromEntries(view.entity.map((column) => [column, column]))
}

function problemsOfEntity(
  { view: name, entity }: TrainingFeature,
  path: readonly (string | number)[],
  view: ViewFacts,
  columns: readonly OutputColumn[] | undefined,
): PathProblem[] {
  const mapped = entityOf({ ...(entity && { entity }) }, view)
  const where = [...path, 'entity']
  const strange = Object.keys(mapped).filter((column) => !view.entity.includes(column))
  const missing = view.entity.filter((column) => !(column in mapped))
  const known = view.entity.filter((column) => column in mapped)
  return [
    ...strange.map((column) => unknownColumn([...where, column], `entity column of view '${name}'`, column, view.entity)),
    ...missing.map((column) => ({
      path: where,
      message: `entity column '${column}' of view '${name}' has no label column`,
      allowed: [`${column}: <label column>`],
    })),
    ...(columns
      ? known.flatMap((column) =>
          problemsOfKey({ column, label: mapped[column] ?? column, path: where, name, stated: entity !== undefined }, view, columns),
        )
      : []),
  ]
}

interface Key {
  readonly column: string
  readonly label: string
  readonly path: readonly (string | number)[]
  readonly name: string
  /** The file maps it; an unknown label column was told with the labels then. */
  readonly stated: boolean
}

function problemsOfKey({ column, label, path, name, stated }: Key, view: ViewFacts, columns: readonly OutputColumn[]): PathProblem[] {
  const found = findColumn(columns, label)
  if (!found) {
    if (stated) return []
    return [
      {
        ...unknownColumn(
          path,
          'label column',
          label,
          columns.map((one) => one.name),
        ),
        allowed: [`entity: {${column}: <label column>}`],
      },
    ]
  }
  const type = view.schema.find((one) => one.name === column)?.type ?? 'VARCHAR'
  if (areComparable(type, found.type)) return []
  return [
    {
      path: [...path, column],
      message: `label column '${found.name}' and entity column '${column}' of view '${name}' have types that differ`,
      found: found.type,
      allowed: [type],
    },
  ]
}

function problemsOfOutput(
  feature: TrainingFeature,
  path: readonly (string | number)[],
  view: ViewFacts,
  columns: readonly OutputColumn[],
): PathProblem[] {
  const outputs = [...featureColumns(feature, view).map(({ name }) => name), ...ADDED_COLUMNS].map((name) =>
    trainingColumn(feature.as, name),
  )
  const same = columns.filter(({ name }) => outputs.includes(name.toLowerCase()))
  return same.map(({ name }) => ({
    path: [...path, 'as'],
    message: `label column '${name}' has the name of a column of feature '${feature.as}'`,
    allowed: ['as: another name'],
  }))
}

/** The view's columns that a feature brings into the training set, in the order of the file, else of the SQL. */
export function featureColumns({ columns }: Pick<TrainingFeature, 'columns'>, { entity, schema }: ViewFacts): OutputColumn[] {
  if (!columns) return schema.filter(({ name }) => !entity.includes(name))
  return columns.flatMap((name) => schema.find((column) => column.name === name) ?? [])
}
