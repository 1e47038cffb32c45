/**
 * Holds outputs against what a backfill gives now: bytes decide, a row-by-row diff explains. The outputs are recomputed by the same
 * transform over an overlay of the lake, in which they are hidden, so nothing is written to it.
 */

import type { RowDiff } from '../engine/diff-rows.ts'
import { outputKey } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { openMemoryStore } from '../lake/memory-store.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs, NO_OUTPUTS, type PartitionOutputs } from '../lake/outputs.ts'
import { openOverlayStore } from '../lake/overlay-store.ts'
import type { Catalog, Feature, ViewVersion } from '../model/catalog.ts'
import { DataError } from '../model/errors.ts'
import { sha256 } from '../model/hash.ts'
import type { Partition } from '../model/partition.ts'
import { runsOf } from './affected.ts'
import type { Effects } from './effects.ts'
import { InputListing } from './input-listing.ts'
import type { BackfillRequest } from './request.ts'
import { scopeOf } from './scope.ts'
import type { ComputeTask } from './task.ts'
import type { TransformReport } from './transform.ts'

export interface VerifyEffects extends Pick<Effects, 'lake' | 'now'> {
  readonly engine: { readonly build: { readonly id: string } }
  /** Computes a task over another lake: the same transform, another store. */
  recompute(lake: Lake, task: ComputeTask): Promise<TransformReport>
  diff(version: ViewVersion, here: Uint8Array, there: Uint8Array): Promise<RowDiff>
}

/** One partition whose bytes differ. `there` is what a backfill gives now, or the other lake. */
export interface DifferentPartition {
  readonly view: string
  readonly partition: string
  readonly kind: 'different' | 'only here' | 'only there' | 'unreadable'
  /** Why one of the two files cannot be read. */
  readonly reason?: string
  readonly diff?: RowDiff
}

export interface Verification {
  readonly format: 1
  readonly compared: number
  /** Rows that were recomputed. */
  readonly rows: number
  /** Partitions of the range that could not be compared: they are not there, or not fresh. */
  readonly notCompared: number
  readonly different: readonly DifferentPartition[]
}

export type VerifyRequest = Pick<BackfillRequest, 'views' | 'period'>

const NONE: Verification = { format: 1, compared: 0, rows: 0, notCompared: 0, different: [] }

/** Recomputes the partitions that a receipt certifies for their inputs as they are now, under this engine build. */
export async function verify(request: VerifyRequest, catalog: Catalog, effects: VerifyEffects): Promise<Verification> {
  let total = NONE
  for (const { feature, partitions } of scopeOf(asBackfill(request), catalog, effects.now())) {
    const standing = await certified(feature, partitions, catalog, effects)
    const overlay = await hide(effects.lake, feature, standing)
    let rows = 0
    for (const { first, last } of runsOf(standing.map(({ partition }) => partition))) {
      const { outcomes } = await effects.recompute(overlay, taskOf(feature, first, last))
      rows += outcomes.reduce((sum, outcome) => sum + (outcome.rows ?? 0), 0)
    }
    const compared = await comparePartitions(
      { feature, partitions: standing.map((one) => one.partition), here: effects.lake.store, there: overlay.store },
      effects,
    )
    total = add(total, { ...compared, rows, notCompared: partitions.length - standing.length })
  }
  return total
}

/** Compares with the outputs of another lake, of the same view versions. */
export async function compareLakes(
  request: VerifyRequest,
  catalog: Catalog,
  effects: VerifyEffects,
  other: ObjectStore,
): Promise<Verification> {
  let total = NONE
  for (const { feature, partitions } of scopeOf(asBackfill(request), catalog, effects.now())) {
    const [here, there] = await Promise.all([namesOf(effects.lake.store, feature, partitions), namesOf(other, feature, partitions)])
    const some = partitions.filter(({ name }) => here.has(name) || there.has(name))
    const compared = await comparePartitions({ feature, partitions: some, here: effects.lake.store, there: other }, effects)
    total = add(total, { ...compared, notCompared: partitions.length - some.length })
  }
  return total
}

