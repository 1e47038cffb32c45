/**
 * What stands in a lake and what does not, for people: states per view, what is left out and why, and what receipts say of late, stray
 * and skipped rows and of how soon partitions were there. Writes nothing.
 */
import { type Claim, readClaims } from '../lake/claims.ts'
import { versionPrefix } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { listOutputs, NO_OUTPUTS, type PartitionOutputs } from '../lake/outputs.ts'
import { type Catalog, type Feature, featureKey, featureNamed, requestName, type ViewVersion } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { type PeriodRequest, requestedPartitions } from '../model/period.ts'
import type { State, StateKind } from '../model/states.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import { InputListing } from './input-listing.ts'
import { type LeftOutRun, leftOutRuns } from './left-out.ts'
import type { ListingOptions } from './listing-options.ts'
import { statePartition } from './partition-state.ts'
import { type ReceiptFigures, receiptFigures } from './receipt-figures.ts'
import { type RejectedPartition, readRejected } from './rejected-marks.ts'
import { type OutdatedSet, withRepairs } from './repaired.ts'
import { type SourceStatus, sourceStatus } from './source-status.ts'
import { UnmatchedKeys } from './unmatched.ts'

export interface StatusEffects {
  readonly lake: Lake
  readonly engine: { readonly build: { readonly id: string } }
  now(): Instant
}

/** With `unmatched`, keys that no template fits are taken note of. */
export type LookingEffects = StatusEffects & Pick<ListingOptions, 'unmatched'>

export interface ViewStatus {
  readonly view: string
  readonly version: string
  /** `other`: a published, previous or pinned version that is not the newest registered one. */
  readonly role: 'candidate' | 'other'
  readonly first?: string
  readonly last?: string
  readonly partitions: number
  readonly states: Readonly<Partial<Record<StateKind, number>>>
  /** The newest partition that stands at all, where none of the range does. */
  readonly newest?: string
  /** Runs of partitions that are neither fresh nor refused, with the reason that they share. */
  readonly leftOut: readonly LeftOutRun[]
  readonly rejected: readonly RejectedPartition[]
  readonly receipts: ReceiptFigures
  /** Training sets whose newest run read bytes that a repair has replaced; only where repairs were asked for. */
  readonly outdated?: readonly OutdatedSet[]
}

export interface Status {
  readonly format: 1
  readonly now: string
  readonly engine: string
  readonly views: readonly ViewStatus[]
  readonly sources: readonly SourceStatus[]
  readonly claims: readonly Claim[]
}

/** The named views, each in all its live versions or in the one that is named with it, or all. @throws InvalidInputError for an unknown view or a period that is wrong. */
export async function readStatus(
  request: { readonly views: readonly string[]; readonly period: PeriodRequest; readonly repairs?: boolean },
  catalog: Catalog,
  effects: StatusEffects,
): Promise<Status> {
  for (const name of request.views) featureNamed(catalog, name)
  // The name of a view alone means all its live versions.
  const wanted = new Set(request.views)
  const isWanted = ({ view, version }: ViewVersion) => wanted.size === 0 || wanted.has(view) || wanted.has(featureKey(view, version))
  const features = [...catalog.features.values()].filter(({ version }) => isWanted(version))
  const unmatched = new UnmatchedKeys(catalog.sources.values())
  const looking = { ...effects, unmatched }
  const views: ViewStatus[] = []
  for (const feature of features) {
    const found = await viewStatus(feature, request.period, catalog, looking)
    views.push(request.repairs ? await withRepairs(found, effects.lake.store) : found)
  }
  const used = new Set(
    features.flatMap(({ version }) => version.inputs.flatMap((input) => (input.kind === 'source' ? [input.source] : []))),
  )
  const sources: SourceStatus[] = []
  for (const source of catalog.sources.values()) if (used.has(source.name)) sources.push(await sourceStatus(source, looking))
  const { lake, engine, now } = effects
  return {
    format: 1,
    now: new Date(now()).toISOString(),
    engine: engine.build.id,
    views,
    sources,
    claims: await readClaims(lake.store, now()),
  }
}

async function viewStatus(feature: Feature, period: PeriodRequest, catalog: Catalog, effects: LookingEffects): Promise<ViewStatus> {
  const { grain, zone } = feature.version
  const partitions = requestedPartitions(period, { grain, zone: zoneNamed(zone) }, effects.now())
  return (await lookAtPartitions(feature, partitions, catalog, effects)).status
}

/** What stands at adjacent partitions of a view. */
export interface LookedAt {
  readonly status: ViewStatus
  /** By the partitions that were looked at. */
  readonly states: readonly State[]
  readonly outputs: ReadonlyMap<string, PartitionOutputs>
}

/** Looks at these partitions (adjacent, in order of time) as they stand now. */
export async function lookAtPartitions(
  feature: Feature,
  partitions: readonly Partition[],
  catalog: Catalog,
  effects: LookingEffects,
): Promise<LookedAt> {
  const { lake, engine, now, unmatched } = effects
  const { view, version } = feature.version
  const [first, last] = [partitions[0]?.name, partitions.at(-1)?.name]
  const outputs = first && last ? await listOutputs(lake.store, feature.version, first, last) : new Map<string, PartitionOutputs>()
  const listing = await InputListing.load({ lake, catalog, now: now(), unmatched }, [{ feature, partitions }])
  const context = { store: lake.store, engine: engine.build.id, missingInputs: 'block' as const }
  const states: State[] = []
  for (const partition of partitions)
    states.push(await statePartition(context, feature, outputs.get(partition.name) ?? NO_OUTPUTS, listing.inputs(feature, partition)))
  const counts: Partial<Record<StateKind, number>> = {}
  for (const { kind } of states) counts[kind] = (counts[kind] ?? 0) + 1
  const stands = [...outputs.values()].some(({ output }) => output !== undefined)
  const newest = stands ? undefined : await newestPartition(effects, feature)
  const status: ViewStatus = {
    view,
    version,
    role: catalog.candidates.get(view) === version ? 'candidate' : 'other',
    ...(first && last && { first, last }),
    partitions: partitions.length,
    states: counts,
    ...(newest !== undefined && { newest }),
    leftOut: leftOutRuns(
      requestName(catalog, feature.version),
      partitions.map(({ name }, at) => [name, states[at] ?? { kind: 'missing' }] as const),
      ['fresh', 'rejected'],
    ),
    rejected: await readRejected(
      lake.store,
      partitions.filter((_, at) => states[at]?.kind === 'rejected').map(({ name }) => name),
      outputs,
    ),
    receipts: await receiptFigures(lake.store, feature, partitions, outputs),
  }
  return { status, states, outputs }
}

/** The newest partition of a version that has an output, anywhere. */
async function newestPartition({ lake }: StatusEffects, { version }: Feature): Promise<string | undefined> {
  const prefix = versionPrefix(version.view, version.version)
  let newest: string | undefined
  for await (const page of lake.store.list({ prefix })) {
    for (const { key } of page) newest = /^dt=([^/]+)\/features\.parquet$/.exec(key.slice(prefix.length))?.[1] ?? newest
  }
  return newest
}
