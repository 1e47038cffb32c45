/**
 * Ends a view whose definition is gone: live computes it no more and readers see it no more. Its files and versions stay until they are
 * dropped, and registering its definition again brings it back.
 *
 *     depended on? refuse -> mark the entry -> take it from what is published
 *
 * A retire that dies in between is finished by the same one; a publish that read the entry before the mark leaves it published, which
 * `versions` shows and the same retire ends.
 */
import { readClaims } from '../lake/claims.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { readPublished, updatePublished } from '../lake/published.ts'
import { readCatalog } from '../lake/registry.ts'
import { listTrainingRuns, readManifest } from '../lake/training-manifest.ts'
import { listRegistry, readEntry, updateEntry, type ViewEntry } from '../lake/view-entry.ts'
import { featureKey } from '../model/catalog.ts'
import { baseName } from '../model/definition-schema.ts'
import { InvalidInputError } from '../model/errors.ts'
import { type Published, withoutView } from '../model/published.ts'
import type { Instant } from '../model/zone.ts'
import type { DefinitionFile } from './load-definitions.ts'
import { trainingSetsOn } from './register.ts'

export interface RetireRequest {
  readonly view: string
  /** The definitions as they are now; without them the newest run of each training set says what it uses. */
  readonly files?: readonly DefinitionFile[]
}

export interface RetireEffects {
  readonly lake: { readonly store: ObjectStore }
  now(): Instant
}

/** What a retire ends, before it does. */
export interface RetirePlan {
  readonly view: string
  readonly candidate: string
  readonly published?: string
  readonly previous?: string
  /** Its frozen versions: they and their files stay. */
  readonly versions: readonly string[]
  /** Training sets whose newest run was made from it: their rows stay. */
  readonly trainedOn: readonly string[]
  /** What depends on it; a view with any is not retired. */
  readonly keepers: readonly string[]
  /** An earlier retire marked it. */
  readonly since?: string
}

/** @throws InvalidInputError for a view that is not registered, or that is retired already. */
export async function planRetire(request: RetireRequest, { lake, now }: RetireEffects): Promise<RetirePlan> {
  const { view } = request
  const { store } = lake
  const [{ entries, frozen }, { value: published }] = await Promise.all([listRegistry(store), readPublished(store)])
  const entry = entryOf(view, entries)
  const isPublic = published.views[view] !== undefined || published.previous?.[view] !== undefined
  if (entry.retired !== undefined && !isPublic) throw new InvalidInputError(`view ${view} is retired already, since ${entry.retired}`)
  const trainedOn = await setsTrainedOn(store, view)
  const [current, before] = [published.views[view], published.previous?.[view]?.version]
  return {
    view,
    candidate: entry.candidate,
    ...(current !== undefined && { published: current }),
    ...(before !== undefined && { previous: before }),
    versions: frozen.filter((one) => one.view === view).map(({ version }) => version),
    trainedOn,
    keepers: await keepersOf(request, { published, trainedOn, store, now: now() }),
    ...(entry.retired !== undefined && { since: entry.retired }),
  }
}

/** Retires the view. @throws InvalidInputError naming all that depends on it; then nothing was changed. */
export async function retire(request: RetireRequest, effects: RetireEffects): Promise<RetirePlan> {
  const plan = await planRetire(request, effects)
  const { view, keepers } = plan
  if (keepers.length > 0) throw new InvalidInputError(`view ${view} is not retired: ${keepers.join('; ')}`)
  const { store } = effects.lake
  const entry = await readEntry(store, view)
  await updateEntry(store, view, (old = entry) => {
    if (!old) throw new InvalidInputError(`view ${view} is not registered any more; nothing was retired`)
    return { ...old, retired: old.retired ?? new Date(effects.now()).toISOString() }
  })
  await updatePublished(store, (published) => withoutView(published, view))
  return plan
}

function entryOf(view: string, entries: readonly ViewEntry[]): ViewEntry {
  const entry = entries.find((one) => one.view === view)
  if (entry) return entry
  const names = entries.map((one) => one.view)
  throw new InvalidInputError(`there is no view '${view}'; expected one of ${names.join(', ') || '(none are registered)'}`)
}

interface Looked {
  readonly published: Published
  readonly trainedOn: readonly string[]
  readonly store: ObjectStore
  readonly now: Instant
}

/** Every reason to keep the view. */
async function keepersOf({ view, files }: RetireRequest, { published, trainedOn, store, now }: Looked): Promise<string[]> {
  const file = files?.find((one) => one.file.endsWith('.sql') && baseName(one.file, '.sql') === view)
  const live = [...(await readCatalog(store, now)).features.values()]
  const readers = live
    .filter(({ version }) => version.inputs.some((binding) => binding.kind === 'view' && binding.view === view))
    .map(({ version }) => featureKey(version.view, version.version))
  const sets = files ? trainingSetsOn(files, view) : trainedOn
  const pins = Object.keys(published.pins ?? {}).filter((key) => key.startsWith(`${view}@`))
  const claims = (await readClaims(store, now)).filter(({ ranges }) => Object.keys(ranges).some((key) => key.startsWith(`${view}@`)))
  return [
    ...(file ? [`${file.file} still defines it, so the next register would bring it back; delete the file first`] : []),
    ...(readers.length > 0 ? [`live ${readers.join(', ')} reads it`] : []),
    ...(sets.length > 0 ? [`training set${sets.length > 1 ? 's' : ''} ${sets.join(', ')} uses it`] : []),
    ...pins.map((key) => `${key} is pinned; hindcast unpin ${key.replace('@', ' ')}`),
    ...claims.map(({ run, expires }) => `run ${run} is at work on it; its claim holds until ${new Date(expires).toISOString()}`),
  ]
}

/** Training sets whose newest complete run read any version of the view. */
async function setsTrainedOn(store: ObjectStore, view: string): Promise<string[]> {
  const names = new Set<string>()
  for await (const page of store.list({ prefix: 'training/' })) {
    for (const { key } of page) names.add(key.split('/')[1] ?? '')
  }
  const found: string[] = []
  for (const name of names) {
    if ((await listTrainingRuns(store, name)).length === 0) continue
    const { views } = await readManifest(store, name)
    if (views.some((one) => one.view === view)) found.push(name)
  }
  return found
}
