import type { Catalog, Feature, ViewSettings, ViewVersion } from '../model/catalog.ts'
import { featureKey } from '../model/catalog.ts'
import { ConflictError, DataError, InvalidInputError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import type { Source } from '../model/source.ts'
import { type Formatted, jsonBytes, readJson } from './json-object.ts'
import { ENGINE_KEY, PUBLISHED_KEY, SOURCES_KEY, viewEntryKey, viewVersionKey } from './keys.ts'
import { listAll, type ObjectStore } from './object-store.ts'

/**
 * The registry keeps what was deployed: each version of a view frozen under its hash, its settings and sources beside it. Readers see
 * only what `published.json` names.
 */

/** `registry/<view>.json`: the settings that change freely, and the version that live computes beside the published one. */
export interface ViewEntry {
  readonly format: 1
  readonly view: string
  readonly candidate: string
  readonly settings: ViewSettings
}

interface SourcesObject {
  readonly format: 1
  readonly sources: Readonly<Record<string, Source>>
}

/** `registry/published.json`: the versions that readers see. */
export interface Published {
  readonly format: 1
  readonly views: Readonly<Record<string, string>>
}

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

/** Freezes every feature of the catalog and makes it the candidate; unchanged ones cost one GET. Sources first: no reader misses one. */
export async function writeRegistry(store: ObjectStore, catalog: Catalog): Promise<Registered[]> {
  await replaceJson(store, SOURCES_KEY, { format: 1, sources: Object.fromEntries(catalog.sources) } satisfies SourcesObject)
  const done: Registered[] = []
  for (const feature of catalog.features.values()) done.push(await registerFeature(store, feature))
  return done
}

async function registerFeature(store: ObjectStore, { version, settings }: Feature): Promise<Registered> {
  const key = viewVersionKey(version.view, version.version)
  if (!(await store.head(key))) await store.put(key, jsonBytes(version))
  const old = await readJson<ViewEntry>(store, viewEntryKey(version.view))
  const entry: ViewEntry = { format: 1, view: version.view, candidate: version.version, settings }
  await replaceJson(store, viewEntryKey(version.view), entry)
  const change = changeOf(old?.value, entry)
  return { view: version.view, version: version.version, change }
}

function changeOf(old: ViewEntry | undefined, entry: ViewEntry): Registered['change'] {
  if (!old) return 'new'
  if (old.candidate !== entry.candidate) return 'candidate'
  return canonicalJson(old.settings) === canonicalJson(entry.settings) ? 'none' : 'settings'
}

/** Puts the value unless the same stands there. The last writer wins: registering twice at once ends as one of the two. */
async function replaceJson<T extends Formatted>(store: ObjectStore, key: string, value: T): Promise<void> {
  const old = await readJson(store, key)
  if (old && canonicalJson(old.value) === canonicalJson(JSON.parse(JSON.stringify(value)))) return
  await store.put(key, jsonBytes(value))
}

/** Every live feature of the lake: per view the candidate and the published version, with all that these read. */
export async function readCatalog(store: ObjectStore): Promise<Catalog> {
  const sources = (await readJson<SourcesObject>(store, SOURCES_KEY))?.value.sources ?? {}
  const published = (await readJson<Published>(store, PUBLISHED_KEY))?.value.views ?? {}
  const features = new Map<string, Feature>()
  const add = async (view: string, version: string): Promise<void> => {
    if (features.has(featureKey(view, version))) return
    const feature = await readFeature(store, view, version)
    for (const binding of feature.version.inputs) if (binding.kind === 'view') await add(binding.view, binding.version)
    features.set(featureKey(view, version), feature)
  }
  const entries = await listEntries(store)
  for (const entry of entries) {
    const live = published[entry.view]
    if (live) await add(entry.view, live)
    await add(entry.view, entry.candidate)
  }
  const candidates = new Map(entries.map((entry) => [entry.view, entry.candidate]))
  return { sources: new Map(Object.entries(sources)), features, candidates }
}

async function listEntries(store: ObjectStore): Promise<ViewEntry[]> {
  const keys = (await listAll(store, { prefix: 'registry/' })).map((object) => object.key)
  const views = keys.filter((key) => /^registry\/[a-z][a-z0-9_]*\.json$/.test(key) && key !== ENGINE_KEY && key !== PUBLISHED_KEY)
  const entries = await Promise.all(views.map((key) => readJson<ViewEntry>(store, key)))
  return entries.flatMap((entry) => entry?.value ?? [])
}

async function readFeature(store: ObjectStore, view: string, version: string): Promise<Feature> {
  const [frozen, entry] = await Promise.all([
    readJson<ViewVersion>(store, viewVersionKey(view, version)),
    readJson<ViewEntry>(store, viewEntryKey(view)),
  ])
  if (!frozen || !entry) throw new DataError(`version ${version} of view ${view} is not in the registry; run hindcast register`)
  return { version: frozen.value, settings: entry.value.settings }
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
