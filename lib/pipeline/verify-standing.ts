/**
 * Recomputes outputs that stand, through the door of a backfill, and compares. They are hidden in an overlay of the lake, so the same
 * transform finds them missing, and nothing is written to the lake.
 */
import { outputKey } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { openMemoryStore } from '../lake/memory-store.ts'
import { listOutputs, type PartitionOutputs } from '../lake/outputs.ts'
import { openOverlayStore } from '../lake/overlay-store.ts'
import type { Catalog, Feature } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { runsOf } from './affected.ts'
import { type Compared, type ComparingEffects, comparePartitions } from './compare-partitions.ts'
import type { Effects } from './effects.ts'
import type { ComputeTask } from './task.ts'
import type { TransformReport } from './transform.ts'

export interface RecomputeEffects extends Pick<Effects, 'lake' | 'now'>, ComparingEffects {
  readonly engine: { readonly build: { readonly id: string } }
  /** Computes a task over another lake: the same transform, another store. */
  recompute(lake: Lake, task: ComputeTask, catalog: Catalog): Promise<TransformReport>
}

/** An output with the fingerprint of its inputs as they were listed. */
export interface Standing {
  readonly partition: Partition
  readonly facts: PartitionOutputs
  readonly fingerprint: string
}

export interface VerifiedStanding extends Compared {
  /** Rows that were recomputed. */
  readonly rows: number
}

/**
 * Compares what stands, in order of time, with what a backfill gives now. What others changed meanwhile, outputs or inputs, is left out:
 * nothing can be said of it.
 */
export async function verifyStanding(
  feature: Feature,
  standing: readonly Standing[],
  catalog: Catalog,
  effects: RecomputeEffects,
): Promise<VerifiedStanding> {
  const overlay = await hide(effects.lake, feature, standing)
  const reasons = new Map<string, string>()
  const left = new Set<string>()
  let rows = 0
  for (const { first, last } of runsOf(standing.map(({ partition }) => partition))) {
    // Rules say whether an output is put, not what is in it; they may have changed since.
    const { outcomes } = await effects.recompute(overlay, taskOf(feature, first, last), withoutRules(catalog))
    for (const outcome of outcomes) {
      rows += outcome.rows ?? 0
      if (outcome.result === 'rejected') reasons.set(outcome.partition, outcome.reason ?? 'it was refused')
      else if (outcome.result !== 'written') left.add(outcome.partition)
    }
  }
  const moved = [...left, ...(await findMoved(feature, standing, overlay, effects))]
  const partitions = standing.map(({ partition }) => partition).filter(({ name }) => !moved.includes(name))
  const compared = await comparePartitions({ feature, partitions, here: effects.lake.store, there: overlay.store, reasons }, effects)
  return { ...compared, rows }
}

/** Shows the lake without these outputs and all that certifies or refuses them. */
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

function withoutRules(catalog: Catalog): Catalog {
  const features = [...catalog.features].map(
    ([key, { version, settings }]) => [key, { version, settings: { ...settings, expect: [], warn: [] } }] as const,
  )
  return { ...catalog, features: new Map(features) }
}

/** Live goes on meanwhile: an output that was put again, and one that was recomputed from other inputs. */
async function findMoved(feature: Feature, standing: readonly Standing[], overlay: Lake, { lake }: RecomputeEffects): Promise<string[]> {
  const [first, last] = [standing[0], standing.at(-1)]
  if (!first || !last) return []
  const list = ({ store }: Lake) => listOutputs(store, feature.version, first.partition.name, last.partition.name)
  const [now, recomputed] = await Promise.all([list(lake), list(overlay)])
  const isMoved = ({ partition: { name }, facts, fingerprint }: Standing) => {
    if (now.get(name)?.output?.etag !== facts.output?.etag) return true
    const receipts = recomputed.get(name)?.receipts ?? []
    return receipts.length > 0 && receipts.every((receipt) => receipt.fingerprint !== fingerprint)
  }
  return standing.filter(isMoved).map(({ partition }) => partition.name)
}