function asBackfill(request: VerifyRequest): BackfillRequest {
  return { ...request, with: 'none', reprocess: 'all', missingInputs: 'block', reason: 'verify' }
}

function add(a: Verification, b: Verification): Verification {
  return {
    format: 1,
    compared: a.compared + b.compared,
    rows: a.rows + b.rows,
    notCompared: a.notCompared + b.notCompared,
    different: [...a.different, ...b.different],
  }
}

interface Standing {
  readonly partition: Partition
  readonly facts: PartitionOutputs
}

async function listed(store: ObjectStore, feature: Feature, partitions: readonly Partition[]): Promise<Map<string, PartitionOutputs>> {
  const [first, last] = [partitions[0], partitions.at(-1)]
  return first && last ? listOutputs(store, feature.version, first.name, last.name) : new Map()
}

async function namesOf(store: ObjectStore, feature: Feature, partitions: readonly Partition[]): Promise<Set<string>> {
  const outputs = await listed(store, feature, partitions)
  return new Set([...outputs].filter(([, facts]) => facts.output).map(([name]) => name))
}

/** Outputs with a receipt for these inputs and this build, whether or not the object is still the one that it names. */
async function certified(
  feature: Feature,
  partitions: readonly Partition[],
  catalog: Catalog,
  effects: VerifyEffects,
): Promise<Standing[]> {
  const outputs = await listed(effects.lake.store, feature, partitions)
  const listing = await InputListing.load({ lake: effects.lake, catalog, now: effects.now() }, [{ feature, partitions }])
  return partitions.flatMap((partition) => {
    const facts = outputs.get(partition.name) ?? NO_OUTPUTS
    const { fingerprint, readiness } = listing.inputs(feature, partition)
    const known = facts.receipts.some((receipt) => receipt.fingerprint === fingerprint && receipt.engine === effects.engine.build.id)
    return known && facts.output && readiness.kind === 'ready' ? [{ partition, facts }] : []
  })
}

async function hide(lake: Lake, feature: Feature, standing: readonly Standing[]): Promise<Lake> {
  const store = openOverlayStore(lake.store, openMemoryStore())
  const { view, version } = feature.version
  for (const { partition, facts } of standing) {
    await store.delete(outputKey(view, version, partition.name))
    for (const { key } of [...facts.receipts, ...facts.rejected]) await store.delete(key)
  }
  return { store, bucket: (name) => (name === undefined ? store : lake.bucket(name)) }
}

function taskOf({ version }: Feature, first: Partition, last: Partition): ComputeTask {
  const range = { view: version.view, version: version.version, first: first.name, last: last.name }
  return { kind: 'task', ...range, reprocess: 'none', missingInputs: 'block', writer: 'verify' }
}

interface Comparing {
  readonly feature: Feature
  readonly partitions: readonly Partition[]
  readonly here: ObjectStore
  readonly there: ObjectStore
}

async function comparePartitions({ feature, partitions, here, there }: Comparing, effects: VerifyEffects): Promise<Verification> {
  const { view, version } = feature.version
  const different: DifferentPartition[] = []
  for (const { name } of partitions) {
    const key = outputKey(view, version, name)
    const [a, b] = await Promise.all([here.get(key), there.get(key)])
    if (!a && !b) throw new DataError(`partition ${name} of ${view} stands on neither side`)
    if (!a || !b) {
      different.push({ view, partition: name, kind: a ? 'only here' : 'only there' })
      continue
    }
    if (sha256(a.bytes) === sha256(b.bytes)) continue
    const diff = await effects.diff(feature.version, a.bytes, b.bytes).catch((error: unknown) => unreadable(error, key))
    if (typeof diff === 'string') {
      different.push({ view, partition: name, kind: 'unreadable', reason: diff })
      continue
    }
    different.push({ view, partition: name, kind: 'different', diff })
  }
  return { format: 1, compared: partitions.length, rows: 0, notCompared: 0, different }
}

/** What stands may be no Parquet at all: that is a difference, and the rest is compared. */
function unreadable(error: unknown, key: string): string {
  if (error instanceof DataError) return `${key}: ${error.message.replace(/File '[^']*'/, 'the file is')}`
  throw error
}
