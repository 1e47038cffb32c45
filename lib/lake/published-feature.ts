import type { Feature } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { settingsOf } from './load-features.ts'
import type { ObjectStore } from './object-store.ts'
import { readEntry } from './view-entry.ts'
import { readVersion } from './view-version.ts'

/** One version of a view as readers use it, with the newest registered one for comparison. */
export interface PublishedFeature extends Feature {
  readonly candidate: string
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
  const entry = await readEntry(store, view)
  if (!entry) throw new InvalidInputError(`view ${view} is not registered in the lake; hindcast register does it`)
  const name = version.wanted ?? version.published
  if (name === undefined) {
    throw new InvalidInputError(
      `view ${view} has no published version; expected hindcast publish ${view} first, or --version ${view}@${entry.candidate} for the newest registered one`,
    )
  }
  const frozen = await readVersion(store, view, name)
  if (frozen) return { version: frozen, settings: settingsOf(entry, name), candidate: entry.candidate }
  throw new InvalidInputError(`version ${name} of view ${view} is not in the registry; it was dropped, or never registered in this lake`)
}
