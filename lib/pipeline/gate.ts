/**
 * The gate of a run: before anything is written, recent partitions that live wrote and that are fresh are recomputed through the door of a
 * backfill. A difference stops the run, for then what it writes would not be what live writes. Without such partitions a view is not
 * verified: the run goes on, and its report says so. Of a new version a few partitions are computed first and held against the published
 * one, which reports only.
 */

import { withVersions } from '../lake/registry.ts'
import { publishedVersions } from '../lake/version-named.ts'
import { type Catalog, type Feature, featureKey, type VersionRef } from '../model/catalog.ts'
import { InternalError } from '../model/errors.ts'
import type { Compared } from './compare-partitions.ts'
import { chooseForGate } from './gate-choice.ts'
import { InputListing } from './input-listing.ts'
import { findLiveWritten, type LiveWritten } from './live-written.ts'
import { statePartition } from './partition-state.ts'
import type { Plan, PlannedView } from './plan.ts'
import type { Spent } from './run-task.ts'
import { type Trial, type TrialEffects, tryVersion } from './try-version.ts'
import { type RecomputeEffects, type Standing, verifyStanding } from './verify-standing.ts'

export type Verdict = 'verified' | 'different' | 'not_verified'

/** What the gate found of one view. */
export interface GatedView {
  readonly view: string
  /** The one that live wrote: the version in question, or the published one. */
  readonly version: string
  readonly verdict: Verdict
  /** Why it is not verified. */
  readonly reason?: string
  /** Partitions that were compared byte for byte, and their rows. */
  readonly compared: number
  readonly rows: number
  readonly partitions: readonly {
    readonly partition: string
    /** Late data came after it was written first. */
    readonly repaired: boolean
    readonly clockChange: boolean
  }[]
}

/** `verified`: every view of the run was compared and nothing differs. Publishing wants that, unless the request says otherwise. */
export interface Gate extends Pick<Compared, 'different' | 'hints'> {
  readonly verdict: Verdict
  /** The request asked for no verification. */
  readonly skipped?: true
  readonly views: readonly GatedView[]
  /** New versions against the published ones. */
  readonly trials: readonly Trial[]
  /** What comparing took; absent where it was not counted. */
  readonly spent?: Spent
}

export interface GateEffects extends RecomputeEffects, TrialEffects {}

export const SKIPPED: Gate = { verdict: 'not_verified', skipped: true, views: [], trials: [], different: [], hints: [] }

/** Verifies the views of a plan, and tries what is new of them. Reads only. */
export async function passGate(plan: Plan, catalog: Catalog, effects: GateEffects): Promise<Gate> {
  // What somebody put over an output is stale: the run repairs it.
  const gate = await verifyVersions(plan.views, catalog, effects, { replaced: false })
  if (gate.verdict === 'different') return gate
  const trials: Trial[] = []
  for (const planned of plan.views) trials.push(...(await tryPlanned(planned, catalog, effects)))
  return { ...gate, trials }
}

/**
 * Verifies versions: what live wrote of each, or, where it wrote nothing of a version yet, what it wrote of the published version of the
 * view. Reads only. `replaced`: also where something else was put over what live wrote, which no reader is to see.
 */
export async function verifyVersions(
  refs: readonly VersionRef[],
  catalog: Catalog,
  effects: RecomputeEffects,
  options: GateOptions,
): Promise<Gate> {
  const found: Gated[] = []
  for (const ref of refs) found.push(await verifyVersion(ref, catalog, effects, options))
  return gateOf(found, [])
}

/** Verifies one version as `verifyVersions` does. */
export async function verifyVersion(ref: VersionRef, catalog: Catalog, effects: RecomputeEffects, options: GateOptions): Promise<Gated> {
  const own = await gateVersion(ref, catalog, { ...effects, ...options })
  if (own.view.verdict !== 'not_verified') return own
  const live = (await publishedVersions(effects.lake.store))[ref.view]
  if (live === undefined || live === ref.version) return own
  const instead = await gateVersion({ view: ref.view, version: live }, catalog, { ...effects, ...options })
  return instead.view.verdict === 'not_verified' ? own : instead
}

/** What was found of all views together. */
export function gateOf(found: readonly Gated[], trials: readonly Trial[]): Gate {
  const views = found.map(({ view }) => view)
  const different = found.flatMap(({ compared }) => compared.different)
  const verified = views.length > 0 && views.every(({ verdict }) => verdict === 'verified')
  return {
    verdict: different.length > 0 ? 'different' : verified ? 'verified' : 'not_verified',
    views,
    different,
    hints: found.flatMap(({ compared }) => compared.hints),
    trials,
  }
}

export interface GateOptions {
  readonly replaced: boolean
  /** Partitions of a view that are compared, where not as many as usual. */
  readonly most?: number
}

