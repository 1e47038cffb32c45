import { readDefinitions } from '../lake/definitions.ts'
import { baseName } from '../model/definition-schema.ts'
import { InvalidInputError } from '../model/errors.ts'
import { parseTraining } from '../model/parse-training.ts'
import { renderProblem } from '../model/problem.ts'
import type { Training } from '../model/training.ts'
import type { YamlPath } from '../model/yaml-document.ts'
import { definitionLines } from './definition-lines.ts'

const ENDING = '.training.yaml'

export interface ReadTraining {
  readonly training: Training
  /** The line of a key in the definition file, for messages. */
  lineOf(path: YamlPath): number
}

/** Reads the definition of a training set. @throws InvalidInputError for one that is not in the folder, or wrong, listing all that is. */
export async function readTraining(folder: string, name: string): Promise<ReadTraining> {
  const sets = (await readDefinitions(folder)).filter(({ file }) => file.endsWith(ENDING))
  const definition = sets.find(({ file }) => baseName(file, ENDING) === name)
  if (!definition) {
    const names = sets.map(({ file }) => baseName(file, ENDING)).join(', ')
    throw new InvalidInputError(`there is no training set '${name}' in ${folder}; expected one of ${names || '(none are defined)'}`)
  }
  const { training, problems } = parseTraining(definition.file, definition.text)
  if (!training || problems.length > 0)
    throw new InvalidInputError(`the training set has ${problems.length} problem(s):\n${problems.map(renderProblem).join('\n')}`)
  const lines = definitionLines([definition])
  return { training, lineOf: (path) => lines(definition.file, path) }
}
