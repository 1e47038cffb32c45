/**
 * Plans a backfill: lists outputs, then inputs, decides every partition's state, packs what is to be computed into tasks, and prices
 * it. Deciding only; the same plan is what a dry run prints.
 */
import { listOutputs, NO_OUTPUTS } from '../lake/outputs.ts'
import { type Catalog, type Feature, featureKey, featureNamed, requestName, sourcesBelow } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { addWork, NO_WORK, type Quote, quoteOf, type Work } from '../model/price.ts'
import type { Source } from '../model/source.ts'
import { isComputed, type State, type StateKind } from '../model/states.ts'
import type { PartitionInputs } from './bound-input.ts'
import type { Effects } from './effects.ts'
import { InputListing } from './input-listing.ts'
import { type LeftOutRun, leftOutRuns } from './left-out.ts'
import { type PlannedPartition, packTasks } from './pack.ts'
import { rejectedReason, statePartition } from './partition-state.ts'
import { type Advice, advise } from './plan-advice.ts'
import type { PlannedTask } from './planned-task.ts'
import type { BackfillRequest, PlanSettings } from './request.ts'
import { type Scope, scopeOf } from './scope.ts'
import { listUnlanded, type UnlandedOptions } from './unlanded.ts'
import { type Unmatched, UnmatchedKeys } from './unmatched.ts'
import { type Bound, type PartitionReads, secondsOf, workOfGate, workOfLanding, workOfTask } from './work.ts'

/** `maybe`: fresh or blocked as things stand, but something that it reads will be computed or landed first. */
export type PlannedState = StateKind | 'maybe'

export interface PlannedView {
  readonly view: string
  readonly version: string
  readonly first?: string
  readonly last?: string
  readonly partitions: number
  readonly states: Readonly<Partial<Record<PlannedState, number>>>
  /** All that is neither computed nor fresh. */
  readonly leftOut: readonly LeftOutRun[]
}

export interface PlannedLandings {
  readonly source: string
  readonly keys: readonly string[]
  readonly bytes: number
  /** Objects that were refused as they stand; tried again with reprocess failed or all. */
  readonly refused: readonly string[]
}

export interface Level {
  /** From 1 on; level 0 lands. */
  readonly level: number
  readonly tasks: readonly PlannedTask[]
}

export interface Plan {
  readonly format: 1
  readonly request: BackfillRequest
  readonly now: string
  readonly engine: string
  readonly views: readonly PlannedView[]
  /** Views that were asked for and have no whole partition in the period. */
  readonly outside?: readonly string[]
  readonly landings: readonly PlannedLandings[]
  /** Data that nobody reads, as far as the listings of this plan met it. */
  readonly unmatched: readonly Unmatched[]
  readonly levels: readonly Level[]
  /** Partitions that will be computed, and that may be. */
  readonly partitions: number
  readonly maybe: number
  readonly quote: Quote
  /** Pre-aggregates that would cost less, or that still hold what raw data no longer does. */
  readonly advice: readonly Advice[]
}

export type PlanEffects = Pick<Effects, 'lake' | 'now'> & { readonly engine: { readonly build: { readonly id: string } } }

/** @throws InvalidInputError for unknown views, a period that is wrong, or a price above `maxCost`. */
export async function planBackfill(
  request: BackfillRequest,
  catalog: Catalog,
  effects: PlanEffects,
  settings: PlanSettings,
): Promise<Plan> {
  const { decided, landings, unmatched } = await decideRequest(request, catalog, effects)
  const levels = packLevels(decided, settings)
  const views = decided.map((one) => describeView(one, catalog))
  const work = (bound: Bound) => addWork(totalWork(levels, landings, bound), gateWork(request, decided, bound))
  const quote = quoteOf(work('low'), work('high'), settings.prices)
  if (request.maxCost !== undefined && quote.highUsd > request.maxCost) {
    throw new InvalidInputError(`the plan may cost ${quote.highUsd.toPrecision(3)} USD; allowed is ${request.maxCost} (max cost)`)
  }
  const tasks = levels.flatMap((level) => level.tasks)
  const outside = request.views.filter((view) => !decided.some(({ scope }) => scope.feature === featureNamed(catalog, view)))
  return {
    format: 1,
    request,
    now: new Date(effects.now()).toISOString(),
    engine: effects.engine.build.id,
    views,
    ...(outside.length > 0 && { outside }),
    landings,
    unmatched: unmatched.list(),
    levels,
    partitions: tasks.reduce((sum, task) => sum + task.partitions, 0),
    maybe: tasks.reduce((sum, task) => sum + task.maybe, 0),
    quote,
    advice: await advise(decided, catalog, effects, settings.prices),
  }
}

