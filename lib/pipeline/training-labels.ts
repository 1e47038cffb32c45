import { copyFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfFile } from '../engine/compute.ts'
import type { Decoded, Decoding, RawObject } from '../engine/decode.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { ConflictError, InvalidInputError } from '../model/errors.ts'
import { formatOfLabels, type Labels, type Training } from '../model/training.ts'

/** Where labels lie: an object of the lake, or a file of this machine. */
export type LabelPlace = { readonly key: string } | { readonly path: string }

/** Labels as one local Parquet file. */
export interface BroughtLabels {
  readonly file: string
  /** As a person knows them, for messages. */
  readonly name: string
  readonly place: LabelPlace
  readonly sha256: string
  readonly bytes: number
  /** Columns that the definition does not declare, and that the set does not get. */
  readonly undeclared: readonly string[]
}

export interface LabelEffects {
  readonly lake: { readonly store: ObjectStore }
  readonly engine: { decode(raw: RawObject, source: Decoding, file: string): Promise<Decoded> }
}

/** The place that the definition names, or the local file that is asked for instead. @throws InvalidInputError where there is neither. */
export function placeOfLabels({ name, labels }: Training, path: string | undefined): LabelPlace {
  if (path !== undefined) return { path }
  if (labels.path !== undefined) return { path: labels.path }
  if (labels.key !== undefined) return { key: labels.key }
  throw new InvalidInputError(`training set ${name} names no labels; expected labels.key or labels.path in its file, or --labels PATH`)
}

export function nameOfPlace(place: LabelPlace): string {
  return 'key' in place ? place.key : place.path
}

/**
 * Brings the labels into `dir` and decodes what is no Parquet file, or has declared columns. @throws InvalidInputError where there are
 * none, DataError naming the line that cannot be read.
 */
export async function bringLabels(training: Training, place: LabelPlace, dir: string, effects: LabelEffects): Promise<BroughtLabels> {
  const name = nameOfPlace(place)
  const format = formatOfLabels(name, training.labels.format)
  const raw = join(dir, `labels${/(\.[A-Za-z0-9]+)*$/.exec(name)?.[0] ?? ''}`)
  await fetchLabels(place, raw, effects)
  const { size: bytes, sha256 } = await digestOfFile(raw)
  const { file, undeclared = [] } = await decoded(training, { key: name, file: raw, captures: {} }, { ...training.labels, format }, effects)
  return { file, name, place, sha256, bytes, undeclared }
}

async function fetchLabels(place: LabelPlace, file: string, { lake }: LabelEffects): Promise<void> {
  if ('key' in place) {
    const found = await lake.store.head(place.key)
    if (found && (await lake.store.download(place.key, file, { ifMatch: found.etag }))) return
    if (found) throw new ConflictError(`labels ${place.key} were deleted meanwhile; try again`)
    throw new InvalidInputError(`labels ${place.key} are not in the lake ${lake.store.location}; expected an object of this key`)
  }
  const found = await stat(place.path).catch(() => undefined)
  if (!found?.isFile()) throw new InvalidInputError(`labels ${place.path} are not there; expected a file`)
  await copyFile(place.path, file)
}

async function decoded(
  training: Training,
  raw: RawObject,
  { format, columns }: Labels,
  { engine }: LabelEffects,
): Promise<Pick<Decoded, 'undeclared'> & { readonly file: string }> {
  if (!format || (format.kind === 'parquet' && !columns)) return { file: raw.file }
  if (!columns) {
    throw new InvalidInputError(`labels ${raw.key} are ${format.kind}, which tells no types; expected 'labels.columns' in ${training.file}`)
  }
  const file = `${raw.file}.decoded`
  return { ...(await engine.decode(raw, { name: training.name, file: training.file, format, columns }, file)), file }
}
