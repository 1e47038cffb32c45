/** Holds outputs against what a backfill gives now, or against another lake: bytes decide, a row-by-row diff explains. */
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs, NO_OUTPUTS, type PartitionOutputs } from '../lake/outputs.ts'
import type { Catalog, Feature } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { type Compared, comparePartitions } from './compare-partitions.ts'
import { InputListing } from './input-listing.ts'
import type { BackfillRequest } from './request.ts'
import { scopeOf } from './scope.ts'
import { type RecomputeEffects, type Standing, verifyStanding } from './verify-standing.ts'

export type VerifyEffects = RecomputeEffects

/** What was compared of one view. */
export interface VerifiedView {
  readonly view: string
  readonly version: string
  readonly compared: number
  /** Rows that were recomputed. */
  readonly rows: number
  /** Partitions of the range that could not be compared: they are not there, or not fresh, or changed meanwhile. */
  readonly notCompared: number
}

export interface Verification extends Compared {
  readonly format: 1
  readonly rows: number
  readonly notCompared: number
  readonly views: readonly VerifiedView[]
}

export type VerifyRequest = Pick<BackfillRequest, 'views' | 'period'>

const NONE: Verification = { format: 1, compared: 0, rows: 0, notCompared: 0, views: [], different: [], hints: [] }

/** Recomputes the partitions that a receipt certifies for their inputs as they are now, under this engine build. */
export async function verify(request: VerifyRequest, catalog: Catalog, effects: VerifyEffects): Promise<Verification> {
  let total = NONE
  for (const { feature, partitions } of scopeOf(asBackfill(request), catalog, effects.now())) {
    const standing = await certified(feature, partitions, catalog, effects)
    const found = await verifyStanding(feature, standing, catalog, effects)
    total = add(total, feature, found, { rows: found.rows, notCompared: partitions.length - found.compared })
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
    const found = await comparePartitions({ feature, partitions: some, here: effects.lake.store, there: other }, effects)
    total = add(total, feature, found, { rows: 0, notCompared: partitions.length - some.length })
  }
  return total
}

function asBackfill(request: VerifyRequest): BackfillRequest {
  return { ...request, with: 'none', reprocess: 'all', missingInputs: 'block', reason: 'verify' }
}

function add(total: Verification, { version }: Feature, found: Compared, counts: Pick<VerifiedView, 'rows' | 'notCompared'>): Verification {
  return {
    format: 1,
    compared: total.compared + found.compared,
    rows: total.rows + counts.rows,
    notCompared: total.notCompared + counts.notCompared,
    views: [...total.views, { view: version.view, version: version.version, compared: found.compared, ...counts }],
    different: [...total.different, ...found.different],
    hints: [...total.hints, ...found.hints],
  }
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
    return known && facts.output && readiness.kind === 'ready' ? [{ partition, facts, fingerprint }] : []
  })
}