/** What a request comes to before it is packed into tasks: the state of every partition that it looks at, and what is to be landed. */
export async function decideRequest(request: BackfillRequest, catalog: Catalog, effects: PlanEffects) {
  const scopes = scopeOf(request, catalog, effects.now())
  const sources = [...new Set(scopes.flatMap(({ feature }) => sourcesBelow(catalog, feature)))]
  const unmatched = new UnmatchedKeys(catalog.sources.values())
  const landings = await planLandings(request, sources, { lake: effects.lake, now: effects.now(), unmatched })
  const decided = await decideScopes({ request, catalog, effects, landings, unmatched }, scopes)
  for (const source of sources) await unmatched.lookBeside(source, effects.lake)
  return { decided, landings, unmatched }
}

/** Everything unlanded of the arrival sources below the scopes: an object may hold rows of any time. */
async function planLandings(request: BackfillRequest, sources: readonly Source[], options: UnlandedOptions): Promise<PlannedLandings[]> {
  const retry = request.reprocess === 'failed' || request.reprocess === 'all'
  const found: PlannedLandings[] = []
  for (const source of sources) {
    if (source.folders !== 'arrival') continue
    const objects = await listUnlanded(options, source, Number.NEGATIVE_INFINITY)
    const wanted = objects.filter((object) => retry || !object.refused)
    const refused = objects.filter((object) => object.refused).map((object) => object.key)
    if (objects.length === 0) continue
    found.push({
      source: source.name,
      keys: wanted.map((object) => object.key),
      bytes: wanted.reduce((sum, object) => sum + object.size, 0),
      refused,
    })
  }
  return found
}

interface Deciding {
  readonly request: BackfillRequest
  readonly catalog: Catalog
  readonly effects: PlanEffects
  readonly landings: readonly PlannedLandings[]
  readonly unmatched: UnmatchedKeys
}

/** One view of a plan with every partition's state. */
export interface Decided {
  readonly scope: Scope
  readonly level: number
  readonly states: readonly (State | { readonly kind: 'maybe' })[]
  readonly planned: readonly PlannedPartition[]
  /** Ends of the partitions that will or may be computed, in order. */
  readonly ends: readonly number[]
  /** What the newest partition of the scope reads, as things stand. */
  readonly newest: PartitionReads
}

async function decideScopes(deciding: Deciding, scopes: readonly Scope[]): Promise<Decided[]> {
  const { lake } = deciding.effects
  const outputs = await Promise.all(scopes.map(({ feature, partitions }) => listScope(lake.store, feature, partitions)))
  const { catalog, unmatched } = deciding
  const listing = await InputListing.load({ lake, catalog, now: deciding.effects.now(), unmatched }, scopes)
  const decided = new Map<string, Decided>()
  for (const [at, scope] of scopes.entries()) {
    const key = featureKey(scope.feature.version.view, scope.feature.version.version)
    decided.set(key, await decideScope(deciding, scope, { outputs: outputs[at] ?? new Map(), listing, upstream: decided }))
  }
  return [...decided.values()]
}

function listScope(store: Effects['lake']['store'], { version }: Feature, partitions: readonly Partition[]) {
  const [first, last] = [partitions[0], partitions.at(-1)]
  return first && last ? listOutputs(store, version, first.name, last.name) : Promise.resolve(new Map())
}

interface Listed {
  readonly outputs: Awaited<ReturnType<typeof listOutputs>>
  readonly listing: InputListing
  readonly upstream: ReadonlyMap<string, Decided>
}

async function decideScope(deciding: Deciding, scope: Scope, listed: Listed): Promise<Decided> {
  const { request, effects, landings } = deciding
  const context = { store: effects.lake.store, engine: effects.engine.build.id, missingInputs: request.missingInputs }
  const landing = scope.feature.version.inputs.some(
    (binding) => binding.kind === 'source' && landings.some((one) => one.source === binding.source && one.keys.length > 0),
  )
  const states: Decided['states'][number][] = []
  const planned: PlannedPartition[] = []
  let newest: PartitionInputs | undefined
  for (const partition of scope.partitions) {
    const inputs = listed.listing.inputs(scope.feature, partition)
    const facts = listed.outputs.get(partition.name) ?? NO_OUTPUTS
    const state = await statePartition(context, scope.feature, facts, inputs)
    const computed = isComputed(state.kind, request.reprocess)
    const maybe = !computed && canBecome(state.kind) && (landing || upstreamChanges(inputs, listed.upstream))
    // Neighbours that were refused share the reason of the first.
    const first = state.kind === 'rejected' && !computed && !maybe && states.at(-1)?.kind !== 'rejected'
    const reason = first ? await rejectedReason(effects.lake.store, facts, inputs) : undefined
    newest = inputs
    states.push(maybe ? { kind: 'maybe' } : reason === undefined ? state : { kind: 'rejected', reason })
    if (computed || maybe) planned.push({ partition, inputs, maybe })
  }
  const ends = planned.map((one) => one.partition.end)
  return { scope, level: levelOf(scope.feature, listed.upstream), states, planned, ends, newest: readsOf(newest) }
}

