import type { RowDiff } from '../engine/diff-rows.ts'
import { outputKey } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import type { Feature, ViewVersion } from '../model/catalog.ts'
import { DataError } from '../model/errors.ts'
import { sha256 } from '../model/hash.ts'
import type { Partition } from '../model/partition.ts'
import { type Hint, hintsOf } from './hints.ts'

/** One partition whose bytes differ. `there` is what a backfill gives now, or the other lake. */
export interface DifferentPartition {
  readonly view: string
  readonly partition: string
  readonly kind: 'different' | 'only here' | 'only there' | 'unreadable'
  /** Why one of the two files cannot be read, or is not there. */
  readonly reason?: string
  readonly diff?: RowDiff
}

/** Two outputs of one partition on local disk or in memory. */
export interface OutputPair {
  readonly version: ViewVersion
  readonly partition: Partition
  readonly here: Uint8Array
  readonly there: Uint8Array
}

export interface ComparingEffects {
  /** Explains how two files differ. @throws DataError for one that is no output of the version. */
  diff(pair: OutputPair): Promise<RowDiff>
}

export interface Comparing {
  readonly feature: Feature
  readonly partitions: readonly Partition[]
  readonly here: ObjectStore
  readonly there: ObjectStore
  /** Why a partition is not there, by its name. */
  readonly reasons?: ReadonlyMap<string, string>
}

export interface Compared {
  readonly compared: number
  readonly different: readonly DifferentPartition[]
  readonly hints: readonly (Hint & { readonly view: string })[]
}

/** Bytes decide, a row-by-row diff explains, and hints say what the differences have in common. */
export async function comparePartitions(comparing: Comparing, effects: ComparingEffects): Promise<Compared> {
  const { feature, partitions } = comparing
  const different: DifferentPartition[] = []
  for (const partition of partitions) {
    const found = await compareOne(comparing, partition, effects)
    if (found) different.push(found)
  }
  const { view } = feature.version
  const hints = different.length === 0 ? [] : hintsOf(questionOf(comparing, different))
  return { compared: partitions.length, different, hints: hints.map((hint) => ({ view, ...hint })) }
}

async function compareOne(comparing: Comparing, partition: Partition, effects: ComparingEffects): Promise<DifferentPartition | undefined> {
  const { feature, here, there, reasons } = comparing
  const { view, version } = feature.version
  const key = outputKey(view, version, partition.name)
  const [a, b] = await Promise.all([here.get(key), there.get(key)])
  if (!a && !b) throw new DataError(`partition ${partition.name} of ${view} stands on neither side`)
  const place = { view, partition: partition.name }
  if (!a || !b) {
    const reason = reasons?.get(partition.name)
    return { ...place, kind: a ? 'only here' : 'only there', ...(reason !== undefined && { reason }) }
  }
  if (sha256(a.bytes) === sha256(b.bytes)) return undefined
  const pair = { version: feature.version, partition, here: a.bytes, there: b.bytes }
  const diff = await effects.diff(pair).catch((error: unknown) => unreadable(error, key))
  return typeof diff === 'string' ? { ...place, kind: 'unreadable', reason: diff } : { ...place, kind: 'different', diff }
}

/** What stands may be no Parquet at all, or have other columns: that is a difference, and the rest is compared. */
function unreadable(error: unknown, key: string): string {
  if (error instanceof DataError) return `${key}: ${error.message.replace(/File '[^']*'/, 'the file is')}`
  throw error
}

function questionOf({ feature, partitions }: Comparing, different: readonly DifferentPartition[]) {
  const byName = new Map(different.map((one) => [one.partition, one]))
  const names = new Set(different.flatMap(({ diff }) => diff?.columns.map(({ name }) => name) ?? []))
  const columnOf = (name: string) => different.flatMap(({ diff }) => diff?.columns.filter((column) => column.name === name) ?? [])
  return {
    zone: feature.version.zone,
    grain: feature.version.grain,
    partitions: partitions.map((partition) => ({ partition, differing: byName.has(partition.name) ? 1 : 0 })),
    columns: [...names].map((name) => {
      const sum = (pick: (column: ReturnType<typeof columnOf>[number]) => number) => columnOf(name).reduce((all, one) => all + pick(one), 0)
      return {
        name,
        different: sum((one) => one.different),
        nullOnOneSide: sum((one) => one.nullOnOneSide),
        dayApart: sum((one) => one.dayApart),
      }
    }),
  }
}
