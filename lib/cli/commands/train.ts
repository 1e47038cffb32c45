import { availableParallelism } from 'node:os'
import { LocalEngine } from '../../engine/local-engine.ts'
import type { OpenLake } from '../../lake/open-lake.ts'
import { parseViewRef } from '../../model/catalog.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { checkTraining } from '../../pipeline/check-training-set.ts'
import { readTraining } from '../../pipeline/read-training.ts'
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
  const { training, lineOf } = await readTraining(context.features, options.name)
  const request = {
    training,
    lineOf,
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
