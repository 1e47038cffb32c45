import type { ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { renderSuggestion } from '../model/nearest.ts'
import { type Formatted, readJson } from './json-object.ts'
import { PUBLISHED_KEY, viewEntryKey, viewVersionKey } from './keys.ts'
import { listAll, type ObjectStore } from './object-store.ts'

/** The registered versions of one view, by what a person may call them. */
export interface NamedVersions {
  readonly view: string
  /** All that are frozen, sorted. */
  readonly all: readonly string[]
  readonly candidate: string
  readonly published?: string
}

interface Entry extends Formatted {
  readonly candidate: string
}

interface PublishedViews extends Formatted {
  readonly views: Readonly<Record<string, string>>
}

/** @throws InvalidInputError for a view that the registry does not have. */
export async function namedVersions(store: ObjectStore, view: string): Promise<NamedVersions> {
  const entry = await readJson<Entry>(store, viewEntryKey(view))
  if (!entry) throw await unknownView(store, view)
  const published = await publishedVersions(store)
  const keys = await listAll(store, { prefix: `registry/${view}/` })
  const all = keys.flatMap(({ key }) => /\/([0-9a-f]{12})\.json$/.exec(key)?.[1] ?? []).sort()
  const live = published[view]
  return { view, all, candidate: entry.value.candidate, ...(live !== undefined && { published: live }) }
}

/** The published version of each view. */
export async function publishedVersions(store: ObjectStore): Promise<Readonly<Record<string, string>>> {
  return (await readJson<PublishedViews>(store, PUBLISHED_KEY))?.value.views ?? {}
}

async function unknownView(store: ObjectStore, view: string): Promise<InvalidInputError> {
  const keys = await listAll(store, { prefix: 'registry/' })
  const views = [...new Set(keys.flatMap(({ key }) => /^registry\/([a-z][a-z0-9_]*)\/[0-9a-f]{12}\.json$/.exec(key)?.[1] ?? []))].sort()
  const found = views.length > 0 ? `expected one of ${views.join(', ')}` : 'nothing is registered; run hindcast register'
  return new InvalidInputError(`the registry has no view '${view}'${renderSuggestion(view, views)}; ${found}`)
}

/** The one version whose hash begins so. @throws InvalidInputError for none or several, listing the versions. */
export function versionByPrefix({ view, all }: NamedVersions, prefix: string): string {
  const found = all.filter((version) => version.startsWith(prefix))
  const [version] = found
  if (version !== undefined && found.length === 1) return version
  const told = found.length > 1 ? `several versions of ${view} begin with '${prefix}'` : `no version of ${view} begins with '${prefix}'`
  throw new InvalidInputError(`${told}; expected one of ${(found.length > 1 ? found : all).join(', ') || '(none is registered)'}`)
}

/** The frozen version. @throws InvalidInputError where it is not, or no longer, registered. */
export async function readFrozen(store: ObjectStore, view: string, version: string): Promise<ViewVersion> {
  const frozen = await readJson<ViewVersion>(store, viewVersionKey(view, version))
  if (frozen) return frozen.value
  throw new InvalidInputError(`version ${version} of view ${view} is not in the registry: it was dropped or never registered`)
}
