/**
 * What a person might write instead: a view that reads every raw byte again for each of its partitions costs less over a pre-aggregate
 * (a view that reads each row once), and one whose raw data expired can still be computed from one. Estimates use the lines and bounds of
 * the plan's own price.
 */
import { listOutputs } from '../lake/outputs.ts'
import { type Catalog, type Feature, readersOf, requestName, type SourceBinding } from '../model/catalog.ts'
import type { Grain } from '../model/partition.ts'
import { addWork, type PriceTable, type Quote, quoteOf } from '../model/price.ts'
import { folderCalendar } from '../model/source.ts'
import { viewCalendar } from '../model/view.ts'
import { newestEnded } from './affected.ts'
import type { InputFolder } from './bound-input.ts'
import type { Decided, PlanEffects } from './plan.ts'
import { isPreAggregate } from './retention/pre-aggregates.ts'
import { type Bound, OUTPUT_BYTES, workOfTask } from './work.ts'

/** A pre-aggregate that a view could read in the place of a source. */
export interface Advice {
  readonly view: string
  readonly source: string
  /** `price`: it would cost less. `expired`: what was computed before raw data expired is there. */
  readonly kind: 'price' | 'expired'
  readonly grain: Grain
  /** The one that there is, with what stands of it; absent: one would have to be written. */
  readonly existing?: { readonly view: string; readonly first?: string; readonly last?: string }
  /** How often each raw byte is scanned as it is. */
  readonly times?: number
  /** The price of these partitions as they are, and over the pre-aggregate, which is computed first where it is not there. */
  readonly now?: Usd
  readonly instead?: Usd
}

type Usd = Pick<Quote, 'lowUsd' | 'highUsd'>

/** Each byte has to be scanned this often before a pre-aggregate is worth a word, and save at least a fifth between low and high. */
const TIMES_MIN = 4
const SHARE_MAX = 0.8
const HOUR_MS = 3_600_000

/** Advice for the views of a plan, at most one per view and source. */
export async function advise(decided: readonly Decided[], catalog: Catalog, effects: PlanEffects, prices: PriceTable): Promise<Advice[]> {
  const found: Advice[] = []
  for (const one of decided) {
    const { feature } = one.scope
    if (isPreAggregate(feature)) continue
    for (const binding of feature.version.inputs) {
      if (binding.kind !== 'source' || binding.window.kind === 'latest') continue
      const advice =
        (await adviseExpired(one, binding, catalog, effects)) ?? (await advisePrice(one, binding, { catalog, effects, prices }))
      if (advice) found.push(advice)
    }
  }
  return found
}

async function adviseExpired(one: Decided, binding: SourceBinding, catalog: Catalog, effects: PlanEffects): Promise<Advice | undefined> {
  const { feature } = one.scope
  const isExpired = one.states.some(
    (state) => state.kind === 'blocked' && state.reason.includes(`of ${binding.source} is older than it is kept`),
  )
  const there = isExpired ? await existingOf(feature, binding, catalog, effects) : undefined
  if (!there?.first) return undefined
  const { view } = feature.version
  return { view, source: binding.source, kind: 'expired', grain: there.grain, existing: existingRange(there) }
}

interface Standing {
  readonly view: string
  readonly grain: Grain
  readonly first?: string
  readonly last?: string
  /** Average of one output; undefined where none stands. */
  readonly bytes?: number
}

function existingRange({ view, first, last }: Standing) {
  return { view, ...(first !== undefined && last !== undefined && { first, last }) }
}

/** A registered or defined pre-aggregate of the source that knows all entity columns of the view; the finest first. */
async function existingOf(feature: Feature, binding: SourceBinding, catalog: Catalog, effects: PlanEffects): Promise<Standing | undefined> {
  const fits = ({ feature: other }: { readonly feature: Feature }) =>
    isPreAggregate(other) && feature.version.entity.every((name) => other.version.entity.includes(name))
  const [found] = readersOf(catalog, { source: binding.source }).filter(fits)
  return found && standingOf(found.feature, catalog, effects)
}

async function standingOf(feature: Feature, catalog: Catalog, { lake, now }: PlanEffects): Promise<Standing> {
  const { version } = feature
  const outputs = [...(await listOutputs(lake.store, version, '0', newestEnded(feature, now()).name))].filter(([, { output }]) => output)
  const [first, last] = [outputs[0]?.[0], outputs.at(-1)?.[0]]
  const bytes = outputs.reduce((sum, [, { output }]) => sum + (output?.size ?? 0), 0) / outputs.length
  const named = { view: requestName(catalog, version), grain: version.grain }
  return { ...named, ...(first !== undefined && last !== undefined && { first, last, bytes }) }
}

interface Pricing {
  readonly catalog: Catalog
  readonly effects: PlanEffects
  readonly prices: PriceTable
}

