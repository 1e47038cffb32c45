import type { LocalEngine } from '../../engine/local-engine.ts'
import { listOutputs } from '../../lake/outputs.ts'
import { type Catalog, type Feature, featureKey } from '../../model/catalog.ts'
import type { Published } from '../../model/published.ts'
import { type LookingEffects, lookAtPartitions, type ViewStatus } from '../status.ts'
import type { Workbench } from '../workbench.ts'
import { compareVersions, type VersionComparison } from './compare-versions.ts'
import { type Coverage, coverageOf } from './coverage.ts'
import { type Quarantine, readQuarantine } from './quarantine.ts'
import type { ReportRange } from './range.ts'
import { type StandingOutput, standingAmong } from './standing-files.ts'
import { readValues, type Values } from './values.ts'

/** One version of a view, as it stands when the report is made. */
export interface ReportedView {
  readonly view: string
  readonly version: string
  /** What it is for readers: a version may be published and be the newest one. */
  readonly published: boolean
  readonly candidate: boolean
  readonly description: string
  readonly owner?: string
  readonly entity: readonly string[]
  readonly grain: string
  readonly zone: string
  readonly status: ViewStatus
  readonly coverage: Coverage
  readonly values: Values
  readonly quarantine: Quarantine
}

/** A version with the partitions that are reported of it. */
export interface Ranged {
  readonly feature: Feature
  readonly range: ReportRange
}

/** What reporting a view needs. */
export interface Making {
  readonly catalog: Catalog
  readonly effects: LookingEffects & { readonly engine: LocalEngine }
  readonly published: Published
}

/** Looks at the partitions of a version and reads its values. */
export async function reportView(
  { catalog, effects, published }: Making,
  bench: Workbench,
  { feature, range }: Ranged,
): Promise<{ readonly view: ReportedView; readonly standing: readonly StandingOutput[] }> {
  const { version, settings } = feature
  const { store } = effects.lake
  const { status, states, outputs } = await lookAtPartitions(feature, range.partitions, catalog, effects)
  const standing = standingAmong(
    range.partitions.map(({ name }) => name),
    outputs,
  )
  const view: ReportedView = {
    view: version.view,
    version: version.version,
    published: published.views[version.view] === version.version,
    candidate: catalog.candidates.get(version.view) === version.version,
    description: settings.description,
    ...(settings.owner !== undefined && { owner: settings.owner }),
    entity: version.entity,
    grain: version.grain,
    zone: version.zone,
    status,
    coverage: coverageOf(range, states),
    values: await readValues({ store, engine: effects.engine, bench }, feature, standing),
    quarantine: await readQuarantine(store, version),
  }
  return { view, standing }
}

/** The candidate against what is published, for a view whose published version is another one that is there. */
export async function comparePublished(
  { catalog, effects, published }: Making,
  bench: Workbench,
  { feature, range, standing }: Ranged & { readonly standing: readonly StandingOutput[] },
): Promise<VersionComparison[]> {
  const { view, version } = feature.version
  const old = catalog.features.get(featureKey(view, published.views[view] ?? ''))
  const [first, last] = [range.partitions[0]?.name, range.partitions.at(-1)?.name]
  if (!old || catalog.candidates.get(view) !== version || old.version.version === version) return []
  const outputs = first && last ? await listOutputs(effects.lake.store, old.version, first, last) : new Map()
  const names = range.partitions.map(({ name }) => name)
  const tools = { store: effects.lake.store, engine: effects.engine, bench }
  const compared = await compareVersions(
    tools,
    { version: old.version, standing: standingAmong(names, outputs) },
    { version: feature.version, standing },
  )
  return [compared]
}
