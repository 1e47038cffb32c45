import { isClaimed, readClaims } from '../lake/claims.ts'
import { readJson } from '../lake/json-object.ts'
import { landingRejectedPrefix } from '../lake/keys.ts'
import { listAll } from '../lake/object-store.ts'
import type { Cause, RefusedMark } from '../lake/receipts.ts'
import { type Catalog, type Feature, featureKey, readersOf } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import type { Source } from '../model/source.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import { repairHorizon, runsOf } from './affected.ts'
import type { Effects } from './effects.ts'
import { clearRefusals } from './land.ts'
import type { PlanEffects } from './plan.ts'
import { type ComputeTask, type LandTask, LIVE } from './task.ts'
import { unfresh } from './unfresh.ts'
import { listUnlanded } from './unlanded.ts'
import { renderUnmatched, type Unmatched, UnmatchedKeys } from './unmatched.ts'

export interface SweepReport {
  readonly landings: number
  readonly partitions: number
  /** Partitions that are missing or stale and left to the runs that claimed them. */
  readonly claimed: number
  /** Queued partitions by `view@version`. */
  readonly queued: Readonly<Record<string, number>>
  /** Data that nobody reads, as far as the listings of this sweep met it. */
  readonly unmatched: readonly Unmatched[]
}

type Sweeping = SweepEffects & { readonly unmatched: UnmatchedKeys }

/** A sweep decides and queues; it needs no engine, only to know which build is the lake's. */
export type SweepEffects = PlanEffects & Pick<Effects, 'queue' | 'log'>

/**
 * What events missed, the sweep finds: it queues every unlanded object that arrived within the repair horizon of its readers, and every
 * missing or stale partition inside the horizon, however it became so; what a running run has claimed is left to it.
 */
export async function sweep(catalog: Catalog, given: SweepEffects): Promise<SweepReport> {
  const unmatched = new UnmatchedKeys(catalog.sources.values())
  const effects = { ...given, unmatched }
  const claims = await readClaims(effects.lake.store, effects.now())
  let landings = 0
  for (const source of catalog.sources.values()) if (source.folders === 'arrival') landings += await sweepSource(source, catalog, effects)
  const queued: Record<string, number> = {}
  let claimed = 0
  for (const feature of catalog.features.values()) {
    const table = featureKey(feature.version.view, feature.version.version)
    const found = await unfresh({ feature, partitions: repairable(feature, effects.now()) }, catalog, effects)
    const wanted = found.filter((partition) => !isClaimed(claims, table, partition.name))
    claimed += found.length - wanted.length
    if (wanted.length === 0) continue
    queued[table] = wanted.length
    await effects.queue.send(runsOf(wanted).map((run) => taskOf(feature, run, causeAt(effects.now()))))
  }
  const partitions = Object.values(queued).reduce((sum, count) => sum + count, 0)
  effects.log({ event: 'sweep', landings, partitions, claimed })
  return { landings, partitions, claimed, queued, unmatched: await tellUnmatched(catalog, effects) }
}

async function tellUnmatched(catalog: Catalog, { lake, log, unmatched }: Sweeping): Promise<Unmatched[]> {
  for (const source of catalog.sources.values()) await unmatched.lookBeside(source, lake)
  const found = unmatched.list()
  for (const one of found) log({ event: 'unmatched', source: one.source, objects: one.objects, reason: renderUnmatched(one) })
  return found
}

function causeAt(now: Instant): Cause {
  return { kind: 'sweep', at: new Date(now).toISOString() }
}

function taskOf({ version }: Feature, run: { readonly first: Partition; readonly last: Partition }, cause: Cause): ComputeTask {
  const range = { view: version.view, version: version.version, first: run.first.name, last: run.last.name }
  return { kind: 'task', ...range, reprocess: 'stale', missingInputs: 'block', writer: LIVE, cause }
}

/** Queues the unlanded objects of a source; refused ones wait until they change. Marks of objects that are gone end. */
async function sweepSource(source: Source, catalog: Catalog, effects: Sweeping): Promise<number> {
  const horizons = readersOf(catalog, { source: source.name }).map(({ feature }) => feature.settings.repairMs)
  if (horizons.length === 0) return 0
  await clearMarks(source, effects)
  const { lake, unmatched } = effects
  const now = effects.now()
  const unlanded = await listUnlanded({ lake, now, unmatched }, source, now - Math.max(...horizons))
  const wanted = unlanded.filter((object) => !object.refused)
  const cause = causeAt(now)
  const task = (key: string): LandTask => ({ kind: 'land', source: source.name, key, repair: true, retry: false, writer: LIVE, cause })
  await effects.queue.send(wanted.map((object) => task(object.key)))
  return wanted.length
}

async function clearMarks(source: Source, effects: SweepEffects): Promise<void> {
  for (const { key } of await listAll(effects.lake.store, { prefix: landingRejectedPrefix(source.name) })) {
    const mark = (await readJson<RefusedMark>(effects.lake.store, key))?.value
    if (mark && !(await effects.lake.bucket(source.bucket).head(mark.key))) await clearRefusals(source, mark.key, effects)
  }
}

/** The ended partitions of a feature within its repair horizon, in order of time. */
function repairable(feature: Feature, now: Instant): Partition[] {
  const horizon = repairHorizon(feature, now)
  const calendar = viewCalendar(feature.version)
  const newest = calendar.indexAt(now) - 1
  const partitions: Partition[] = []
  for (let index = newest; calendar.start(index + 1) > horizon.after; index--) {
    const partition = calendar.partition(index)
    if (partition.end > partition.start) partitions.unshift(partition)
  }
  return partitions
}
