import { createHash } from 'node:crypto'
import { readJson } from '../lake/json-object.ts'
import { landedFolder, landedPrefix, landingRejectedPrefix, outputKey } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectInfo } from '../lake/object-store.ts'
import { listOutputs, NO_OUTPUTS, type PartitionOutputs } from '../lake/outputs.ts'
import type { RefusedMark } from '../lake/receipts.ts'
import type { Catalog, Feature, InputBinding, SourceBinding, ViewBinding } from '../model/catalog.ts'
import { featureKey, sourcesBelow } from '../model/catalog.ts'
import { renderDuration } from '../model/duration.ts'
import { InternalError } from '../model/errors.ts'
import { fingerprint, folderDigest, type InputObject } from '../model/fingerprint.ts'
import { hashOf } from '../model/hash.ts'
import { folderOfKey, keyRange } from '../model/key-template.ts'
import { Calendar, type Partition } from '../model/partition.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import type { Readiness } from '../model/states.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'

/** One input object with what is needed to bring it here: `match` is the listed ETag, `etag` what counts for fingerprints. */
export interface FetchableObject extends InputObject {
  readonly match: string
}

/** One folder of a source, or one partition of an input view, as listed. */
export interface InputFolder {
  readonly name: string
  readonly start: Instant
  readonly end: Instant
  readonly objects: readonly FetchableObject[]
  readonly digest: string
  readonly bytes: number
  /** The marker object is there (sources that have one). */
  readonly marked: boolean
}

/** What one partition reads through one binding: the cut `[start, end)` and the folders it touches, in time order. */
export interface BoundInput {
  readonly binding: InputBinding
  readonly start: Instant
  readonly end: Instant
  readonly folders: readonly InputFolder[]
}

export interface PartitionInputs {
  readonly readiness: Readiness
  readonly fingerprint: string
  readonly inputs: readonly BoundInput[]
}

export interface ListingOptions {
  readonly lake: Lake
  readonly catalog: Catalog
  readonly now: Instant
  /** Called for keys of a source's range that its template does not fit. */
  readonly onUnmatched?: (source: Source, key: string) => void
}

/** Marks of refused objects whose reason is read: a person corrects one after the other. */
const MARKS_READ_MAX = 20

const READY: Readiness = { kind: 'ready' }

/**
 * Everything that a set of partitions reads, listed once per source and input view over the whole range that they need, and the
 * readiness and fingerprint of each partition from it. A listing is a picture of one moment: to look again, make a new one.
 */
export class InputListing {
  readonly #options: ListingOptions
  readonly #sources = new Map<string, SourceFolders>()
  readonly #views = new Map<string, ViewFolders>()
  readonly #missingOf = new Map<ViewBinding, Map<Instant, Readiness>>()

  private constructor(options: ListingOptions) {
    this.#options = options
  }

  /** Lists what the partitions (in order of time) of each feature read. */
  static async load(
    options: ListingOptions,
    needs: readonly { readonly feature: Feature; readonly partitions: readonly Partition[] }[],
  ): Promise<InputListing> {
    const listing = new InputListing(options)
    await listing.#load(needs)
    return listing
  }

