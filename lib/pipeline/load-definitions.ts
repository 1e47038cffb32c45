import { baseName } from '../model/definition-schema.ts'
import { buildGraph, Graph } from '../model/graph.ts'
import { parseSource } from '../model/parse-source.ts'
import { parseTraining } from '../model/parse-training.ts'
import { parseView } from '../model/parse-view.ts'
import type { Problem } from '../model/problem.ts'
import type { Source } from '../model/source.ts'
import type { Training } from '../model/training.ts'
import type { View } from '../model/view.ts'
import { notChecked } from './resolve.ts'

export interface DefinitionFile {
  readonly file: string
  readonly text: string
}

export interface LoadedDefinitions {
  /** Whatever can be checked further: definitions that parsed and fit together, down to their sources. */
  readonly graph: Graph
  /** Training sets that parsed; the graph does not hold them, since nothing reads them. */
  readonly trainings: readonly Training[]
  readonly problems: readonly Problem[]
}

interface Parsed {
  readonly views: readonly View[]
  readonly sources: readonly Source[]
  /** Names of definitions with problems, which are taken out. */
  readonly broken: ReadonlySet<string>
}

/**
 * Parses definition files and joins them to a graph. A definition with problems is taken out, and with it those that read it, so that the rest
 * can be checked: their problems are told in the same go.
 */
export function loadDefinitions(files: readonly DefinitionFile[]): LoadedDefinitions {
  const views: View[] = []
  const sources: Source[] = []
  const trainings: Training[] = []
  const broken = new Set<string>()
  const problems: Problem[] = []
  for (const { file, text } of files) {
    const parsed = parseFile(file, text)
    problems.push(...parsed.problems)
    if (parsed.view) views.push(parsed.view)
    if (parsed.source) sources.push(parsed.source)
    if (parsed.training) trainings.push(parsed.training)
    if (!parsed.view && !parsed.source && parsed.problems.length > 0 && !file.endsWith(TRAINING)) broken.add(nameOf(file))
  }
  return { ...joined({ views, sources, broken }, problems), trainings }
}

const TRAINING = '.training.yaml'

interface ParsedFile {
  readonly view?: View
  readonly source?: Source
  readonly training?: Training
  readonly problems: readonly Problem[]
}

function parseFile(file: string, text: string): ParsedFile {
  if (file.endsWith('.sql')) return parseView(file, text)
  if (file.endsWith('.source.yaml')) return parseSource(file, text)
  if (file.endsWith(TRAINING)) return parseTraining(file, text)
  if (!/\.ya?ml$/.test(file)) return { problems: [] }
  const allowed = ['<name>.source.yaml', '<name>.training.yaml', '<name>.sql']
  return {
    problems: [{ file, line: 1, message: 'the name of this file says nothing', found: file.slice(file.lastIndexOf('/') + 1), allowed }],
  }
}

function nameOf(file: string): string {
  return baseName(file, /\.(sql|source\.yaml)$/.exec(file)?.[0] ?? '')
}

function joined(parsed: Parsed, before: readonly Problem[]): Omit<LoadedDefinitions, 'trainings'> {
  const { views, sources, broken } = parsed
  const problems = [...before]
  const isBlocked = (view: View) => view.inputs.some(({ from }) => broken.has(from))
  const blocked = views.filter(isBlocked)
  for (const view of blocked) {
    const inputs = view.inputs.filter(({ from }) => broken.has(from))
    problems.push(notChecked(view, inputs))
  }
  if (blocked.length > 0) {
    const rest = { views: views.filter((view) => !isBlocked(view)), sources, broken: named(broken, blocked) }
    return joined(rest, problems)
  }
  const built = buildGraph(views, sources)
  if (built.graph) return { graph: built.graph, problems }
  const files = new Set(built.problems.map(({ file }) => file))
  const wrong = [...views, ...sources].filter(({ file }) => files.has(file))
  // Every problem names the file of one of these; without that this would not end.
  if (wrong.length === 0) return { graph: new Graph([], []), problems: [...problems, ...built.problems] }
  const rest = { views: views.filter(({ file }) => !files.has(file)), sources: sources.filter(({ file }) => !files.has(file)) }
  return joined({ ...rest, broken: named(broken, wrong) }, [...problems, ...built.problems])
}

function named(names: ReadonlySet<string>, more: readonly { readonly name: string }[]): Set<string> {
  return new Set([...names, ...more.map(({ name }) => name)])
}
