/**
 * Deletes one version of a view. It is marked first, in the object that says what is published and pinned: from then on nobody can
 * publish, pin or register it, and whoever looks sees a drop in progress, also when it died half way. The same drop once more finishes.
 *
 *     mark -> candidate or claimed since? unmark, refuse -> outputs, quarantine -> definition -> unmark
 */
import pMap from 'p-map'
import { readClaims } from '../lake/claims.ts'
import { quarantineVersion, versionPrefix, viewVersionKey } from '../lake/keys.ts'
import { listAll, type ObjectInfo, type ObjectStore } from '../lake/object-store.ts'
import { readPublished, updatePublished } from '../lake/published.ts'
import { readCatalog } from '../lake/registry.ts'
import { readEntry, updateEntry } from '../lake/view-entry.ts'
import { featureKey, readersOf, type VersionRef } from '../model/catalog.ts'
import { ConflictError, InvalidInputError } from '../model/errors.ts'
import { type Published, withDropped, withDropping, withoutDropping } from '../model/published.ts'
import type { Instant } from '../model/zone.ts'
import { manifestsNaming, type NamingManifest } from './manifests.ts'

export interface DropEffects {
  readonly lake: { readonly store: ObjectStore }
  now(): Instant
}

/** What a drop deletes, before it does. */
export interface DropPlan extends VersionRef {
  readonly objects: number
  readonly bytes: number
  /** Where they lie. */
  readonly parts: readonly { readonly prefix: string; readonly objects: number; readonly bytes: number }[]
  /** An earlier drop began and did not end. */
  readonly begun: boolean
  /** Why it is kept; one that has any is not dropped. */
  readonly keepers: readonly string[]
  /** Training sets that were made from it: their rows stay, what they were made from goes. */
  readonly manifests: readonly NamingManifest[]
}

const DELETES_AT_ONCE = 16
/** How often what stands is listed: a writer that began before the mark may still end. */
const ROUNDS_MAX = 5

/** @throws InvalidInputError for a version that is not there. */
export async function planDrop(ref: VersionRef, effects: DropEffects): Promise<DropPlan> {
  const { store } = effects.lake
  const { value: published } = await readPublished(store)
  const keepers = await keepersOf(ref, published, effects)
  const objects = await objectsOf(store, ref)
  const begun = published.dropping?.[featureKey(ref.view, ref.version)] !== undefined
  if (objects.length === 0 && !begun) throw await notThere(ref, store)
  const parts = partsOf(ref).map((prefix) => ({ prefix, ...sizeOf(objects.filter(({ key }) => key.startsWith(prefix))) }))
  return {
    ...ref,
    ...sizeOf(objects),
    parts: parts.filter((part) => part.objects > 0),
    begun,
    keepers,
    manifests: await manifestsNaming(store, ref),
  }
}

/**
 * Deletes what the plan names. @throws InvalidInputError when the version is kept for a reason, naming it: then nothing is deleted, and
 * an earlier drop that did not end is given up.
 */
export async function drop(
  { view, version }: VersionRef,
  effects: DropEffects,
): Promise<{ readonly objects: number; readonly bytes: number }> {
  const { store } = effects.lake
  const ref = { view, version }
  const keepers: string[] = []
  await updatePublished(store, async (published) => {
    keepers.splice(0, keepers.length, ...(await keepersOf(ref, published, effects)))
    return keepers.length > 0 ? withoutDropping(published, view, version) : withDropping(published, view, version, effects.now())
  })
  requireDroppable(ref, keepers)
  await requireStillDroppable(ref, effects)
  const deleted = await deleteAll(store, ref)
  await forget(store, ref)
  await updatePublished(store, (published) => withDropped(published, view, version))
  return deleted
}

/** A register or a run that did not see the mark put its candidate or claim before this looks. */
async function requireStillDroppable(ref: VersionRef, effects: DropEffects): Promise<void> {
  const { store } = effects.lake
  const keepers = await keepersOf(ref, (await readPublished(store)).value, effects)
  if (keepers.length === 0) return
  await updatePublished(store, (published) => withoutDropping(published, ref.view, ref.version))
  requireDroppable(ref, keepers)
}

