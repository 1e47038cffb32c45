import { statfs } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { LocalEngine } from '../../engine/local-engine.ts'
import { isBucket, type OpenLake } from '../../lake/open-lake.ts'
import { openQueries } from '../../lake/open-queries.ts'
import { parseViewRef } from '../../model/catalog.ts'
import { InvalidInputError } from '../../model/errors.ts'
import type { TrainingEngine } from '../../model/training.ts'
import { checkTraining } from '../../pipeline/check-training-set.ts'
import { readTraining } from '../../pipeline/read-training.ts'
import { planTrain, train } from '../../pipeline/train.ts'
import type { AthenaEffects } from '../../pipeline/train-athena.ts'
import type { TrainingPlan } from '../../pipeline/train-plan.ts'
import { placeOfLabels } from '../../pipeline/training-labels.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { copyOut } from '../out-file.ts'
import { openExistingLake } from '../registry-session.ts'
import { renderChecked, renderTraining, renderTrainingPlan } from '../render-training.ts'
import { runId } from '../run-id.ts'
import { scratchFolder } from '../session.ts'
import { tablesOf } from '../tables.ts'

export interface TrainOptions {
  readonly name: string
  readonly labels?: string
  readonly out?: string
  readonly version: readonly string[]
  readonly allowUncovered?: boolean
  readonly check?: boolean | string
  readonly threads?: number
  readonly engine?: TrainingEngine
  readonly athenaWorkgroup?: string
  readonly maxCost?: number
  readonly plan?: boolean
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
    ...(options.engine && { engine: options.engine }),
    ...(options.maxCost !== undefined && { maxCostUsd: options.maxCost }),
  }
  const abort = new AbortController()
  const interrupt = () => {
    abort.abort()
    open.engine.interrupt()
  }
  const effects = {
    ...open,
    now: context.now,
    athena: await athenaOf(context, options.athenaWorkgroup ?? context.deployed?.workgroup ?? process.env.HINDCAST_ATHENA_WORKGROUP),
    roomBytes: await roomOf(open.engine.scratch),
    signal: abort.signal,
    onPlan: (plan: TrainingPlan) => {
      if (plan.engine === 'athena') context.note(renderTrainingPlan(plan))
    },
  }
  if (options.plan) {
    const plan = await planTrain(request, effects)
    context.out(options.json ? JSON.stringify(plan, null, 1) : renderTrainingPlan(plan))
    return EXIT.ok
  }
  process.once('SIGINT', interrupt)
  const manifest = await train(request, effects)
    .catch((error: unknown) => {
      if (abort.signal.aborted) return undefined
      throw error
    })
    .finally(() => process.off('SIGINT', interrupt))
  if (!manifest) {
    context.note(`interrupted: nothing was kept of training set ${options.name}`)
    return EXIT.interrupted
  }
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

/** Athena, or what is lacking of it. */
async function athenaOf(context: CliContext, workgroup: string | undefined): Promise<AthenaEffects | string> {
  if (!isBucket(context.lake)) return `the lake ${context.lake} is a folder; expected --lake s3://BUCKET`
  if (!workgroup) return 'no workgroup is named; expected --athena-workgroup NAME or HINDCAST_ATHENA_WORKGROUP'
  const { tables } = await tablesOf(context)
  if (!tables) return 'no Glue database is named; expected --glue-database NAME or HINDCAST_GLUE_DATABASE'
  return { tables, queries: await openQueries(workgroup) }
}

/** Free bytes of the disk that holds the scratch folder. */
async function roomOf(scratch: string): Promise<number> {
  const { bavail, bsize } = await statfs(scratch)
  return bavail * bsize
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
