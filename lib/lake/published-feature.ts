import type { Feature, ViewSettings, ViewVersion } from '../model/catalog.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { Source } from '../model/source.ts'
import { readJson } from './json-object.ts'
import { PUBLISHED_KEY, SOURCES_KEY, viewEntryKey, viewVersionKey } from './keys.ts'
import type { ObjectStore } from './object-store.ts'

interface PublishedObject {
  readonly format: 1
  readonly views: Readonly<Record<string, string>>
}

interface EntryObject {
  readonly format: 1
  readonly candidate: string
  readonly settings: ViewSettings
  /** Settings of versions that are no longer the candidate. */
  readonly versions?: Readonly<Record<string, { readonly settings?: ViewSettings }>>
}

/** One version of a view as readers use it, with the newest registered one for comparison. */
export interface PublishedFeature extends Feature {
  readonly candidate: string
}

/** The published version of every view. @throws DataError for a damaged object, InvalidInputError for one of a newer format. */
export async function readPublished(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const found = await readJson<PublishedObject>(store, PUBLISHED_KEY)
  const views: unknown = found?.value.views ?? {}
  const isMap = typeof views === 'object' && views !== null && Object.values(views).every((version) => typeof version === 'string')
  if (!isMap) throw new DataError(`${store.location}/${PUBLISHED_KEY} is damaged: 'views' is not a map of views to versions`)
  return new Map(Object.entries(views))
}

/**
 * The version of a view that readers see, or the one that is asked for, with its registered settings.
 * @throws InvalidInputError for a view that is not registered or published, and for a version that is not there (any more).
 */
export async function readPublishedFeature(
  store: ObjectStore,
  view: string,
  version: { readonly published: string | undefined; readonly wanted: string | undefined },
): Promise<PublishedFeature> {
  const entry = (await readJson<EntryObject>(store, viewEntryKey(view)))?.value
  if (!entry) throw new InvalidInputError(`view ${view} is not registered in the lake; hindcast register does it`)
  const name = version.wanted ?? version.published
  if (name === undefined) {
    throw new InvalidInputError(
      `view ${view} has no published version; expected hindcast publish ${view} first, or --version ${view}@${entry.candidate} for the newest registered one`,
    )
  }
  const frozen = await readVersion(store, view, name)
  if (!frozen) {
    throw new InvalidInputError(`version ${name} of view ${view} is not in the registry; it was dropped, or never registered in this lake`)
  }
  return { version: frozen, settings: entry.versions?.[name]?.settings ?? entry.settings, candidate: entry.candidate }
}

/** A source as it is registered, undefined for one that is not. */
export async function readRegisteredSource(store: ObjectStore, name: string): Promise<Source | undefined> {
  const found = await readJson<{ readonly format: 1; readonly sources: Readonly<Record<string, Source>> }>(store, SOURCES_KEY)
  return found?.value.sources[name]
}

/** A frozen version, undefined for one that is not there (any more). */
export async function readVersion(store: ObjectStore, view: string, version: string): Promise<ViewVersion | undefined> {
  return (await readJson<ViewVersion>(store, viewVersionKey(view, version)))?.value
}
