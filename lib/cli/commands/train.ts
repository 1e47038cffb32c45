import { availableParallelism } from 'node:os'
import { LocalEngine } from '../../engine/local-engine.ts'
import { type DefinitionText, readDefinitions } from '../../lake/definitions.ts'
import type { OpenLake } from '../../lake/open-lake.ts'
import { parseViewRef } from '../../model/catalog.ts'
import { baseName } from '../../model/definition-schema.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { parseTraining } from '../../model/parse-training.ts'
import { renderProblem } from '../../model/problem.ts'
import { checkTraining } from '../../pipeline/check-training-set.ts'
import { definitionLines } from '../../pipeline/definition-lines.ts'
import { train } from '../../pipeline/train.ts'
import { placeOfLabels } from '../../pipeline/training-labels.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { copyOut } from '../out-file.ts'
import { openExistingLake } from '../registry-session.ts'
import { renderChecked, renderTraining } from '../render-training.ts'
import { runId } from '../run-id.ts'
import { scratchFolder } from '../session.ts'

export interface TrainOptions {
  readonly name: string
  readonly labels?: string
  readonly out?: string
  readonly version: readonly string[]
  readonly allowUncovered?: boolean
  readonly check?: boolean | string
  readonly threads?: number
  readonly json?: boolean
}

/** Makes a training set on the lake from labels and the published versions of its views, or says what became of one. */
export async function trainSet(context: CliContext, options: TrainOptions): Promise<number> {
  const lake = await openExistingLake(context)
  const engine = new LocalEngine({ scratch: await scratchFolder(context.lake) })
  const open = { lake, engine, threads: options.threads ?? availableParallelism() }
  try {
    return options.check ? await check(context, options, open) : await make(context, options, open)
  } finally {
    await engine.close()
    await lake.close()
  }
}

interface Open {
  readonly lake: OpenLake
  readonly engine: LocalEngine
  readonly threads: number
}

async function make(context: CliContext, options: TrainOptions, open: Open): Promise<number> {
  const definition = await findDefinition(context.features, options.name)
  const { training, problems } = parseTraining(definition.file, definition.text)
  if (!training)
    throw new InvalidInputError(`the training set has ${problems.length} problem(s):\n${problems.map(renderProblem).join('\n')}`)
  const lines = definitionLines([definition])
  const request = {
    training,
    lineOf: (path: readonly PropertyKey[]) => lines(definition.file, path),
    run: runId(context.now()),
    labels: placeOfLabels(training, options.labels),
    versions: parseVersions(options.version),
    allowUncovered: options.allowUncovered ?? false,
  }
  const manifest = await train(request, { ...open, now: context.now })
  for (const warning of manifest.warnings) context.note(`warning: ${warning}`)
  const files = options.out === undefined ? [] : await copyOut(open.lake.store, manifest, options.out, open.engine.scratch)
  context.out(options.json ? JSON.stringify(manifest, null, 1) : renderTraining(manifest, files))
  return EXIT.ok
}

async function check(context: CliContext, { name, check, json }: TrainOptions, open: Open): Promise<number> {
  const checked = await checkTraining({ name, ...(typeof check === 'string' && { run: check }) }, open)
  context.out(json ? JSON.stringify(checked, null, 1) : renderChecked(checked))
  return checked.affected > 0 || checked.views.some(({ dropped }) => dropped) ? EXIT.changed : EXIT.ok
}

const ENDING = '.training.yaml'

async function findDefinition(folder: string, name: string): Promise<DefinitionText> {
  const sets = (await readDefinitions(folder)).filter(({ file }) => file.endsWith(ENDING))
  const found = sets.find(({ file }) => baseName(file, ENDING) === name)
  if (found) return found
  const names = sets.map(({ file }) => baseName(file, ENDING)).join(', ')
  throw new InvalidInputError(`there is no training set '${name}' in ${folder}; expected one of ${names || '(none are defined)'}`)
}

function parseVersions(texts: readonly string[]): Map<string, string> {
  const versions = new Map<string, string>()
  for (const text of texts) {
    const { view, version } = parseViewRef(text)
    if (version === undefined) {
      throw new InvalidInputError(
        `--version '${text}' names no version; expected a view and 12 hex digits, such as airport_week@0a1b2c3d4e5f`,
      )
    }
    if (versions.has(view)) throw new InvalidInputError(`--version names view ${view} twice; expected one version of each view`)
    versions.set(view, version)
  }
  return versions
}
