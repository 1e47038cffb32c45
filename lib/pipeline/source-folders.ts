import { readJson } from '../lake/json-object.ts'
import { landedFolder, landedPrefix, landingRejectedPrefix } from '../lake/keys.ts'
import { listSplit, namesBetween } from '../lake/list-split.ts'
import type { ObjectInfo } from '../lake/object-store.ts'
import type { RefusedMark } from '../lake/receipts.ts'
import { folderDigest } from '../model/fingerprint.ts'
import { folderOfKey, folderStart, keyRange } from '../model/key-template.ts'
import type { Calendar, Partition } from '../model/partition.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import type { Readiness } from '../model/states.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import type { InputFolder } from './bound-input.ts'
import type { ListingOptions } from './listing-options.ts'
import { refusedRemedy } from './refused-remedy.ts'

/** Marks of refused objects whose reason is read: a person corrects one after the other. */
const MARKS_READ_MAX = 20

/** Lists what a source holds for `[start, end)`: its raw folders, or the pieces that it was landed into. */
export async function listSourceFolders(
  options: ListingOptions,
  need: { source: Source; start: Instant; end: Instant },
): Promise<SourceFolders> {
  const { source } = need
  const folders = new SourceFolders(source)
  const calendar = folderCalendar(source)
  const start = Math.max(need.start, source.start ?? Number.NEGATIVE_INFINITY)
  if (start >= need.end) return folders
  const last = calendar.name(calendar.indexAt(need.end - 1))
  const first = Number.isFinite(start) ? calendar.name(calendar.indexAt(start)) : undefined
  if (source.folders === 'event_time' || source.marker !== undefined) await listRaw(options, folders, first, last)
  if (source.folders === 'arrival') await listPieces(options, folders, first, last)
  return folders
}

async function listRaw(
  { lake, unmatched }: ListingOptions,
  folders: SourceFolders,
  first: string | undefined,
  last: string,
): Promise<void> {
  const { source } = folders
  const zone = zoneNamed(source.keyZone)
  const range = first === undefined ? { prefix: source.key.prefix } : keyRange(source.key, first, last)
  unmatched?.noteEdges(source, first, last)
  for await (const page of listSplit(lake.bucket(source.bucket), range, () => folderStarts(source, first, last))) {
    for (const object of page) {
      const at = folderOfKey(source.key, zone, object.key)
      if (at) folders.addRaw(at.folder, object)
      else unmatched?.add(source, object.key)
    }
  }
}

async function listPieces({ lake }: ListingOptions, folders: SourceFolders, first: string | undefined, last: string): Promise<void> {
  const { store } = lake
  const { name } = folders.source
  const prefix = landedPrefix(name)
  const before = `${landedFolder(name, last).slice(0, -1)}0`
  const calendar = folderCalendar(folders.source)
  const splits = () => (first === undefined ? [] : namesBetween(first, last).map((folder) => landedFolder(name, folder)))
  for await (const page of listSplit(
    store,
    { prefix: `${prefix}dt=`, ...(first && { from: landedFolder(name, first) }), before },
    splits,
  )) {
    for (const object of page) {
      // Pieces of another folder length are from before the key template changed; landing their objects again empties them.
      const folder = calendar.find(object.key.slice(prefix.length + 3, object.key.lastIndexOf('/')))
      if (folder) folders.addPiece(folder, object)
    }
  }
  const rejected = landingRejectedPrefix(name)
  for await (const page of store.list({
    prefix: rejected,
    ...(first && { from: `${rejected}dt=${first}` }),
    before: `${rejected}dt=${last}0`,
  })) {
    for (const { key } of page) {
      const folder = calendar.find(key.slice(rejected.length + 3, key.lastIndexOf('/')))
      const mark = folders.rejected < MARKS_READ_MAX ? (await readJson<RefusedMark>(store, key))?.value : undefined
      if (folder) folders.addRejected(folder, mark ?? { key: `the object of mark ${key}` })
    }
  }
}

/** Where the folders of a source begin among its keys, from one to another; none where those do not sort in time order. */
export function folderStarts(source: Source, first: string | undefined, last: string): string[] {
  return first === undefined ? [] : namesBetween(first, last).flatMap((name) => folderStart(source.key, name) ?? [])
}