type Gating = RecomputeEffects & GateOptions

/** One view, and what its comparison found. */
export interface Gated {
  readonly view: GatedView
  readonly compared: Compared
}

async function gateVersion(ref: VersionRef, known: Catalog, effects: Gating): Promise<Gated> {
  const catalog = await withVersions(effects.lake.store, known, [ref])
  const feature = catalog.features.get(featureKey(ref.view, ref.version))
  if (!feature) throw new InternalError(`version ${ref.version} of view ${ref.view} is not in the catalog`)
  return gateView(feature, catalog, effects)
}

/** A view of which nothing was compared. */
export function notVerifiedAs({ view, version }: VersionRef, reason: string): Gated {
  return {
    view: { view, version, verdict: 'not_verified', reason, compared: 0, rows: 0, partitions: [] },
    compared: { compared: 0, different: [], hints: [] },
  }
}

async function gateView(feature: Feature, catalog: Catalog, effects: Gating): Promise<Gated> {
  const { view, version } = feature.version
  const notVerified = (reason: string) => notVerifiedAs({ view, version }, reason)
  const looking = { replaced: effects.replaced, store: effects.lake.store, engine: effects.engine.build.id, now: effects.now() }
  const written = await findLiveWritten(feature, looking)
  if (written.length === 0) return notVerified('live wrote none of its recent partitions under this engine build')
  const chosen = chooseForGate(await onlyFresh(feature, written, catalog, effects), effects.most)
  if (chosen.length === 0) return notVerified('no partition that live wrote is fresh')
  const compared = await verifyStanding(feature, chosen, catalog, effects)
  if (compared.compared === 0) return notVerified('what live wrote changed while it was compared')
  const verdict: Verdict = compared.different.length > 0 ? 'different' : 'verified'
  const partitions = chosen.map(({ partition, repaired, clockChange }) => ({ partition: partition.name, repaired, clockChange }))
  return { view: { view, version, verdict, compared: compared.compared, rows: compared.rows, partitions }, compared }
}

/** Those that are fresh as their inputs are now, or would be had nothing been put over them. Partitions long before the others are listed on their own. */
async function onlyFresh(feature: Feature, written: readonly LiveWritten[], catalog: Catalog, effects: Gating) {
  const { lake, engine, now, replaced } = effects
  const context = { store: lake.store, engine: engine.build.id, missingInputs: 'block' as const }
  const fresh: (LiveWritten & Standing)[] = []
  for (const group of groupsOf(written)) {
    const partitions = group.map(({ partition }) => partition)
    const listing = await InputListing.load({ lake, catalog, now: now() }, [{ feature, partitions }])
    for (const one of group) {
      const inputs = listing.inputs(feature, one.partition)
      const state = await statePartition(context, feature, one.facts, inputs)
      if (state.kind === 'fresh' || (replaced && wasReplaced(one, inputs.fingerprint, engine.build.id)))
        fresh.push({ ...one, fingerprint: inputs.fingerprint })
    }
  }
  return fresh
}

/** A receipt says what these inputs give, and something else stands there: a hand, or a broken promise. */
function wasReplaced({ facts }: LiveWritten, fingerprint: string, engine: string): boolean {
  const { output, receipts } = facts
  const own = receipts.filter((receipt) => receipt.fingerprint === fingerprint && receipt.engine === engine)
  return output !== undefined && own.length > 0 && own.every((receipt) => receipt.etag !== output.etag)
}

/** Neighbours with less than this many of their lengths between them share a listing. */
const GAP_MAX = 31

function groupsOf(written: readonly LiveWritten[]): LiveWritten[][] {
  const groups: LiveWritten[][] = []
  for (const one of written) {
    const last = groups.at(-1)?.at(-1)
    const length = one.partition.end - one.partition.start
    if (last && one.partition.start - last.partition.end <= GAP_MAX * length) groups.at(-1)?.push(one)
    else groups.push([one])
  }
  return groups
}

/** Tries the version where it is new to the range and another one is published. */
export async function tryPlanned(planned: PlannedView, catalog: Catalog, effects: GateEffects): Promise<Trial[]> {
  if (!isNew(planned)) return []
  const other = (await publishedVersions(effects.lake.store))[planned.view]
  const feature = catalog.features.get(featureKey(planned.view, planned.version))
  if (!feature || other === undefined || other === planned.version) return []
  return [await tryVersion({ feature, planned, published: other }, catalog, effects)]
}

/** A version is new to a range while at most so much of it was computed. */
const NEW_SHARE = 0.1

function isNew({ states, partitions }: PlannedView): boolean {
  const there = (['fresh', 'stale', 'aged', 'kept', 'shrunk'] as const).reduce((sum, kind) => sum + (states[kind] ?? 0), 0)
  return partitions > 0 && there <= partitions * NEW_SHARE
}
