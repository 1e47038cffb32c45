import type { ObjectStore } from '../lake/object-store.ts'
import { updatePublished } from '../lake/published.ts'
import { readCatalog, withVersions } from '../lake/registry.ts'
import { type Catalog, featureKey, type VersionRef } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { type Pin, type Published, withoutPin, withPin } from '../model/published.ts'
import type { Instant } from '../model/zone.ts'

export interface PinEffects {
  readonly lake: { readonly store: ObjectStore }
  now(): Instant
}

/**
 * Keeps a version live and from being dropped, until it is unpinned; pinned again it gets the new reason.
 * @throws InvalidInputError for a version that is not kept whole or is being dropped.
 */
export async function pinVersion(ref: VersionRef & { readonly reason?: string }, { lake, now }: PinEffects): Promise<Pin> {
  const { view, version, reason } = ref
  const pin: Pin = { since: new Date(now()).toISOString(), ...(reason !== undefined && { reason }) }
  await updatePublished(lake.store, async (published) => {
    requireWhole(ref, published)
    // Live computes what is pinned: all that it reads has to be there and to stay.
    const catalog = await withVersions(lake.store, await readCatalog(lake.store, now()), [ref])
    requireKept(ref, published, catalog)
    return withPin(published, view, version, pin)
  })
  return pin
}

/** Whoever puts a mark of a drop later sees the pin, as both are in one object. */
function requireKept(ref: VersionRef, published: Published, catalog: Catalog): void {
  requireWhole(ref, published)
  for (const binding of catalog.features.get(featureKey(ref.view, ref.version))?.version.inputs ?? [])
    if (binding.kind === 'view') requireKept(binding, published, catalog)
}

function requireWhole({ view, version }: VersionRef, { dropping }: Published): void {
  if (dropping?.[featureKey(view, version)]) throw new InvalidInputError(`version ${version} of view ${view} is being dropped`)
}

/** @throws InvalidInputError for a version that is not pinned, naming those of its view that are. */
export async function unpinVersion({ view, version }: VersionRef, { lake }: Pick<PinEffects, 'lake'>): Promise<void> {
  await updatePublished(lake.store, (published) => {
    const pinned = Object.keys(published.pins ?? {}).filter((key) => key.startsWith(`${view}@`))
    if (!pinned.includes(featureKey(view, version))) {
      throw new InvalidInputError(
        `version ${version} of view ${view} is not pinned; pinned are ${pinned.join(', ') || 'none of that view'}`,
      )
    }
    return withoutPin(published, view, version)
  })
}
