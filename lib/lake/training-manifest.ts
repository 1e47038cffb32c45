import * as z from 'zod'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { LabelState, Training } from '../model/training.ts'
import { jsonBytes, readJson } from './json-object.ts'
import { MANIFEST_NAME, manifestKey, trainingPrefix } from './keys.ts'
import { listAll, type ObjectStore } from './object-store.ts'

/** What one feature of a training set was made from. Durations are milliseconds. */
export interface ManifestView {
  readonly view: string
  readonly version: string
  readonly as: string
  readonly grain: 'hour' | 'day' | 'month'
  readonly zone: string
  readonly availableAfterMs: number
  readonly carryMs?: number
  readonly absent: Readonly<Record<string, string | number | boolean | null>>
  /** The partitions that the first and the last label ask for, and how many between them stand in the lake. */
  readonly coverage: { readonly first: string; readonly last: string; readonly present: number; readonly missing: number }
  readonly states: Readonly<Record<LabelState, number>>
  readonly shares: Readonly<Record<LabelState, number>>
  /** Seconds between the end of the oldest partition that a label read and the label; absent where no label read one. */
  readonly ageMax?: number
  /** Every partition that was read: name, SHA-256, and the labels for which it was the newest known one. */
  readonly partitions: readonly (readonly [string, string, number])[]
  /** Partitions that labels asked for and that were not there, with the number of these labels. */
  readonly uncovered: readonly (readonly [string, number])[]
}

/** `training/<name>/<run>/manifest.json`, put last: a run without one is not complete. */
export interface TrainingManifest {
  readonly format: 1
  readonly name: string
  readonly run: string
  readonly created: string
  readonly engine: { readonly id: string; readonly description: string }
  readonly definition: Training
  readonly labels: {
    readonly key?: string
    readonly path?: string
    readonly sha256: string
    readonly bytes: number
    readonly rows: number
    /** Labels that are the same as an earlier one in every column; each of them is in the set. */
    readonly duplicates: number
    readonly first: string
    readonly last: string
  }
  readonly rows: number
  readonly files: readonly { readonly key: string; readonly rows: number; readonly bytes: number; readonly sha256: string }[]
  /** What Athena scanned, where it made the set: its files are in no order, `__ordinal` is the number of a label. */
  readonly scannedBytes?: number
  readonly views: readonly ManifestView[]
  readonly warnings: readonly string[]
}

const view = z.looseObject({
  view: z.string(),
  version: z.string(),
  as: z.string(),
  grain: z.enum(['hour', 'day', 'month']),
  zone: z.string(),
  availableAfterMs: z.number(),
  carryMs: z.number().optional(),
  partitions: z.array(z.tuple([z.string(), z.string(), z.number()])),
  uncovered: z.array(z.tuple([z.string(), z.number()])),
})

/** The part of a manifest that others read again. */
const manifest = z.looseObject({
  name: z.string(),
  run: z.string(),
  definition: z.looseObject({ labels: z.looseObject({ time: z.looseObject({ column: z.string() }) }) }),
  rows: z.number(),
  files: z.array(z.looseObject({ key: z.string(), rows: z.number(), sha256: z.string() })),
  views: z.array(view),
})

/** Ends a run: from here on it is complete. */
export async function putManifest(store: ObjectStore, value: TrainingManifest): Promise<void> {
  await store.put(manifestKey(value.name, value.run), jsonBytes(value), { ifNoneMatch: '*' })
}

/** Complete runs of a training set, oldest first. */
export async function listTrainingRuns(store: ObjectStore, name: string): Promise<string[]> {
  const prefix = trainingPrefix(name)
  const keys = (await listAll(store, { prefix })).map(({ key }) => key.slice(prefix.length))
  return keys
    .flatMap((key) => (key.endsWith(`/${MANIFEST_NAME}`) ? [key.slice(0, -MANIFEST_NAME.length - 1)] : []))
    .filter((run) => !run.includes('/'))
}

/**
 * The manifest of a run, of the newest complete one unless one is named.
 * @throws InvalidInputError where there is none, DataError for one that is damaged.
 */
export async function readManifest(store: ObjectStore, name: string, run?: string): Promise<TrainingManifest> {
  const wanted = run ?? (await listTrainingRuns(store, name)).at(-1)
  if (wanted === undefined)
    throw new InvalidInputError(`there is no complete run of training set ${name}; hindcast train ${name} makes one`)
  const key = manifestKey(name, wanted)
  const found = await readJson<TrainingManifest>(store, key)
  if (!found) {
    const runs = await listTrainingRuns(store, name)
    throw new InvalidInputError(
      `there is no complete run '${wanted}' of training set ${name}; expected one of ${runs.join(', ') || '(none)'}`,
    )
  }
  const parsed = manifest.safeParse(found.value)
  if (parsed.success) return found.value
  throw new DataError(`${store.location}/${key} is damaged: ${z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ')}`)
}
