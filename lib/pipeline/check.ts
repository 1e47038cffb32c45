import type { Engine } from '../engine/engine.ts'
import type { Lake } from '../lake/lake.ts'
import type { Catalog } from '../model/catalog.ts'
import { baseName } from '../model/definition-schema.ts'
import type { Graph } from '../model/graph.ts'
import type { Problem } from '../model/problem.ts'
import type { Training } from '../model/training.ts'
import { checkKeys } from './check-keys.ts'
import { checkRowOrder } from './check-row-order.ts'
import { checkTrainings } from './check-training-definitions.ts'
import { definitionLines } from './definition-lines.ts'
import { type DefinitionFile, loadDefinitions } from './load-definitions.ts'
import { resolveCatalog } from './resolve.ts'

export interface CheckOptions {
  readonly files: readonly DefinitionFile[]
  readonly engine: Engine
  readonly lake?: Lake
  /** Also look at the raw data: for keys that no template fits, and with views whose SQL can depend on the order of rows; needs a lake. */
  readonly sample: boolean
}

export interface Checked {
  /** Errors, sorted by file and line. */
  readonly problems: readonly Problem[]
  /** What a person should know and may leave as it is. */
  readonly notes: readonly Problem[]
  /** There where nothing is wrong. */
  readonly catalog?: Catalog
  readonly graph?: Graph
  /** Training sets that were read, right or not. */
  readonly trainings: readonly Training[]
}

/** Everything that can be said of definitions before they run: all problems, in one go. Writes nothing to the lake. */
export async function checkDefinitions({ files, engine, lake, sample }: CheckOptions): Promise<Checked> {
  const loaded = loadDefinitions(files)
  const { graph } = loaded
  const lineOf = definitionLines(files)
  const resolved = await resolveCatalog({ graph, engine, ...(lake && { lake }), lineOf })
  const { catalog, orderSensitive, features } = resolved
  const defined = new Set(files.flatMap(({ file }) => (file.endsWith('.sql') ? [baseName(file, '.sql')] : [])))
  const training = await checkTrainings({ trainings: loaded.trainings, features, defined, engine, ...(lake && { lake }), sample, lineOf })
  const order = sample && lake && catalog ? await checkRowOrder({ graph, catalog, engine, lake, orderSensitive }) : NONE
  const keys = sample && lake && catalog ? await checkKeys(catalog, lake, lineOf) : []
  const problems = sorted([...loaded.problems, ...resolved.problems, ...order.problems, ...training.problems])
  // A view that nobody could look at may be the one that reads a source.
  const notes = sorted([...(problems.length > 0 ? [] : resolved.warnings), ...order.notes, ...keys, ...training.notes])
  const { trainings } = loaded
  return problems.length > 0 || !catalog ? { problems, notes, trainings } : { problems, notes, catalog, graph, trainings }
}

const NONE = { problems: [], notes: [] }

function sorted(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}