/** Objects and bytes of all inputs of a partition, if there is one. */
function readsOf(partition: PartitionInputs | undefined): PartitionReads {
  const folders = (partition?.inputs ?? []).flatMap((input) => input.folders)
  return {
    objects: folders.reduce((sum, { objects }) => sum + objects.length, 0),
    bytes: folders.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** States that new inputs can change; a partition that is kept or not due stays so. */
function canBecome(state: StateKind): boolean {
  return state !== 'kept' && state !== 'pending' && state !== 'warming_up'
}

/** Whether a partition of an input view inside the window will or may be computed before. */
function upstreamChanges(inputs: PartitionInputs, upstream: ReadonlyMap<string, Decided>): boolean {
  return inputs.inputs.some(({ binding, start, end }) => {
    if (binding.kind !== 'view') return false
    const ends = upstream.get(featureKey(binding.view, binding.version))?.ends ?? []
    const next = firstAbove(ends, start)
    return next !== undefined && next <= end
  })
}

/** The least of the ordered numbers that is above the limit. */
function firstAbove(ordered: readonly number[], limit: number): number | undefined {
  let [low, high] = [0, ordered.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ordered[middle] ?? 0) > limit) high = middle
    else low = middle + 1
  }
  return ordered[low]
}

function levelOf(feature: Feature, upstream: ReadonlyMap<string, Decided>): number {
  const below = feature.version.inputs.map((binding) =>
    binding.kind === 'view' ? (upstream.get(featureKey(binding.view, binding.version))?.level ?? 0) : 0,
  )
  return 1 + Math.max(0, ...below)
}

function packLevels(decided: readonly Decided[], settings: PlanSettings): Level[] {
  const numbers = [...new Set(decided.filter((one) => one.planned.length > 0).map((one) => one.level))].sort((a, b) => a - b)
  return numbers.map((level) => {
    const members = decided.filter((one) => one.level === level)
    const seconds = Math.min(settings.taskSeconds, expectedSeconds(members) / settings.tasksWanted)
    return { level, tasks: members.flatMap((one) => packTasks(one.scope.feature, one.planned, seconds)) }
  })
}

function expectedSeconds(members: readonly Decided[]): number {
  const planned = members.flatMap((one) => one.planned)
  const scanned = planned.reduce(
    (sum, { inputs }) =>
      sum + inputs.inputs.reduce((all, input) => all + input.folders.reduce((bytes, folder) => bytes + folder.bytes, 0), 0),
    0,
  )
  return secondsOf({ partitions: planned.length, scanned }, 'high')
}

function totalWork(levels: readonly Level[], landings: readonly PlannedLandings[], bound: Bound) {
  const tasks = levels.flatMap((level) => level.tasks.map((task) => workOfTask(task, bound)))
  const landed = landings.map(({ keys, bytes }) => workOfLanding({ objects: keys.length, bytes }, bound))
  return [...tasks, ...landed].reduce(addWork, NO_WORK)
}

/** The gate compares also where nothing is to be computed. */
function gateWork({ unverified }: BackfillRequest, decided: readonly Decided[], bound: Bound): Work {
  return unverified
    ? NO_WORK
    : workOfGate(
        decided.map(({ newest }) => newest),
        bound,
      )
}

function describeView({ scope, states }: Decided, catalog: Catalog): PlannedView {
  const { version } = scope.feature
  const counts: Partial<Record<PlannedState, number>> = {}
  const named: (readonly [string, State])[] = []
  for (const [at, state] of states.entries()) {
    counts[state.kind] = (counts[state.kind] ?? 0) + 1
    // What may be computed is told like what will be.
    named.push([scope.partitions[at]?.name ?? '', state.kind === 'maybe' ? { kind: 'missing' } : state])
  }
  const [first, last] = [scope.partitions[0]?.name, scope.partitions.at(-1)?.name]
  return {
    view: version.view,
    version: version.version,
    ...(first && last && { first, last }),
    partitions: states.length,
    states: counts,
    leftOut: leftOutRuns(requestName(catalog, version), named, ['fresh', 'missing', 'stale']),
  }
}