async function advisePrice(one: Decided, binding: SourceBinding, pricing: Pricing): Promise<Advice | undefined> {
  const { feature } = one.scope
  const scan = scanOf(one, binding)
  if (scan.distinct === 0 || scan.scanned < TIMES_MIN * scan.distinct) return undefined
  const existing = await existingOf(feature, binding, pricing.catalog, pricing.effects)
  const grain = existing?.grain ?? (feature.version.grain === 'hour' ? 'hour' : 'day')
  const outputBytes = existing?.bytes ?? (await likeOutputs(feature, binding, pricing))
  const [now, instead] = [
    priceOf([asItIs(scan)], pricing),
    priceOf(viaPreAggregate(one, scan, { binding, grain, outputBytes, isThere: existing?.first !== undefined }, pricing), pricing),
  ]
  if (middle(instead) > middle(now) * SHARE_MAX) return undefined
  return {
    view: feature.version.view,
    source: binding.source,
    kind: 'price',
    grain,
    ...(existing && { existing: existingRange(existing) }),
    times: Math.round(scan.scanned / scan.distinct),
    now,
    instead,
  }
}

function middle({ lowUsd, highUsd }: Usd): number {
  return (lowUsd + highUsd) / 2
}

interface Scan {
  readonly partitions: number
  readonly scanned: number
  readonly distinct: number
  readonly objects: number
  readonly first: number
  readonly last: number
}

/** What the planned partitions scan through one input: windows that overlap count each time, `distinct` each byte once. */
function scanOf({ planned }: Decided, binding: SourceBinding): Scan {
  const folders = new Set<InputFolder>()
  let scanned = 0
  for (const { inputs } of planned) {
    for (const folder of inputs.inputs.find((input) => input.binding === binding)?.folders ?? []) {
      scanned += folder.bytes
      folders.add(folder)
    }
  }
  const all = [...folders]
  return {
    partitions: planned.length,
    scanned,
    distinct: all.reduce((sum, { bytes }) => sum + bytes, 0),
    objects: all.reduce((sum, { objects }) => sum + objects.length, 0),
    first: Math.min(...all.map(({ start }) => start)),
    last: planned.at(-1)?.partition.end ?? 0,
  }
}

interface Estimated {
  readonly partitions: number
  readonly bytes: number
  readonly objects: number
  readonly scanned: number
  readonly outputBytes?: number
}

function asItIs({ partitions, distinct, objects, scanned }: Scan): Estimated {
  return { partitions, bytes: distinct, objects, scanned }
}

/** Computing what is not there, which scans a folder once for each of its partitions, and then reading its outputs. */
function viaPreAggregate(
  one: Decided,
  scan: Scan,
  pre: { readonly binding: SourceBinding; readonly grain: Grain; readonly outputBytes: number; readonly isThere: boolean },
  { catalog }: Pricing,
): Estimated[] {
  const { grain, outputBytes } = pre
  const lengthMs = grain === 'hour' ? HOUR_MS : 24 * HOUR_MS
  const pieces = Math.ceil((scan.last - scan.first) / lengthMs)
  const source = catalog.sources.get(pre.binding.source)
  const folder = source && folderCalendar(source).at(scan.first)
  const perFolder = folder ? Math.max(1, (folder.end - folder.start) / lengthMs) : 1
  const build = { partitions: pieces, bytes: scan.distinct, objects: scan.objects, scanned: scan.distinct * perFolder, outputBytes }
  const inWindow = one.planned.reduce((sum, { partition, inputs }) => {
    const cut = inputs.inputs.find(({ binding }) => binding === pre.binding)
    return sum + (partition.end - Math.max(cut?.start ?? scan.first, scan.first)) / lengthMs
  }, 0)
  const read = { partitions: scan.partitions, bytes: pieces * outputBytes, objects: pieces, scanned: inWindow * outputBytes }
  return pre.isThere ? [read] : [build, read]
}

function priceOf(all: readonly Estimated[], { prices }: Pricing): Usd {
  const work = (bound: Bound) =>
    all
      .map(({ outputBytes, ...task }) => workOfTask({ view: '', version: '', first: '', last: '', maybe: 0, ...task }, bound, outputBytes))
      .reduce(addWork)
  const { lowUsd, highUsd } = quoteOf(work('low'), work('high'), prices)
  return { lowUsd, highUsd }
}

/** What an output of a view over the source with the same entity takes: a pre-aggregate has at most as many rows in a partition. */
async function likeOutputs(feature: Feature, binding: SourceBinding, { catalog, effects }: Pricing): Promise<number> {
  const alike = readersOf(catalog, { source: binding.source }).filter(
    ({ feature: { version } }) => version.entity.join() === feature.version.entity.join(),
  )
  const sizes: number[] = []
  for (const one of alike) {
    const last = newestEnded(one.feature, effects.now())
    const calendar = viewCalendar(one.feature.version)
    const first = calendar.name(calendar.indexOf(last.name) - LOOKED_AT)
    const outputs = await listOutputs(effects.lake.store, one.feature.version, first, last.name)
    sizes.push(...[...outputs.values()].flatMap(({ output }) => output?.size ?? []))
  }
  return sizes.length === 0 ? OUTPUT_BYTES.high : Math.max(...sizes)
}

/** Newest partitions whose sizes are looked at. */
const LOOKED_AT = 40
