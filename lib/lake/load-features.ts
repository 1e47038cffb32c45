import { type Feature, featureKey, type VersionRef, type ViewVersion } from '../model/catalog.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { ObjectStore } from './object-store.ts'
import { readEntry, type ViewEntry } from './view-entry.ts'
import { readVersion } from './view-version.ts'

/** Features as they are read, each after what it reads. */
export class FeatureLoading {
  readonly features: Map<string, Feature>
  readonly #store: ObjectStore
  readonly #entries: Map<string, ViewEntry>

  constructor(store: ObjectStore, entries: readonly ViewEntry[], features: ReadonlyMap<string, Feature> = new Map()) {
    this.#store = store
    this.#entries = new Map(entries.map((entry) => [entry.view, entry]))
    this.features = new Map(features)
  }

  async add({ view, version }: VersionRef, reader?: string): Promise<void> {
    if (this.features.has(featureKey(view, version))) return
    const [frozen, entry] = await Promise.all([readVersion(this.#store, view, version), this.#entry(view)])
    if (!frozen || !entry) throw new DataError(notKept({ view, version }, reader))
    await this.#addFrozen(frozen, entry)
  }

  async addNamed({ view, version }: VersionRef): Promise<void> {
    if (this.features.has(featureKey(view, version))) return
    const [frozen, entry] = await Promise.all([readVersion(this.#store, view, version), this.#entry(view)])
    if (frozen && entry) return this.#addFrozen(frozen, entry)
    throw new InvalidInputError(`view ${view} has no version ${version}; it was dropped or never registered`)
  }

  async #addFrozen(frozen: ViewVersion, entry: ViewEntry): Promise<void> {
    const key = featureKey(frozen.view, frozen.version)
    for (const binding of frozen.inputs) if (binding.kind === 'view') await this.add(binding, key)
    this.features.set(key, { version: frozen, settings: settingsOf(entry, frozen.version) })
  }

  async #entry(view: string): Promise<ViewEntry | undefined> {
    const known = this.#entries.get(view) ?? (await readEntry(this.#store, view))
    if (known) this.#entries.set(view, known)
    return known
  }
}

/** The settings of a version: those that it had last as the candidate. */
export function settingsOf(entry: ViewEntry, version: string): ViewEntry['settings'] {
  return (version === entry.candidate ? undefined : entry.versions?.[version]?.settings) ?? entry.settings
}

function notKept({ view, version }: VersionRef, reader: string | undefined): string {
  const why = reader === undefined ? '' : ` and ${reader} reads it`
  return `version ${version} of view ${view} is not in the registry${why}; hindcast register freezes what the definitions give`
}
