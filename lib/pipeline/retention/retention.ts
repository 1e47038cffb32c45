/** What raw data costs, who needs it how far back, and what a rule that deletes it after so many days would end. Writes nothing. */
import { readPublished } from '../../lake/published.ts'
import { type Catalog, featureKey, readersOf, sourceNamed } from '../../model/catalog.ts'
import { renderDuration } from '../../model/duration.ts'
import { InvalidInputError } from '../../model/errors.ts'
import type { Source } from '../../model/source.ts'
import { STORAGE_PRICES, storageUsd } from '../../model/storage-price.ts'
import type { StatusEffects } from '../status.ts'
import { type Expiry, expiryOf } from './expiry.ts'
import { coverOf, isPreAggregate, type PreAggregate } from './pre-aggregates.ts'
import { type RawSize, readRawSize, times } from './raw-size.ts'
import { type Reach, reachOf } from './reach.ts'

export interface RetentionRequest {
  /** Undefined: all. */
  readonly source?: string
  /** Days after which raw data would be deleted. */
  readonly raw?: number
}

/** What one storage class costs per month. */
export interface ClassCost {
  readonly name: string
  readonly usd: number
  /** With `raw` days of what a day takes; absent where no rule is asked about. */
  readonly ruledUsd?: number
  readonly daysMin: number
  /** US dollars for reading a GB; absent: it has to be restored first. */
  readonly readGbUsd?: number
}

export interface SourceRetention {
  readonly source: string
  readonly key: string
  readonly folders: Source['folders']
  readonly keep?: string
  readonly size: Omit<RawSize, 'folders'>
  readonly costs: readonly ClassCost[]
  readonly reach: readonly Reach[]
  readonly preAggregates: readonly PreAggregate[]
}

export interface Retention {
  readonly format: 1
  readonly now: string
  readonly prices: { readonly date: string; readonly region: string; readonly source: string }
  readonly raw?: number
  readonly sources: readonly SourceRetention[]
  /** What the rule touches; empty where none is asked about. */
  readonly expiry: readonly Expiry[]
}

export const RAW_DAYS_MAX = 36_500

/** @throws InvalidInputError for an unknown source, or days that are none. */
export async function readRetention(request: RetentionRequest, catalog: Catalog, effects: StatusEffects): Promise<Retention> {
  const { raw } = request
  if (raw !== undefined && !(Number.isInteger(raw) && raw >= 1 && raw <= RAW_DAYS_MAX))
    throw new InvalidInputError(`'${raw}' is no number of days; expected a whole number from 1 to ${RAW_DAYS_MAX}`)
  const wanted = request.source === undefined ? [...catalog.sources.values()] : [sourceNamed(catalog, request.source)]
  const published = (await readPublished(effects.lake.store)).value.views
  const sources: SourceRetention[] = []
  for (const source of wanted) sources.push(await lookAt(source, { raw, published }, catalog, effects))
  const question = { days: raw ?? RAW_DAYS_MAX, sources: new Set(wanted.map(({ name }) => name)), published }
  const { date, region, source } = STORAGE_PRICES
  return {
    format: 1,
    now: new Date(effects.now()).toISOString(),
    prices: { date, region, source },
    ...(raw !== undefined && { raw }),
    sources,
    expiry: raw === undefined ? [] : await expiryOf(question, catalog, effects),
  }
}

async function lookAt(
  source: Source,
  { raw, published }: { readonly raw: number | undefined; readonly published: Readonly<Record<string, string>> },
  catalog: Catalog,
  effects: StatusEffects,
): Promise<SourceRetention> {
  const { folders, ...size } = await readRawSize(effects.lake, source)
  const readers = readersOf(catalog, { source: source.name })
  const reach = readers.flatMap(({ feature, binding }) => {
    if (binding.kind !== 'source') return []
    const facts = { now: effects.now(), published: published[feature.version.view] === feature.version.version }
    return [reachOf(feature, binding, source, facts)]
  })
  const features = new Map(readers.map(({ feature }) => [featureKey(feature.version.view, feature.version.version), feature]))
  const preAggregates: PreAggregate[] = []
  for (const feature of features.values())
    if (isPreAggregate(feature)) preAggregates.push(await coverOf(feature, { ...size, folders }, effects))
  return {
    source: source.name,
    key: source.key.text,
    folders: source.folders,
    ...(source.keep && { keep: renderDuration(source.keep) }),
    size,
    costs: costsOf({ ...size, folders }, raw),
    reach,
    preAggregates,
  }
}

function costsOf(size: RawSize, raw: number | undefined): ClassCost[] {
  return STORAGE_PRICES.classes.map((one) => ({
    name: one.name,
    usd: storageUsd(size, one, STORAGE_PRICES),
    ...(raw !== undefined && { ruledUsd: storageUsd(times(size.perDay, raw), one, STORAGE_PRICES) }),
    daysMin: one.daysMin,
    ...(one.read_gb !== undefined && { readGbUsd: one.read_gb }),
  }))
}

/** Published views that the rule would block. */
export function blockedByRule({ expiry }: Retention): Expiry[] {
  return expiry.filter(({ published, blocked }) => published && blocked !== undefined)
}
