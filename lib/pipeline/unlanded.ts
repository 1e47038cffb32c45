import { readJson } from '../lake/json-object.ts'
import { landedPrefix, landingPrefix, landingRejectedPrefix, objectHash } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { listSplit } from '../lake/list-split.ts'
import type { RefusedMark } from '../lake/receipts.ts'
import { folderOfKey, folderStart } from '../model/key-template.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import { certifies, type LandingRecord, landingFingerprint, piecesDigest } from './land.ts'
import type { ListingOptions } from './listing-options.ts'
import { folderStarts, isData } from './source-folders.ts'

/** One raw object whose pieces nothing certifies. */
export interface Unlanded {
  readonly key: string
  /** Bytes; 0 for an object that vanished and left pieces or an intent. */
  readonly size: number
  /** It was refused as it stands: a mark says why. */
  readonly refused: boolean
}

/** What the lake holds of landed objects, by the hash of the raw key. */
interface LandedState {
  readonly records: Map<string, string[]>
  readonly pieces: Map<string, Map<string, string>>
  /** Keys of marks by their names: hash of the raw key, and the fingerprint. */
  readonly refusals: Map<string, string>
}

export type UnlandedOptions = Pick<ListingOptions, 'lake' | 'now' | 'unmatched'>

/** The objects of an arrival source that have to be landed, of those that arrived in folders which end after `since`. */
export async function listUnlanded(options: UnlandedOptions, source: Source, since: Instant): Promise<Unlanded[]> {
  const { lake } = options
  const state = await readState(lake, source)
  const found: Unlanded[] = []
  const seen = new Set<string>()
  for await (const object of rawObjects(options, source, since)) {
    const hash = objectHash(object.key)
    seen.add(hash)
    const fingerprint = landingFingerprint(source, object.key, object.etag)
    if (certifies(state.records.get(hash) ?? [], fingerprint, piecesDigest(state.pieces.get(hash) ?? new Map()))) continue
    found.push({ key: object.key, size: object.size, refused: state.refusals.has(`${hash}.${fingerprint}`) })
  }
  for (const [hash, names] of state.records) {
    if (!seen.has(hash) && isTorn(names, state.pieces.get(hash))) found.push(...(await vanished(lake, source, hash, names)))
  }
  return [...found, ...(await vanishedRefusals(lake, source, state, seen))]
}

/** Objects that were refused and are gone: landing them ends their marks, which would block for ever. */
async function vanishedRefusals(lake: Lake, source: Source, { refusals }: LandedState, seen: ReadonlySet<string>): Promise<Unlanded[]> {
  const found = new Map<string, Unlanded>()
  for (const [name, mark] of refusals) {
    if (seen.has(name.slice(0, name.indexOf('.')))) continue
    const key = (await readJson<RefusedMark>(lake.store, mark))?.value.key
    if (key !== undefined && !(await lake.bucket(source.bucket).head(key))) found.set(key, { key, size: 0, refused: false })
  }
  return [...found.values()]
}

async function readState(lake: Lake, source: Source): Promise<LandedState> {
  const state: LandedState = { records: new Map(), pieces: new Map(), refusals: new Map() }
  const [pieces, objects, rejected] = [`${landedPrefix(source.name)}dt=`, landingPrefix(source.name), landingRejectedPrefix(source.name)]
  for await (const page of lake.store.list({ prefix: objects })) {
    for (const { key } of page) {
      const [hash, name] = key.slice(objects.length).split('/')
      if (hash && name) state.records.set(hash, [...(state.records.get(hash) ?? []), name])
    }
  }
  for await (const page of lake.store.list({ prefix: pieces })) {
    for (const { key, etag } of page) {
      const [folder, file] = key.slice(pieces.length).split('/')
      const hash = file?.replace(/\.parquet$/, '')
      if (!folder || !hash) continue
      const known = state.pieces.get(hash) ?? new Map<string, string>()
      state.pieces.set(hash, known.set(folder, etag))
    }
  }
  for await (const page of lake.store.list({ prefix: rejected }))
    for (const { key } of page) state.refusals.set(key.slice(key.lastIndexOf('/') + 1), key)
  return state
}

/** Up to no time: clocks differ and years are mistyped, and an object that arrived is one whatever its folder says. */
async function* rawObjects({ lake, now, unmatched }: UnlandedOptions, source: Source, since: Instant) {
  const calendar = folderCalendar(source)
  const start = Math.max(since, source.start ?? Number.NEGATIVE_INFINITY)
  const first = Number.isFinite(start) ? calendar.name(calendar.indexAt(start)) : undefined
  const { prefix } = source.key
  const from = first === undefined ? undefined : folderStart(source.key, first)
  unmatched?.noteEdges(source, first)
  const splits = () => (from === undefined ? [] : folderStarts(source, first, calendar.name(calendar.indexAt(now))))
  for await (const page of listSplit(lake.bucket(source.bucket), { prefix, ...(from !== undefined && { from }) }, splits)) {
    for (const object of page) {
      const name = object.key.slice(object.key.lastIndexOf('/') + 1)
      if (!isData(name) || name === source.marker) continue
      const folder = folderOfKey(source.key, zoneNamed(source.keyZone), object.key)?.folder
      if (!folder) unmatched?.add(source, object.key)
      else if (folder.end > start) yield object
    }
  }
}

/** Pieces or intents that no receipt certifies, of an object that was not listed. */
function isTorn(names: readonly string[], pieces: ReadonlyMap<string, string> | undefined): boolean {
  if (names.some((name) => name.startsWith('_intent.'))) return true
  const digest = piecesDigest(pieces ?? new Map())
  return !names.some((name) => name.split('.')[4] === digest)
}

/** The raw key of a hash, from any record beside it. */
async function vanished(lake: Lake, source: Source, hash: string, names: readonly string[]): Promise<Unlanded[]> {
  for (const name of names) {
    const record = await readJson<LandingRecord>(lake.store, `${landingPrefix(source.name)}${hash}/${name}`)
    if (record) return [{ key: record.value.key, size: 0, refused: false }]
  }
  return []
}
