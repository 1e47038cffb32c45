/** Looks at raw data that nobody has described yet and guesses what its source and a first view are. Reads keys and a sample; writes nothing. */
import type { Engine, Session } from '../engine/engine.ts'
import { reservedWords } from '../engine/sample-rows.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { chooseSample } from '../model/infer/choose-sample.ts'
import type { DataGuess } from '../model/infer/data-guess.ts'
import type { Instant } from '../model/zone.ts'
import { type BroughtObject, SampleFolder } from './bring-sample.ts'
import { inferColumns, type SampledColumns } from './infer-columns.ts'
import { inferEntity, inferMeasure } from './infer-features.ts'
import { type Commands, inferPlacement, type Placed, type PlacedObject, refuseSeveralSets } from './infer-placement.ts'
import { findSince } from './infer-since.ts'
import { inferTime } from './infer-time.ts'
import { listRaw } from './raw-listing.ts'
import { sampleObjects } from './sample-raw.ts'

export interface InferOptions {
  /** Holds the raw data, which is only read. */
  readonly store: ObjectStore
  readonly engine: Engine
  readonly now: Instant
  /** Of the person who asks: of zones that fit alike, it is likelier than others. */
  readonly homeZone: string
  /** Objects whose keys name no time get a place by the day on which they were last changed. */
  readonly layOut: boolean
  /** What to type instead, for messages. */
  readonly commands: Commands
}

/** An object of the sample, on local disk. */
export type SampledObject = PlacedObject & { readonly brought: BroughtObject }

/** Everything that the steps of one inference share. */
export interface Inference extends InferOptions {
  readonly session: Session
  readonly folder: SampleFolder
  readonly placed: Placed
}

/**
 * @throws InvalidInputError where there is no data, no time in its keys or none in its rows, saying what is needed.
 * @throws DataError where no sampled object can be read.
 */
export async function inferSource(options: InferOptions): Promise<DataGuess> {
  const folder = new SampleFolder(options.store, options.engine.scratch)
  try {
    const listing = await listRaw(options.store, (info) => folder.kindOf(info))
    const placed = inferPlacement(listing, options)
    return await options.engine.session('UTC', (session) => infer({ ...options, session, folder, placed }))
  } finally {
    await folder.close()
  }
}

async function infer(inference: Inference): Promise<DataGuess> {
  const { placed } = inference
  const { objects, unreadable } = await sampleObjects(inference, chooseSample(placed.objects, sampleSize(placed)))
  const columns = await inferColumns(inference, objects)
  try {
    refuseSeveralSets(inference, columns)
    return await guessFrom(inference, columns, [...unreadable, ...columns.unreadable])
  } finally {
    await columns.table.close()
  }
}

/** Small objects hold few rows, and cost little. */
function sampleSize({ objects }: Placed): number {
  const bytes = objects.reduce((sum, { info }) => sum + info.size, 0)
  return bytes / objects.length < SMALL_BYTES ? 64 : 16
}

const SMALL_BYTES = 100_000

async function guessFrom(inference: Inference, columns: SampledColumns, unreadable: DataGuess['unreadable']): Promise<DataGuess> {
  const { session, placed } = inference
  const time = await inferTime(inference, columns)
  const entity = await inferEntity(columns, time)
  const measure = inferMeasure(columns, time, entity)
  return {
    placement: placed.placement,
    objects: placed.objects.length,
    bytes: placed.objects.reduce((sum, { info }) => sum + info.size, 0),
    grain: placed.placement.guess.template.grain,
    format: columns.format,
    sample: columns.sample,
    unreadable,
    columns: await findSince(inference, columns),
    leftOut: columns.leftOut,
    ...time,
    entity,
    ...(measure && { measure }),
    reserved: await reservedWords(session),
  }
}