function requireDroppable({ view, version }: VersionRef, keepers: readonly string[]): void {
  if (keepers.length === 0) return
  throw new InvalidInputError(`version ${version} of view ${view} is not dropped: ${keepers.join('; ')}`)
}

/** Every reason to keep a version. */
async function keepersOf(ref: VersionRef, published: Published, effects: DropEffects): Promise<string[]> {
  const { view, version } = ref
  const { store } = effects.lake
  const key = featureKey(view, version)
  const before = published.previous?.[view]
  const pin = published.pins?.[key]
  const entry = await readEntry(store, view)
  const readers = readersOf(await readCatalog(store, effects.now()), ref).map(({ feature }) =>
    featureKey(feature.version.view, feature.version.version),
  )
  const claims = (await readClaims(store, effects.now())).filter(({ ranges }) => key in ranges)
  return [
    ...(published.views[view] === version ? ['it is published'] : []),
    ...(entry?.retired === undefined && entry?.candidate === version ? ['it is the candidate'] : []),
    ...(before?.version === version && Date.parse(before.until) > effects.now() ? [`a rollback may need it until ${before.until}`] : []),
    ...(pin ? [`it is pinned since ${pin.since}${pin.reason ? ` (${pin.reason})` : ''}; hindcast unpin ${view} ${version}`] : []),
    ...(readers.length > 0 ? [`live ${[...new Set(readers)].join(', ')} reads it`] : []),
    ...claims.map(({ run, expires }) => `run ${run} is at work on it; its claim holds until ${new Date(expires).toISOString()}`),
  ]
}

/** The definition last. */
function partsOf({ view, version }: VersionRef): string[] {
  return [versionPrefix(view, version), quarantineVersion(view, version), viewVersionKey(view, version)]
}

async function objectsOf(store: ObjectStore, ref: VersionRef): Promise<ObjectInfo[]> {
  const lists = await Promise.all(partsOf(ref).map((prefix) => listAll(store, { prefix })))
  return lists.flat()
}

function sizeOf(objects: readonly ObjectInfo[]): { objects: number; bytes: number } {
  return { objects: objects.length, bytes: objects.reduce((sum, object) => sum + object.size, 0) }
}

/** The definition last: until then it is known what the rest was. */
async function deleteAll(store: ObjectStore, ref: VersionRef): Promise<{ objects: number; bytes: number }> {
  const deleted = { objects: 0, bytes: 0 }
  const definition = viewVersionKey(ref.view, ref.version)
  for (let round = 1; ; round++) {
    const objects = await objectsOf(store, ref)
    if (objects.length === 0) return deleted
    if (round > ROUNDS_MAX)
      throw new ConflictError(`something still writes version ${ref.version} of view ${ref.view}; end it and drop again`)
    const rest = objects.filter(({ key }) => key !== definition)
    await pMap(rest, ({ key }) => store.delete(key), { concurrency: DELETES_AT_ONCE })
    if (rest.length < objects.length) await store.delete(definition)
    const size = sizeOf(objects)
    deleted.objects += size.objects
    deleted.bytes += size.bytes
  }
}

/** The entry of its view no longer knows it. */
async function forget(store: ObjectStore, { view, version }: VersionRef): Promise<void> {
  const known = await readEntry(store, view)
  if (!known?.versions?.[version]) return
  await updateEntry(store, view, (old = known) => {
    const versions = Object.fromEntries(Object.entries(old.versions ?? {}).filter(([name]) => name !== version))
    return { ...old, versions }
  })
}

async function notThere({ view, version }: VersionRef, store: ObjectStore): Promise<InvalidInputError> {
  const entry = await readEntry(store, view)
  if (!entry) return new InvalidInputError(`there is no view '${view}'; hindcast versions lists those that are registered`)
  return new InvalidInputError(`view ${view} has no version ${version}; hindcast versions ${view} lists those that are kept`)
}