  async #load(needs: readonly { readonly feature: Feature; readonly partitions: readonly Partition[] }[]): Promise<void> {
    const sources = new Map<string, { source: Source; start: Instant; end: Instant }>()
    const views = new Map<string, { feature: Feature; start: Instant; end: Instant }>()
    for (const { feature, partitions } of needs) {
      const [first, last] = [partitions[0], partitions.at(-1)]
      if (!first || !last) continue
      for (const binding of feature.version.inputs) {
        const start = this.cutStart(feature, binding, first)
        if (binding.kind === 'source') widen(sources, binding.source, { source: this.#source(binding), start, end: last.end })
        else widen(views, featureKey(binding.view, binding.version), { feature: this.#feature(binding), start, end: last.end })
      }
    }
    await Promise.all([
      ...[...sources.values()].map(async (need) => this.#sources.set(need.source.name, await this.#listSource(need))),
      ...[...views].map(async ([key, need]) => this.#views.set(key, await this.#listView(need))),
    ])
  }

  /** Where the cut of a binding begins for a partition; `all` and `latest` begin at the start of what is read. */
  cutStart(feature: Feature, binding: InputBinding, partition: Partition): Instant {
    if (binding.window.kind === 'duration') return windowStart(binding.window.length, partition.end, zoneNamed(feature.version.zone))
    const start = binding.kind === 'source' ? this.#source(binding).start : startOf(this.#options.catalog, this.#feature(binding))
    if (binding.kind === 'view' && binding.window.kind === 'latest') {
      const calendar = new Calendar(binding.grain, zoneNamed(binding.zone))
      return calendar.start(calendar.indexAt(partition.end) - 1)
    }
    return start ?? Number.NEGATIVE_INFINITY
  }

  /** The partition's inputs as listed. The feature and partition must have been among the needs of `load`. */
  inputs(feature: Feature, partition: Partition): PartitionInputs {
    const bound = feature.version.inputs.map((binding) =>
      binding.kind === 'source' ? this.#bindSource(feature, binding, partition) : this.#bindView(feature, binding, partition),
    )
    const folders = bound.map(({ input }) => ({ name: input.binding.name, folders: input.folders }))
    const readiness = partition.end > this.#options.now ? notEnded(partition) : worst(bound.map((one) => one.readiness))
    return { readiness, fingerprint: fingerprint(feature.version.version, partition, folders), inputs: bound.map((one) => one.input) }
  }

  #bindSource(feature: Feature, binding: SourceBinding, partition: Partition): { input: BoundInput; readiness: Readiness } {
    const source = this.#source(binding)
    const listed = this.#sources.get(source.name)
    if (!listed) throw new InternalError(`source ${source.name} was not listed`)
    const cut = this.cutStart(feature, binding, partition)
    const latest = binding.window.kind === 'latest' ? listed.latestBefore(partition.end) : undefined
    const start = Math.max(cut, source.start ?? Number.NEGATIVE_INFINITY)
    const folders = binding.window.kind === 'latest' ? (latest ? [latest] : []) : listed.touching(start, partition.end)
    const readiness = worst([
      graceOf(source, partition, this.#options.now),
      warmUpOf(feature, source, cut, partition, binding),
      ...(binding.window.kind === 'latest' && !latest ? [noFolderYet(source, partition)] : []),
      ...folders.map((folder) => folderReadiness(source, folder, this.#options.now)),
      ...listed.rejectedIn(start, partition.end),
    ])
    return { input: { binding, start, end: partition.end, folders }, readiness }
  }

  #bindView(feature: Feature, binding: ViewBinding, partition: Partition): { input: BoundInput; readiness: Readiness } {
    const listed = this.#views.get(featureKey(binding.view, binding.version))
    if (!listed) throw new InternalError(`view ${binding.view} was not listed`)
    const cut = this.cutStart(feature, binding, partition)
    const start = Math.max(cut, listed.start ?? Number.NEGATIVE_INFINITY)
    const needed = listed.endingIn(start, partition.end, binding.window.kind === 'latest')
    const reads = { folders: [] as InputFolder[], states: [] as Readiness[] }
    for (const { partition: upstream, folder } of needed) {
      if (folder) reads.folders.push(folder)
      else reads.states.push(this.#missing(feature, binding, upstream))
    }
    const warming = listed.start !== undefined && cut < listed.start && binding.window.kind === 'duration'
    if (warming && feature.version.warmUp === 'skip') {
      reads.states.push({ kind: 'warming_up', reason: `the window of ${binding.name} reaches before the start of ${binding.view}` })
    }
    return { input: { binding, start: cut, end: partition.end, folders: reads.folders }, readiness: worst(reads.states) }
  }

  /** As `#missingUpstream`, once per binding and partition: each partition of a reader asks for its whole window. */
  #missing(feature: Feature, binding: ViewBinding, upstream: Partition): Readiness {
    const known = this.#missingOf.get(binding) ?? new Map<Instant, Readiness>()
    this.#missingOf.set(binding, known)
    const readiness = known.get(upstream.start) ?? this.#missingUpstream(feature, binding, upstream)
    known.set(upstream.start, readiness)
    return readiness
  }

  /** A partition of an input view that is not there: never to come while it warms up, else awaited. */
  #missingUpstream(feature: Feature, binding: ViewBinding, upstream: Partition): Readiness {
    if (this.isWarmingUp(this.#feature(binding), upstream)) {
      if (feature.version.warmUp === 'compute') return READY
      return { kind: 'warming_up', reason: `partition ${upstream.name} of ${binding.view} is in its warm-up` }
    }
    if (upstream.end > this.#options.now) return { kind: 'pending', reason: `partition ${upstream.name} of ${binding.view} has not ended` }
    return {
      kind: 'blocked',
      reason: `partition ${upstream.name} of ${binding.view} is missing`,
      remedy: `hindcast backfill ${binding.view} --from ${upstream.name} --to ${upstream.name}`,
    }
  }

  /** Whether a view never computes this partition because a window reaches before a start and it skips those. */
  isWarmingUp(feature: Feature, partition: Partition): boolean {
    if (feature.version.warmUp !== 'skip') return false
    return feature.version.inputs.some((binding) => {
      if (binding.window.kind === 'all') return false
      const cut = this.cutStart(feature, binding, partition)
      if (binding.kind === 'source') {
        const start = this.#source(binding).start
        if (start === undefined) return false
        return binding.window.kind === 'latest' ? partition.end <= start : cut < start
      }
      const upstream = this.#feature(binding)
      const start = startOf(this.#options.catalog, upstream)
      if (start !== undefined && binding.window.kind === 'duration' && cut < start) return true
      const calendar = new Calendar(upstream.version.grain, zoneNamed(upstream.version.zone))
      const first = calendar.touching(cut, partition.end).find((one) => one.end > cut)
      return first !== undefined && this.isWarmingUp(upstream, first)
    })
  }

  #source(binding: SourceBinding): Source {
    const source = this.#options.catalog.sources.get(binding.source)
    if (!source) throw new InternalError(`source ${binding.source} is not in the catalog`)
    return source
  }

  #feature(binding: ViewBinding): Feature {
    const feature = this.#options.catalog.features.get(featureKey(binding.view, binding.version))
    if (!feature) throw new InternalError(`view ${binding.view} version ${binding.version} is not in the catalog`)
    return feature
  }

  async #listSource(need: { source: Source; start: Instant; end: Instant }): Promise<SourceFolders> {
    const { source } = need
    const folders = new SourceFolders(source)
    const calendar = folderCalendar(source)
    const start = Math.max(need.start, source.start ?? Number.NEGATIVE_INFINITY)
    if (start >= need.end) return folders
    const last = calendar.name(calendar.indexAt(need.end - 1))
    const first = Number.isFinite(start) ? calendar.name(calendar.indexAt(start)) : undefined
    if (source.folders === 'event_time' || source.marker !== undefined) await this.#listRaw(folders, first, last)
    if (source.folders === 'arrival') await this.#listPieces(folders, first, last)
    return folders
  }

  async #listRaw(folders: SourceFolders, first: string | undefined, last: string): Promise<void> {
    const { source } = folders
    const zone = zoneNamed(source.keyZone)
    const range = first === undefined ? { prefix: source.key.prefix } : keyRange(source.key, first, last)
    for await (const page of this.#options.lake.bucket(source.bucket).list(range)) {
      for (const object of page) {
        const at = folderOfKey(source.key, zone, object.key)
        if (at) folders.addRaw(at.folder, object)
        else this.#options.onUnmatched?.(source, object.key)
      }
    }
  }

  async #listPieces(folders: SourceFolders, first: string | undefined, last: string): Promise<void> {
    const { store } = this.#options.lake
    const { name } = folders.source
    const prefix = landedPrefix(name)
    const before = `${landedFolder(name, last).slice(0, -1)}0`
    const calendar = folderCalendar(folders.source)
    for await (const page of store.list({ prefix: `${prefix}dt=`, ...(first && { from: landedFolder(name, first) }), before })) {
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

  async #listView(need: { feature: Feature; start: Instant; end: Instant }): Promise<ViewFolders> {
    const { catalog, lake } = this.#options
    const { version } = need.feature
    const calendar = new Calendar(version.grain, zoneNamed(version.zone))
    const start = startOf(catalog, need.feature)
    const from = Math.max(need.start, start ?? Number.NEGATIVE_INFINITY)
    const folders = new ViewFolders(calendar, start)
    if (from >= need.end || !Number.isFinite(from)) return folders
    const first = calendar.name(calendar.indexAt(from))
    const last = calendar.name(calendar.indexAt(need.end - 1))
    for (const [name, outputs] of await listOutputs(lake.store, version, first, last)) {
      if (outputs.output) folders.add(name, await outputFolder(lake, version, calendar.named(name), outputs))
    }
    return folders
  }
}

/** The output of an input view as a folder: its sha256 stands for the ETag; one that no receipt names is fetched and hashed. */
async function outputFolder(
  lake: Lake,
  version: { readonly view: string; readonly version: string },
  partition: Partition,
  facts: PartitionOutputs = NO_OUTPUTS,
): Promise<InputFolder | undefined> {
  const { output } = facts
  if (!output) return undefined
  const key = outputKey(version.view, version.version, partition.name)
  const known = facts.receipts.find((receipt) => receipt.etag === output.etag)?.sha256
  const fetched = known ? undefined : await lake.store.get(key)
  if (!known && !fetched) return undefined
  const match = fetched ? fetched.info.etag : output.etag
  const object = { key, size: fetched ? fetched.info.size : output.size, etag: known ?? sha256(fetched?.bytes ?? new Uint8Array()), match }
  return { ...partition, objects: [object], digest: folderDigest([object]), bytes: object.size, marked: true }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The folders of one source as listed; folders without objects are made as they are asked for. */
class SourceFolders {
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
        remedy: `correct or delete the object, or write bad_rows: {max_share: ...} in ${this.source.file}`,
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

/** The partitions of one input view as listed. */
class ViewFolders {
  readonly start: Instant | undefined
  readonly #calendar: Calendar
  readonly #folders = new Map<number, InputFolder>()
  readonly #made = new Map<number, { readonly partition: Partition; readonly folder: InputFolder | undefined }>()

  constructor(calendar: Calendar, start: Instant | undefined) {
    this.#calendar = calendar
    this.start = start
  }

  add(name: string, folder: InputFolder | undefined): void {
    if (folder) this.#folders.set(this.#calendar.indexOf(name), folder)
  }

  /** Partitions whose end lies in `(start, end]`, the newest alone for `latest`; a partition that lies before the view's start is none. */
  endingIn(start: Instant, end: Instant, latest: boolean): { partition: Partition; folder: InputFolder | undefined }[] {
    const found: { partition: Partition; folder: InputFolder | undefined }[] = []
    const from = Number.isFinite(start) ? start : (this.#first() ?? end)
    if (from >= end) return found
    for (let index = this.#calendar.indexAt(from); ; index++) {
      const at = this.#at(index)
      if (at.partition.end > end) return latest ? found.slice(-1) : found
      if (at.partition.end > from && at.partition.end > at.partition.start) found.push(at)
    }
  }

  /** Made once per partition: every window that holds it asks. */
  #at(index: number): { readonly partition: Partition; readonly folder: InputFolder | undefined } {
    const known = this.#made.get(index)
    if (known) return known
    const folder = this.#folders.get(index)
    const made = { partition: folder ?? this.#calendar.partition(index), folder }
    this.#made.set(index, made)
    return made
  }

  #first(): Instant | undefined {
    let least: Instant | undefined
    for (const folder of this.#folders.values()) if (least === undefined || folder.start < least) least = folder.start
    return least
  }
}

/** The instant before which no source of the feature holds anything; undefined where one of them says no start. */
export function startOf(catalog: Catalog, feature: Feature): Instant | undefined {
  const sources = sourcesBelow(catalog, feature)
  if (sources.some((source) => source.start === undefined)) return undefined
  return Math.min(...sources.map((source) => source.start ?? Number.POSITIVE_INFINITY))
}

/** Names that begin with `_` or `.` are markers and bookkeeping, an empty name is a folder placeholder. */
export function isData(name: string): boolean {
  return name !== '' && !name.startsWith('_') && !name.startsWith('.')
}

function notEnded(partition: Partition): Readiness {
  return { kind: 'pending', reason: `it ends at ${new Date(partition.end).toISOString()}` }
}

function graceOf(source: Source, partition: Partition, now: Instant): Readiness {
  const due = partition.end + source.waitMs
  return now >= due ? READY : { kind: 'pending', reason: `the grace of ${source.name} ends at ${new Date(due).toISOString()}` }
}

function warmUpOf(feature: Feature, source: Source, cut: Instant, partition: Partition, binding: SourceBinding): Readiness {
  if (feature.version.warmUp === 'compute' || source.start === undefined || binding.window.kind === 'all') return READY
  const before = binding.window.kind === 'latest' ? partition.end <= source.start : cut < source.start
  if (!before) return READY
  return { kind: 'warming_up', reason: `the window of ${binding.name} reaches before the start of ${source.name}` }
}

function noFolderYet(source: Source, partition: Partition): Readiness {
  if (source.gaps === 'empty' || (source.start !== undefined && partition.end <= source.start)) return READY
  return {
    kind: 'blocked',
    reason: `no whole folder of ${source.name} ended by ${new Date(partition.end).toISOString()}`,
    remedy: `put one, or write gaps: empty in ${source.file}`,
  }
}

function folderReadiness(source: Source, folder: InputFolder, now: Instant): Readiness {
  const kept = source.keep === undefined || folder.end > windowStart(source.keep, now, zoneNamed(source.keyZone))
  const empty = folder.objects.length === 0
  if (!kept && (empty || source.folders === 'event_time')) {
    return {
      kind: 'expired',
      reason: `folder ${folder.name} of ${source.name} is older than it is kept (${renderDuration(source.keep ?? { count: 0, unit: 'day' })})`,
      remedy: `read a pre-aggregate instead, or raise keep in ${source.file}; --missing-inputs allow computes without it`,
    }
  }
  if (source.marker !== undefined && !folder.marked) {
    return { kind: 'pending', reason: `folder ${folder.name} of ${source.name} has no ${source.marker} yet` }
  }
  if (!empty || source.gaps === 'empty') return READY
  if (folder.end + source.waitMs > now) return { kind: 'pending', reason: `folder ${folder.name} of ${source.name} has not ended` }
  return {
    kind: 'blocked',
    reason: `folder ${folder.name} of ${source.name} has no data`,
    remedy: `put the data, or write gaps: empty in ${source.file}; --missing-inputs allow computes without it`,
  }
}

const SEVERITY: Record<Readiness['kind'], number> = { ready: 0, blocked: 1, expired: 2, warming_up: 3, pending: 4 }

/** The readiness that decides: what cannot be computed yet before what is refused. */
function worst(all: readonly Readiness[]): Readiness {
  let found: Readiness = READY
  for (const one of all) if (SEVERITY[one.kind] > SEVERITY[found.kind]) found = one
  return found
}

function widen<T extends { start: Instant; end: Instant }>(needs: Map<string, T>, name: string, need: T): void {
  const old = needs.get(name)
  if (!old) needs.set(name, need)
  else needs.set(name, { ...old, start: Math.min(old.start, need.start), end: Math.max(old.end, need.end) })
}

/** Fingerprint of "no receipt can match": a request that must compute whatever stands there. */
export const NO_FINGERPRINT = hashOf(['none'])
