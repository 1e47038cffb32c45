/**
 * What could no longer be computed if raw data were kept for so many days: the readiness of every partition that stands, asked of the
 * catalog as it would be with that `keep`. So it is what a run would say, not an estimate.
 */
import { listOutputs } from '../../lake/outputs.ts'
import { type Catalog, type Feature, featureKey } from '../../model/catalog.ts'
import type { Partition } from '../../model/partition.ts'
import type { Readiness } from '../../model/states.ts'
import { viewCalendar } from '../../model/view.ts'
import { newestEnded } from '../affected.ts'
import { InputListing } from '../input-listing.ts'
import type { StatusEffects } from '../status.ts'

/** What a rule does to one version of a view. */
export interface Expiry {
  readonly view: string
  readonly version: string
  readonly published: boolean
  /** Its newest partition could not be computed: from then on it gets none. Says why. */
  readonly blocked?: string
  /** Standing partitions that could no longer be recomputed: they are served as they are. */
  readonly kept: number
  readonly first?: string
  readonly last?: string
  /** Of these, partitions that live repairs by itself today. */
  readonly repair: number
}

export interface ExpiryQuestion {
  readonly days: number
  /** Sources that the rule is for. */
  readonly sources: ReadonlySet<string>
  readonly published: Readonly<Record<string, string>>
}

/** Every version that live computes and that the rule touches, directly or through a view that it reads. */
export async function expiryOf(question: ExpiryQuestion, catalog: Catalog, effects: StatusEffects): Promise<Expiry[]> {
  const ruled = withKeep(catalog, question)
  const found = new Map<string, Expiry>()
  for (const [key, feature] of ruled.features) {
    const own = readsAny(feature, question.sources)
      ? await look(feature, question, { catalog: ruled, before: catalog, effects })
      : undefined
    const through = feature.version.inputs.flatMap((binding) =>
      binding.kind === 'view' && found.get(featureKey(binding.view, binding.version))?.blocked !== undefined ? [binding.view] : [],
    )
    const blocked = own?.blocked ?? (through.length > 0 ? `it reads ${through.join(', ')}, which gets no more partitions` : undefined)
    if (blocked === undefined && (own === undefined || own.kept === 0)) continue
    found.set(key, { ...(own ?? untouched(feature, question)), ...(blocked !== undefined && { blocked }) })
  }
  return [...found.values()]
}

function withKeep(catalog: Catalog, { days, sources }: ExpiryQuestion): Catalog {
  const changed = [...catalog.sources].map(([name, source]) => {
    return [name, sources.has(name) ? { ...source, keep: { count: days, unit: 'day' as const } } : source] as const
  })
  return { ...catalog, sources: new Map(changed) }
}

function readsAny({ version }: Feature, sources: ReadonlySet<string>): boolean {
  return version.inputs.some((binding) => binding.kind === 'source' && sources.has(binding.source))
}

function untouched({ version: { view, version } }: Feature, { published }: ExpiryQuestion): Expiry {
  return { view, version, published: published[view] === version, kept: 0, repair: 0 }
}

interface Looking {
  readonly catalog: Catalog
  readonly before: Catalog
  readonly effects: StatusEffects
}

async function look(feature: Feature, question: ExpiryQuestion, { catalog, before, effects }: Looking): Promise<Expiry> {
  const now = effects.now()
  const partitions = await standingAndNewest(feature, effects)
  const load = (one: Catalog) => InputListing.load({ lake: effects.lake, catalog: one, now }, [{ feature, partitions: partitions.all }])
  const [ruled, current] = [await load(catalog), await load(before)]
  const isLost = (partition: Partition) =>
    ruled.inputs(feature, partition).readiness.kind === 'expired' && current.inputs(feature, partition).readiness.kind !== 'expired'
  const kept = partitions.all.filter((partition) => partitions.standing.has(partition.name) && isLost(partition))
  const newest = partitions.all.findLast((partition) => current.inputs(feature, partition).readiness.kind !== 'pending')
  const readiness: Readiness | undefined = newest && ruled.inputs(feature, newest).readiness
  const [first, last] = [kept[0]?.name, kept.at(-1)?.name]
  return {
    ...untouched(feature, question),
    ...(readiness?.kind === 'expired' && { blocked: readiness.reason }),
    kept: kept.length,
    ...(first !== undefined && last !== undefined && { first, last }),
    repair: kept.filter(({ end }) => end > now - feature.settings.repairMs).length,
  }
}

/** How far back the newest partition that is due is looked for. */
const DUE_WITHIN = 40

/** From the first partition that stands, and at least the newest ones. */
async function standingAndNewest(feature: Feature, { lake, now }: StatusEffects) {
  const calendar = viewCalendar(feature.version)
  const last = newestEnded(feature, now())
  const outputs = await listOutputs(lake.store, feature.version, '0', last.name)
  const standing = new Set([...outputs].flatMap(([name, { output }]) => (output ? [name] : [])))
  const [first] = [...standing].sort()
  const recent = calendar.start(calendar.indexOf(last.name) - DUE_WITHIN)
  const from = first === undefined ? recent : Math.min(recent, calendar.named(first).start)
  return { standing, all: calendar.within(from, last.end) }
}