/** The folders of one source as listed; folders without objects are made as they are asked for. */
export class SourceFolders {
  readonly source: Source
  readonly #calendar: Calendar
  readonly #raw = new Map<number, { folder: Partition; objects: ObjectInfo[]; marked: boolean }>()
  readonly #folders = new Map<number, InputFolder>()
  readonly #rejected: { readonly folder: Partition; readonly key: string; readonly reason?: string }[] = []
  #order: number[] | undefined

  constructor(source: Source) {
    this.source = source
    this.#calendar = folderCalendar(source)
  }

  addRaw(folder: Partition, object: ObjectInfo): void {
    const name = object.key.slice(object.key.lastIndexOf('/') + 1)
    const entry = this.#entry(folder)
    if (name === this.source.marker) entry.marked = true
    if (this.source.folders === 'event_time' && isData(name) && name !== this.source.marker) entry.objects.push(object)
  }

  addPiece(folder: Partition, object: ObjectInfo): void {
    this.#entry(folder).objects.push(object)
  }

  addRejected(folder: Partition, object: { readonly key: string; readonly reason?: string }): void {
    this.#rejected.push({ folder, ...object })
  }

  get rejected(): number {
    return this.#rejected.length
  }

  /** Objects that could not be landed and that may hold rows of this cut block it: nothing is silently left out. */
  rejectedIn(start: Instant, end: Instant): Readiness[] {
    return this.#rejected
      .filter(({ folder }) => folder.start < end && folder.end > start)
      .map(({ key, reason }) => ({
        kind: 'blocked',
        reason: `${key} could not be landed${reason === undefined ? '' : `: ${reason}`}`,
        remedy: refusedRemedy('the object', this.source.file, [reason]),
      }))
  }

  touching(start: Instant, end: Instant): InputFolder[] {
    if (!Number.isFinite(start))
      return this.#ordered()
        .map((index) => this.#folder(index))
        .filter((folder) => folder.start < end)
    const found: InputFolder[] = []
    if (start >= end) return found
    for (let index = this.#calendar.indexAt(start); ; index++) {
      const folder = this.#folder(index)
      if (folder.start >= end) return found
      if (folder.end > folder.start) found.push(folder)
    }
  }

  /** The newest folder with data that ended by `end`, whole by its marker where the source has one. */
  latestBefore(end: Instant): InputFolder | undefined {
    const order = this.#ordered()
    for (let at = order.length - 1; at >= 0; at--) {
      const folder = this.#folder(order[at] ?? 0)
      const whole = folder.objects.length > 0 && (this.source.marker === undefined || folder.marked)
      if (folder.end <= end && whole && folder.start >= (this.source.start ?? Number.NEGATIVE_INFINITY)) return folder
    }
    return undefined
  }

  #entry(folder: Partition) {
    const index = this.#calendar.indexAt(folder.start)
    const known = this.#raw.get(index)
    if (known) return known
    const entry = { folder, objects: [] as ObjectInfo[], marked: false }
    this.#raw.set(index, entry)
    return entry
  }

  #ordered(): number[] {
    this.#order ??= [...this.#raw.keys()].sort((a, b) => a - b)
    return this.#order
  }

  #folder(index: number): InputFolder {
    const known = this.#folders.get(index)
    if (known) return known
    const entry = this.#raw.get(index)
    const objects = (entry?.objects ?? []).map(({ key, size, etag }) => ({ key, size, etag, match: etag }))
    // Sources whose keys do not sort in time order are listed in another order than their folders; keys decide.
    objects.sort((a, b) => (a.key < b.key ? -1 : 1))
    const bytes = objects.reduce((sum, object) => sum + object.size, 0)
    const made = { ...this.#calendar.partition(index), objects, digest: folderDigest(objects), bytes, marked: entry?.marked ?? false }
    this.#folders.set(index, made)
    return made
  }
}

/** Names that begin with `_` or `.` are markers and bookkeeping, an empty name is a folder placeholder. */
export function isData(name: string): boolean {
  return name !== '' && !name.startsWith('_') && !name.startsWith('.')
}
