import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import * as z from 'zod'
import { manifestKey } from '../lib/lake/keys.ts'
import type { TrainingManifest } from '../lib/lake/training-manifest.ts'
import { InvalidInputError } from '../lib/model/errors.ts'
import { runName } from '../lib/model/run-name.ts'
import { TRAINING_ENGINES, type Training } from '../lib/model/training.ts'
import { readTraining } from '../lib/pipeline/read-training.ts'
import { train } from '../lib/pipeline/train.ts'
import type { AthenaEffects } from '../lib/pipeline/train-athena.ts'
import { athenaOfProcess } from './athena.ts'
import { environmentOfProcess, type LocalEnvironment } from './environment.ts'
import { observed } from './observed.ts'

/** What a person writes to start it. */
const trainEvent = z.strictObject({
  name: z.string().min(1),
  /** Key of labels in the lake, instead of those that the definition names. */
  labels: z.string().min(1).exactOptional(),
  /** Versions other than the published ones, by view. */
  versions: z.record(z.string(), z.string().regex(/^[0-9a-f]{12}$/, 'expected 12 hex digits')).default({}),
  allowUncovered: z.boolean().default(false),
  /** In the place of what the definition says. */
  engine: z.enum(TRAINING_ENGINES).exactOptional(),
  /** US dollars that Athena may cost. */
  maxCost: z.number().min(0).exactOptional(),
})

/** Where a training set lies, and what it has. */
export interface TrainedSet {
  readonly name: string
  readonly run: string
  /** Key of its manifest. */
  readonly manifest: string
  readonly rows: number
  readonly files: number
  readonly bytes: number
  /** The first of them, in words. */
  readonly warnings: readonly string[]
}

export interface TrainOptions {
  /** Folder of the definitions. */
  readonly definitions: string
  /** Bytes of labels and partitions that may be brought. */
  readonly bytesMax: number
  /** Athena, or what is lacking of it; without it, sets are joined here. */
  athena?(): Promise<AthenaEffects | string>
}

const WARNINGS_MAX = 20
/** What is left of a call when a query is stopped, so that what it made can be removed. */
const RESERVE_MS = 90_000

/** Makes a training set whose labels and partitions fit one function, with the definitions that were deployed with it. */
export function createTrainHandler(open: () => Promise<LocalEnvironment>, options: () => TrainOptions) {
  return middy<unknown, TrainedSet>().handler(async (event, context) => {
    const parsed = trainEvent.safeParse(event)
    if (!parsed.success) throw new InvalidInputError(`the request does not fit its schema:\n${z.prettifyError(parsed.error)}`)
    const { name, labels, versions, allowUncovered, engine, maxCost } = parsed.data
    const { definitions, bytesMax, athena } = options()
    const { training, lineOf } = await readTraining(definitions, name)
    const { effects } = await open()
    const request = {
      ...{ training, lineOf, allowUncovered, bytesMax },
      labels: { key: labels ?? keyOfLabels(training) },
      run: runName(effects.now(), effects.newId()),
      versions: new Map(Object.entries(versions)),
      ...(engine && { engine }),
      ...(maxCost !== undefined && { maxCostUsd: maxCost }),
    }
    const there = { threads: availableParallelism(), ...(athena && { athena: await athena() }), ...endOf(context) }
    return describe(await train(request, { ...effects, ...there }))
  })
}

/** Ends what Athena runs while there is time to clean up: a function that is cut off removes nothing. */
function endOf({ getRemainingTimeInMillis: left }: Partial<Context>): { readonly signal?: AbortSignal } {
  return left ? { signal: AbortSignal.timeout(Math.max(0, left() - RESERVE_MS)) } : {}
}

/** A function has no files of anybody's machine. */
function keyOfLabels({ name, labels }: Training): string {
  if (labels.key !== undefined) return labels.key
  throw new InvalidInputError(
    `training set ${name} names no labels of the lake; expected labels.key in its file, or 'labels' in the request`,
  )
}

function describe({ name, run, rows, files, warnings }: TrainingManifest): TrainedSet {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return { name, run, manifest: manifestKey(name, run), rows, files: files.length, bytes, warnings: warnings.slice(0, WARNINGS_MAX) }
}

/** Half of the function's disk: the join and the set itself need the other. */
function bytesOfProcess(): number {
  return (Number(process.env.HINDCAST_DISK_MB ?? 512) / 2) * 1_000_000
}

/** The deployed function: its definitions lie beside it. */
export const handler = createTrainHandler(environmentOfProcess, () => ({
  definitions: join(import.meta.dirname, 'definitions'),
  bytesMax: bytesOfProcess(),
  athena: athenaOfProcess,
})).use(observed())
