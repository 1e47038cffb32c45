/** What one version of a view lacks of the partitions that another one has: the coverage rule of publish and rollback. */
import { OUTPUT_NAME, versionPrefix } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { type Catalog, type Feature, requestName, type VersionRef, type ViewVersion } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import type { State } from '../model/states.ts'
import { viewCalendar } from '../model/view.ts'
import { type LeftOutRun, leftOutRuns } from './left-out.ts'
import { type Decided, decideRequest, type PlanEffects } from './plan.ts'

export interface Lacking {
  /** Neither there nor refused, and nothing is in the way of computing them; in order of time. */
  readonly missing: readonly Partition[]
  /** Computed, and refused. */
  readonly rejected: readonly Partition[]
  /** What this version cannot have: blocked, in its warm-up, not due. */
  readonly leftOut: readonly LeftOutRun[]
}

/** Names of the partitions of a version that have an output, in order of time. */
export async function outputNames(store: ObjectStore, { view, version }: VersionRef): Promise<string[]> {
  const prefix = versionPrefix(view, version)
  const names: string[] = []
  for await (const page of store.list({ prefix })) {
    for (const { key } of page) {
      if (key.endsWith(`/${OUTPUT_NAME}`)) names.push(key.slice(prefix.length + 'dt='.length, -OUTPUT_NAME.length - 1))
    }
  }
  return names
}

/** Holds a version against another one of its view, whatever grain or zone the two have. */
export async function lackingPartitions(feature: Feature, than: ViewVersion, catalog: Catalog, effects: PlanEffects): Promise<Lacking> {
  const { store } = effects.lake
  const [here, there] = await Promise.all([outputNames(store, feature.version), outputNames(store, than)])
  const has = new Set(here)
  const lacks = neededPartitions(feature.version, than, there).filter(({ name, end }) => !has.has(name) && end <= effects.now())
  const [first, last] = [lacks[0], lacks.at(-1)]
  if (!first || !last) return { missing: [], rejected: [], leftOut: [] }
  const name = requestName(catalog, feature.version)
  const period = { from: first.name, to: last.name }
  const request = { views: [name], period, with: 'upstream', reprocess: 'none', missingInputs: 'block', reason: 'coverage' } as const
  const { decided } = await decideRequest(request, catalog, effects)
  const states = statesOf(decided.find(({ scope }) => scope.feature === feature))
  const named = lacks.map((partition) => [partition, states.get(partition.name) ?? { kind: 'missing' }] as const)
  const inState = (kind: State['kind']) => named.filter(([, state]) => state.kind === kind).map(([partition]) => partition)
  const all = named.map(([partition, state]) => [partition.name, state] as const)
  // What has been computed since it was listed is told by its state.
  const leftOut = leftOutRuns(name, all, ['missing', 'stale', 'rejected', 'fresh', 'aged', 'kept', 'shrunk'])
  return { missing: inState('missing'), rejected: inState('rejected'), leftOut }
}

/** A blocked partition whose upstream will be computed first can be computed: it is missing. */
function statesOf(decided: Decided | undefined): Map<string, State> {
  const { scope, states = [] } = decided ?? {}
  const state = (at: number): State => {
    const found = states[at]
    return found === undefined || found.kind === 'maybe' ? { kind: 'missing' } : found
  }
  return new Map(scope?.partitions.map((partition, at) => [partition.name, state(at)]))
}

/** The partitions of a version whose time the partitions of the other one cover. */
function neededPartitions(version: ViewVersion, than: ViewVersion, names: readonly string[]): Partition[] {
  const calendar = viewCalendar(version)
  if (version.grain === than.grain && version.zone === than.zone) return names.map((name) => calendar.named(name))
  const other = viewCalendar(than)
  const found = new Map<string, Partition>()
  for (const { start, end } of names.map((name) => other.named(name)))
    for (const partition of calendar.touching(start, end)) found.set(partition.name, partition)
  return [...found.values()].sort((a, b) => a.start - b.start)
}
