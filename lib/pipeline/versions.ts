/** What is kept of every view: its versions, why each is kept, and what stands of it. Writes nothing. */
import { OUTPUT_NAME } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { readPublished } from '../lake/published.ts'
import { readCatalog } from '../lake/registry.ts'
import { listRegistry, type ViewEntry } from '../lake/view-entry.ts'
import { readVersion } from '../lake/view-version.ts'
import { type Catalog, featureKey, readersOf, type VersionRef, type ViewVersion } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Published } from '../model/published.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import { runsOf } from './affected.ts'

/** Why a version is kept; one that is kept for no reason is `old`, or `retired` with its view, one with objects and no definition is `leftover`. */
export type VersionState =
  | { readonly kind: 'published'; readonly since?: string }
  | { readonly kind: 'candidate' | 'old' | 'leftover' }
  | { readonly kind: 'previous'; readonly until: string }
  | { readonly kind: 'pinned'; readonly since: string; readonly reason?: string }
  | { readonly kind: 'dropping' | 'retired'; readonly since: string }

export interface Coverage {
  readonly partitions: number
  readonly first?: string
  readonly last?: string
  /** Runs of partitions between the first and the last that are not there. */
  readonly gaps: readonly { readonly first: string; readonly last: string; readonly partitions: number }[]
}

export interface KeptVersion extends VersionRef {
  readonly states: readonly VersionState[]
  /** Live versions of other views that read it, as `view@version`. */
  readonly readBy: readonly string[]
  readonly coverage: Coverage
  /** Of the outputs alone. */
  readonly bytes: number
  readonly registered?: string
}

export interface VersionsEffects {
  readonly lake: { readonly store: ObjectStore }
  now(): Instant
}

/** The versions of one view, or of all. @throws InvalidInputError for a view that was never registered. */
export async function readVersions(view: string | undefined, { lake, now }: VersionsEffects): Promise<KeptVersion[]> {
  const { store } = lake
  const [{ entries, frozen }, { value: published }] = await Promise.all([listRegistry(store), readPublished(store)])
  const names = entries.map((entry) => entry.view)
  if (view !== undefined && !names.includes(view))
    throw new InvalidInputError(`there is no view '${view}'; expected one of ${names.join(', ') || '(none are registered)'}`)
  const live = await readCatalog(store, now())
  const wanted = entries.filter((entry) => view === undefined || entry.view === view)
  const found: KeptVersion[] = []
  for (const entry of wanted) {
    const definitions = await Promise.all(
      frozen.filter((one) => one.view === entry.view).map((one) => readVersion(store, one.view, one.version)),
    )
    const known = { published, live, definitions: definitions.filter((one) => one !== undefined), store, now: now() }
    found.push(...(await versionsOf(entry, known)))
  }
  return found
}

interface Known {
  readonly published: Published
  readonly live: Catalog
  /** Every version of the view that is frozen. */
  readonly definitions: readonly ViewVersion[]
  readonly store: ObjectStore
  readonly now: Instant
}

async function versionsOf(entry: ViewEntry, known: Known): Promise<KeptVersion[]> {
  const { view } = entry
  const standing = await listStanding(known.store, view)
  const dropping = Object.keys(known.published.dropping ?? {}).filter((key) => key.startsWith(`${view}@`))
  const versions = new Set([
    ...known.definitions.map(({ version }) => version),
    ...standing.keys(),
    ...dropping.map((key) => key.slice(view.length + 1)),
  ])
  const found = [...versions].map((version): KeptVersion => {
    const stands = standing.get(version) ?? { names: [], bytes: 0 }
    const registered = entry.versions?.[version]?.registered
    const own = known.definitions.find((one) => one.version === version)
    return {
      view,
      version,
      states: statesOf({ view, version }, entry, known, own !== undefined),
      readBy: readersOf(known.live, { view, version }).map(({ feature }) => keyOf(feature.version)),
      coverage: coverageOf(own, stands.names),
      bytes: stands.bytes,
      ...(registered !== undefined && { registered }),
    }
  })
  return found.sort(byRank)
}

/** Every state that applies, the strongest first. */
function statesOf(ref: VersionRef, entry: ViewEntry, { published, now }: Known, isFrozen: boolean): VersionState[] {
  const { view, version } = ref
  const states: VersionState[] = []
  const since = published.since?.[view]
  if (published.views[view] === version) states.push({ kind: 'published', ...(since !== undefined && { since }) })
  if (entry.retired === undefined && entry.candidate === version) states.push({ kind: 'candidate' })
  const previous = published.previous?.[view]
  if (previous?.version === version && Date.parse(previous.until) > now) states.push({ kind: 'previous', until: previous.until })
  const pin = published.pins?.[keyOf(ref)]
  if (pin) states.push({ kind: 'pinned', ...pin })
  const dropping = published.dropping?.[keyOf(ref)]
  if (dropping) states.push({ kind: 'dropping', since: dropping.since })
  if (states.length > 0) return states
  if (entry.retired !== undefined && isFrozen) return [{ kind: 'retired', since: entry.retired }]
  return [{ kind: isFrozen ? 'old' : 'leftover' }]
}

/** Outputs of a view by version: one listing of all that stands. */
async function listStanding(store: ObjectStore, view: string): Promise<Map<string, { names: string[]; bytes: number }>> {
  const prefix = `features/${view}/v=`
  const found = new Map<string, { names: string[]; bytes: number }>()
  for await (const page of store.list({ prefix })) {
    for (const { key, size } of page) {
      const [version = '', partition = '', name] = key.slice(prefix.length).split('/')
      const standing = found.get(version) ?? { names: [], bytes: 0 }
      found.set(version, standing)
      if (name !== OUTPUT_NAME) continue
      standing.names.push(partition.slice('dt='.length))
      standing.bytes += size
    }
  }
  return found
}

/** Names come in order of time. Without its definition nobody knows a version's calendar, so nothing is said of gaps. */
function coverageOf(version: ViewVersion | undefined, names: readonly string[]): Coverage {
  const [first, last] = [names[0], names.at(-1)]
  if (first === undefined || last === undefined) return { partitions: 0, gaps: [] }
  const ends = { partitions: names.length, first, last }
  if (!version) return { ...ends, gaps: [] }
  const calendar = viewCalendar(version)
  const there = new Set(names)
  const all = calendar.within(calendar.named(first).start, calendar.named(last).end)
  const gaps = runsOf(all.filter(({ name }) => !there.has(name))).map((run) => ({
    first: run.first.name,
    last: run.last.name,
    partitions: calendar.within(run.first.start, run.last.end).length,
  }))
  return { ...ends, gaps }
}

const RANKS: readonly VersionState['kind'][] = ['published', 'candidate', 'previous', 'pinned', 'retired', 'old', 'dropping', 'leftover']

function byRank(a: KeptVersion, b: KeptVersion): number {
  const rank = ({ states }: KeptVersion) => RANKS.indexOf(states[0]?.kind ?? 'leftover')
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  const [left, right] = [`${a.registered ?? ''} ${a.version}`, `${b.registered ?? ''} ${b.version}`]
  return left < right ? 1 : left > right ? -1 : 0
}

function keyOf({ view, version }: VersionRef): string {
  return featureKey(view, version)
}
