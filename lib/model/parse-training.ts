import { baseName } from './definition-schema.ts'
import { parseName } from './names.ts'
import { formatOf } from './parse-source.ts'
import { type Problem, problemOf, sortProblems } from './problem.ts'
import { problemsOfFormat } from './source-rules.ts'
import type { Labels, Training, TrainingFeature } from './training.ts'
import { problemsOfTrainingFile } from './training-rules.ts'
import { type TrainingFile, trainingFile } from './training-schema.ts'
import { parseYaml } from './yaml-document.ts'

const ENDING = '.training.yaml'

/** A training set that could be read, and all that is wrong with it: keys that do not fit each other do not hide what is wrong with its views. */
export interface ParsedTraining {
  readonly training?: Training
  readonly problems: readonly Problem[]
}

/** Reads `features/<name>.training.yaml`. Nothing is thrown; all problems are listed. */
export function parseTraining(file: string, text: string): ParsedTraining {
  const name = baseName(file, ENDING)
  const { value, lineOf, problems: ofYaml } = parseYaml(text, trainingFile, { file })
  const problems: Problem[] = [...ofYaml, ...problemsOfName(file, name)]
  if (!value) return { problems: sortProblems(problems) }
  const training = toTraining({ file, name }, value)
  const { format } = value.labels
  const ofFormat = format ? problemsOfFormat({ format }).map((problem) => ({ ...problem, path: ['labels', ...problem.path] })) : []
  const found = [...problemsOfTrainingFile(training), ...ofFormat]
  problems.push(...found.map(({ path, ...rest }) => ({ file, line: lineOf(path), ...rest })))
  return { training, problems: sortProblems(problems) }
}

/** The name is a folder of the lake. */
function problemsOfName(file: string, name: string): Problem[] {
  try {
    parseName('training set', name)
    return []
  } catch (error) {
    return [problemOf(file, 1, error)]
  }
}

function toTraining(place: Pick<Training, 'file' | 'name'>, value: TrainingFile): Training {
  return {
    kind: 'training',
    ...place,
    description: value.description,
    ...(value.owner !== undefined && { owner: value.owner }),
    ...(value.engine && { engine: value.engine }),
    labels: labelsOf(value.labels),
    features: value.features.map(featureOf),
  }
}

function labelsOf({ key, path, format, time, columns }: TrainingFile['labels']): Labels {
  const { column, unit, zone, at } = time
  const declared = columns && Object.entries(columns).map(([name, { type, path }]) => ({ name, type, ...(path !== undefined && { path }) }))
  return {
    ...(key !== undefined && { key }),
    ...(path !== undefined && { path }),
    ...(format && { format: formatOf(format) }),
    time: { column, ...(unit && { unit }), ...(zone !== undefined && { zone }), ...(at && { at }) },
    ...(declared && { columns: declared }),
  }
}

function featureOf({ view, as, entity, columns, carry }: TrainingFile['features'][number]): TrainingFeature {
  return {
    view,
    as: as ?? view,
    ...(entity && { entity }),
    ...(columns && { columns }),
    ...(carry !== undefined && { carry: carry === 'none' ? carry : { ms: carry } }),
  }
}
