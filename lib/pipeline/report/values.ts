/**
 * Values of a view over time: rows and quantiles per partition, read from its outputs. Bounded: so many partitions, columns and bytes
 * a view, and what is left out is said.
 */
import { rm } from 'node:fs/promises'
import { columnQuantiles, isNumeric, type Quantiles } from '../../engine/column-quantiles.ts'
import type { LocalEngine } from '../../engine/local-engine.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import type { Feature, OutputColumn, ViewVersion } from '../../model/catalog.ts'
import { DataError, InvalidInputError } from '../../model/errors.ts'
import type { Workbench } from '../workbench.ts'
import { type PartitionSample, samplePartitions } from './sample.ts'
import { bringStanding, type StandingOutput } from './standing-files.ts'

export const VALUE_PARTITIONS_MAX = 200
export const VALUE_COLUMNS_MAX = 6
const BYTES_MAX = 1e9
/** Files of one query: their columns are in memory together. */
const BATCH_BYTES = 64e6
const BATCH_FILES = 50

export interface ValueColumn {
  readonly name: string
  readonly type: string
  readonly comment?: string
  /** By the partitions; null where it has no finite value. */
  readonly quantiles: readonly (Quantiles | null)[]
}

export interface Values {
  readonly partitions: readonly string[]
  /** Partitions that stand in the range: more than are in `partitions` were sampled, and `sampled` says which, as `hour 17`. */
  readonly of: number
  readonly sampled?: string
  readonly rows: readonly number[]
  readonly columns: readonly ValueColumn[]
  /** Columns that are not shown: further numeric ones, and those that are no numbers. */
  readonly furtherColumns: readonly string[]
  readonly otherColumns: readonly string[]
  /** Outputs that could not be read, such as one that somebody damaged. */
  readonly unreadable: readonly { readonly partition: string; readonly reason: string }[]
}

export interface ValueTools {
  readonly store: ObjectStore
  readonly engine: LocalEngine
  readonly bench: Workbench
}

/** Columns of a view that are features and numbers. */
export function numericColumns({ schema, entity }: ViewVersion): OutputColumn[] {
  return schema.filter(({ name, type }) => !entity.includes(name) && isNumeric(type))
}

/** Values of the outputs that stand, in order of time. */
export async function readValues(tools: ValueTools, feature: Feature, standing: readonly StandingOutput[]): Promise<Values> {
  const { version, settings } = feature
  const numeric = numericColumns(version)
  const columns = numeric.slice(0, VALUE_COLUMNS_MAX)
  const names = columns.map(({ name }) => name)
  const read: Read[] = []
  const unreadable: Values['unreadable'][number][] = []
  const sample = sampled(standing)
  for (const batch of batchesOf(sample.items)) {
    const { found, bad } = await readBatch(tools, version, batch, names)
    read.push(...found)
    unreadable.push(...bad)
  }
  return {
    partitions: read.map(({ partition }) => partition),
    of: standing.length,
    ...(sample.of !== undefined && { sampled: sample.of }),
    rows: read.map(({ rows }) => rows),
    columns: columns.map(({ name, type }, at) => {
      const comment = settings.columns[name]
      return { name, type, ...(comment !== undefined && { comment }), quantiles: read.map((one) => one.columns[at] ?? null) }
    }),
    furtherColumns: numeric.slice(VALUE_COLUMNS_MAX).map(({ name }) => name),
    otherColumns: version.schema.filter(({ name, type }) => !version.entity.includes(name) && !isNumeric(type)).map(({ name }) => name),
    unreadable,
  }
}

interface Read {
  readonly partition: string
  readonly rows: number
  readonly columns: readonly (Quantiles | undefined)[]
}

function sampled(standing: readonly StandingOutput[]): PartitionSample<StandingOutput> {
  const bytes = standing.reduce((sum, { size }) => sum + size, 0)
  const fits = bytes <= BYTES_MAX ? VALUE_PARTITIONS_MAX : Math.floor((standing.length * BYTES_MAX) / bytes)
  return samplePartitions(standing, Math.max(1, Math.min(VALUE_PARTITIONS_MAX, fits)))
}

function batchesOf(outputs: readonly StandingOutput[]): StandingOutput[][] {
  const batches: StandingOutput[][] = []
  let bytes = 0
  for (const output of outputs) {
    const last = batches.at(-1)
    if (last && last.length < BATCH_FILES && bytes + output.size <= BATCH_BYTES) {
      last.push(output)
      bytes += output.size
    } else {
      batches.push([output])
      bytes = output.size
    }
  }
  return batches
}

async function readBatch(tools: ValueTools, version: ViewVersion, batch: readonly StandingOutput[], columns: readonly string[]) {
  const brought = await bringStanding(tools, version, batch)
  const bad: Values['unreadable'][number][] = []
  try {
    const found = await quantilesOf(tools, brought, columns).catch(async (error: unknown) => {
      if (!isBadFile(error)) throw error
      // One of them cannot be read: one by one, to name it.
      const single: Read[] = []
      for (const one of brought) single.push(...(await quantilesOf(tools, [one], columns).catch((why) => unreadableOf(why, one, bad))))
      return single
    })
    return { found, bad }
  } finally {
    await Promise.all(brought.map(({ file }) => rm(file, { force: true })))
  }
}

type Brought = { readonly partition: string; readonly file: string }

async function quantilesOf({ engine }: ValueTools, brought: readonly Brought[], columns: readonly string[]): Promise<Read[]> {
  if (brought.length === 0) return []
  const found = await columnQuantiles(engine.engine, { files: brought.map(({ file }) => file), columns })
  return brought.map(({ partition }, at) => ({ partition, rows: found[at]?.rows ?? 0, columns: found[at]?.columns ?? [] }))
}

function unreadableOf(error: unknown, { partition, file }: Brought, bad: Values['unreadable'][number][]): Read[] {
  if (!isBadFile(error)) throw error
  bad.push({ partition, reason: error.message.replaceAll(file, 'the file') })
  return []
}

/** No Parquet at all, or one without the columns: what stands there is not what was written. */
export function isBadFile(error: unknown): error is DataError | InvalidInputError {
  return error instanceof DataError || error instanceof InvalidInputError
}
