import { type Catalog, type Feature, featureKey, type VersionRef, type ViewVersion } from '../model/catalog.ts'
import { ConflictError, InvalidInputError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import { liveVersions } from '../model/published.ts'
import type { Instant } from '../model/zone.ts'
import { type Formatted, jsonBytes, readJson } from './json-object.ts'
import { ENGINE_KEY } from './keys.ts'
import { FeatureLoading } from './load-features.ts'
import type { ObjectStore } from './object-store.ts'
import { readPublished } from './published.ts'
import { readSources, writeSources } from './sources.ts'
import { listRegistry, updateEntry, type ViewEntry } from './view-entry.ts'
import { freezeVersion } from './view-version.ts'

/**
 * The registry keeps what was deployed: each version of a view frozen under its hash, its settings and sources beside it. Readers see
 * only what `published.json` names.
 */

interface EngineObject {
  readonly format: 1
  readonly engine: string
  readonly description: string
}

/** What registering changed. */
export interface Registered {
  readonly view: string
  readonly version: string
  readonly change: 'new' | 'candidate' | 'settings' | 'none'
}

/**
 * Freezes every feature of the catalog and makes it the candidate; unchanged ones cost a few GETs. Sources first: no reader misses one.
 * @throws ConflictError for a version that is being dropped.
 */
export async function writeRegistry(store: ObjectStore, catalog: Catalog, now: Instant): Promise<Registered[]> {
  await writeSources(store, catalog.sources)
  const done: Registered[] = []
  for (const feature of catalog.features.values()) done.push(await registerFeature(store, feature, now))
  return done
}

async function registerFeature(store: ObjectStore, feature: Feature, now: Instant): Promise<Registered> {
  const { view, version } = feature.version
  await requireKept(store, feature.version)
  await freezeVersion(store, feature.version)
  let before: ViewEntry | undefined
  const entry = await updateEntry(store, view, (old) => {
    before = old
    return registeredEntry(old, feature, new Date(now).toISOString())
  })
  const change = changeOf(before, entry)
  if (change === 'new' || change === 'candidate') await requireCandidate(store, feature.version, before)
  return { view, version, change }
}

/**
 * A drop looks at candidates after it put its mark: one of the two sees the other. One that is at work takes the version with it, so the
 * candidate goes back; one that has ended took it, so it is frozen again.
 */
async function requireCandidate(store: ObjectStore, version: ViewVersion, before: ViewEntry | undefined): Promise<void> {
  try {
    await requireKept(store, version)
  } catch (error) {
    if (before)
      await updateEntry(store, version.view, (now = before) => (now.candidate === version.version ? { ...now, ...pick(before) } : now))
    throw error
  }
  await freezeVersion(store, version)
}

function pick({ candidate, settings, retired }: ViewEntry): Pick<ViewEntry, 'candidate' | 'settings' | 'retired'> {
  return { candidate, settings, ...(retired !== undefined && { retired }) }
}

/** The version that was the candidate keeps the settings that it had; those of the new one are the entry's. */
function registeredEntry(old: ViewEntry | undefined, { version, settings }: Feature, now: string): ViewEntry {
  const registered = old?.versions?.[version.version]?.registered ?? (old?.candidate === version.version ? undefined : now)
  const before =
    old && old.candidate !== version.version
      ? { ...old.versions, [old.candidate]: { ...old.versions?.[old.candidate], settings: old.settings } }
      : old?.versions
  const versions = { ...before, [version.version]: registered === undefined ? {} : { registered } }
  return { format: 1, view: version.view, candidate: version.version, settings, versions }
}

function changeOf(old: ViewEntry | undefined, entry: ViewEntry): Registered['change'] {
  if (!old || old.retired !== undefined) return 'new'
  if (old.candidate !== entry.candidate) return 'candidate'
  return canonicalJson(old.settings) === canonicalJson(JSON.parse(JSON.stringify(entry.settings))) ? 'none' : 'settings'
}

async function requireKept(store: ObjectStore, { view, version }: VersionRef): Promise<void> {
  const { dropping } = (await readPublished(store)).value
  if (!dropping?.[featureKey(view, version)]) return
  throw new ConflictError(
    `version ${version} of view ${view} is being dropped; hindcast drop ${view} ${version} finishes that, then register`,
  )
}

/** Puts the value unless the same stands there. The last writer wins. */
async function replaceJson<T extends Formatted>(store: ObjectStore, key: string, value: T): Promise<void> {
  const old = await readJson(store, key)
  if (old && canonicalJson(old.value) === canonicalJson(JSON.parse(JSON.stringify(value)))) return
  await store.put(key, jsonBytes(value))
}

/**
 * Every live feature of the lake at `now`: per view its candidate unless it is retired, its published version, the one before that for seven days, and
 * pinned ones, each with all that it reads. @throws DataError for a registry that is damaged.
 */
export async function readCatalog(store: ObjectStore, now: Instant): Promise<Catalog> {
  const [{ sources, retired }, published, { entries }] = await Promise.all([readSources(store), readPublished(store), listRegistry(store)])
  const loading = new FeatureLoading(store, entries)
  const kept = entries.filter((entry) => entry.retired === undefined)
  const candidates = new Map(kept.map((entry) => [entry.view, entry.candidate]))
  for (const { view, candidate, retired: since } of entries) {
    const versions = [...liveVersions(published.value, view, now), ...(since === undefined ? [candidate] : [])]
    for (const version of versions) await loading.add({ view, version })
  }
  const read = sourcesReadBy(loading.features)
  const stillRead = Object.entries(retired).filter(([name]) => read.has(name))
  return { sources: new Map([...Object.entries(sources), ...stillRead]), features: loading.features, candidates }
}

/**
 * The catalog with these versions in it as well, live or not, and all that they read.
 * @throws InvalidInputError for a version that is not kept.
 */
export async function withVersions(store: ObjectStore, catalog: Catalog, wanted: readonly VersionRef[]): Promise<Catalog> {
  const missing = wanted.filter(({ view, version }) => !catalog.features.has(featureKey(view, version)))
  if (missing.length === 0) return catalog
  const loading = new FeatureLoading(store, [], catalog.features)
  for (const one of missing) await loading.addNamed(one)
  const { sources, retired } = await readSources(store)
  const read = sourcesReadBy(loading.features)
  const more = Object.entries({ ...retired, ...sources }).filter(([name]) => read.has(name) && !catalog.sources.has(name))
  return { ...catalog, sources: new Map([...catalog.sources, ...more]), features: loading.features }
}

function sourcesReadBy(features: ReadonlyMap<string, Feature>): Set<string> {
  const bindings = [...features.values()].flatMap(({ version }) => version.inputs)
  return new Set(bindings.flatMap((binding) => (binding.kind === 'source' ? [binding.source] : [])))
}

/**
 * Holds a writer to the engine build of its lake; the first writer names it.
 * @throws InvalidInputError when the lake names another build.
 */
export async function requireEngine(store: ObjectStore, engine: { readonly id: string; readonly description: string }): Promise<void> {
  const found = await readJson<EngineObject>(store, ENGINE_KEY)
  if (!found) {
    const value: EngineObject = { format: 1, engine: engine.id, description: engine.description }
    try {
      await store.put(ENGINE_KEY, jsonBytes(value), { ifNoneMatch: '*' })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      await requireEngine(store, engine)
    }
    return
  }
  if (found.value.engine === engine.id) return
  throw new InvalidInputError(
    `the lake is written by engine build ${found.value.engine} (${found.value.description}); this is ${engine.id} (${engine.description}). ` +
      `Run the build of the lake, or change it with hindcast register --engine, after which history counts as aged`,
  )
}

/** Makes this engine build the lake's; what other builds wrote counts as aged from now on. */
export async function writeEngine(store: ObjectStore, engine: { readonly id: string; readonly description: string }): Promise<void> {
  await replaceJson(store, ENGINE_KEY, { format: 1, engine: engine.id, description: engine.description } satisfies EngineObject)
}

/** The engine build that writes the lake. @throws InvalidInputError where none has written it yet. */
export async function readEngine(store: ObjectStore): Promise<{ readonly id: string; readonly description: string }> {
  const found = (await readJson<EngineObject>(store, ENGINE_KEY))?.value
  if (!found) throw new InvalidInputError(`${store.location} names no engine build; register definitions in it first`)
  return { id: found.engine, description: found.description }
}
