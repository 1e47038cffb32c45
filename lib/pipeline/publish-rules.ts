/** What has to hold of a switch before it is made: of what versions read, and of what they cover. */
import type { ObjectStore } from '../lake/object-store.ts'
import { readCatalog, withVersions } from '../lake/registry.ts'
import { readVersion } from '../lake/view-version.ts'
import { type Catalog, type Feature, featureKey, type VersionRef, type ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { type Published, previousOf } from '../model/published.ts'
import { coverageProblems, emptyProblems } from './coverage-rule.ts'
import type { LeftOutRun } from './left-out.ts'
import type { PlanEffects } from './plan.ts'
import { checkSwitch } from './switch-rules.ts'
import type { TablesReport } from './sync-tables.ts'

export interface PublishedView {
  readonly view: string
  readonly version: string
  /** What was published before. */
  readonly before?: string
  /** Partitions of the version before that this one cannot have. */
  readonly leftOut: readonly LeftOutRun[]
}

export interface PublishReport {
  readonly format: 1
  readonly published: readonly PublishedView[]
  /** Views that had this version already. */
  readonly unchanged: readonly VersionRef[]
  readonly notes: readonly string[]
  /** What became of the tables, where the lake has a Glue database. */
  readonly tables?: TablesReport
}

/** The command that an error suggests. */
export type Verb = 'publish' | 'rollback'

export interface Switch {
  readonly wanted: readonly VersionRef[]
  readonly published: Published
}

/** Holds the switch against all rules. @throws InvalidInputError listing everything that is in the way. */
export async function decideSwitch(verb: Verb, { wanted, published }: Switch, effects: PlanEffects): Promise<PublishReport> {
  const changed = wanted.filter(({ view, version }) => published.views[view] !== version)
  const unchanged = wanted.filter((one) => !changed.includes(one))
  if (changed.length === 0) return { format: 1, published: [], unchanged, notes: [] }
  const { catalog, notes, ...rules } = await readRules(verb, { wanted, published }, effects)
  const problems = [...rules.problems]
  const views: PublishedView[] = []
  for (const { view, version } of changed) {
    const feature = catalog.features.get(featureKey(view, version))
    const found = feature && (await covered(feature, published, catalog, effects))
    problems.push(...(found?.problems ?? []))
    views.push(...(found ? [found.view] : []))
  }
  requireNone(problems)
  return { format: 1, published: views, unchanged, notes }
}

function requireNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidInputError(`nothing was published: ${problems.join('\n')}`)
}

/** Holds a switch against everything but coverage. @throws InvalidInputError listing what is in the way. */
export async function requireSwitch(verb: Verb, question: Switch, effects: PlanEffects): Promise<void> {
  requireNone((await readRules(verb, question, effects)).problems)
}

async function readRules(verb: Verb, { wanted, published }: Switch, effects: PlanEffects) {
  const { store } = effects.lake
  const dropping = wanted.filter(({ view, version }) => published.dropping?.[featureKey(view, version)])
  requireNone(dropping.map(({ view, version }) => `version ${version} of view ${view} is being dropped`))
  const catalog = await withVersions(store, await readCatalog(store, effects.now()), wanted)
  const versions = wanted.flatMap(({ view, version }) => catalog.features.get(featureKey(view, version))?.version ?? [])
  const known = [...[...catalog.features.values()].map(({ version }) => version), ...(await previousVersions(store, published))]
  return { catalog, ...checkSwitch({ wanted: versions, published, known, catalog, verb }) }
}

/** What was published before, however long ago; what those versions read may be gone by now. */
async function previousVersions(store: ObjectStore, published: Published): Promise<ViewVersion[]> {
  const read = Object.keys(published.views).map(async (view) => {
    const version = previousOf(published, view)
    return version === undefined ? undefined : readVersion(store, view, version)
  })
  return (await Promise.all(read)).filter((one) => one !== undefined)
}

async function covered(feature: Feature, published: Published, catalog: Catalog, effects: PlanEffects) {
  const { view, version } = feature.version
  const before = published.views[view]
  const old = before === undefined ? undefined : catalog.features.get(featureKey(view, before))
  if (!old || before === undefined) {
    return { problems: await emptyProblems(feature, catalog, effects), view: { view, version, leftOut: [] } }
  }
  const { problems, leftOut } = await coverageProblems(feature, old.version, catalog, effects)
  return { problems, view: { view, version, before, leftOut } }
}
