import { mkdir, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalObject } from '../engine/local-object.ts'
import type { ObjectProfile } from '../engine/profile.ts'
import type { LocalInput, LocalInputObject } from '../engine/relation.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { SparseCopy } from '../lake/sparse-copy.ts'
import { attempt, unwrap } from '../model/attempt.ts'
import type { Catalog, SourceBinding } from '../model/catalog.ts'
import { InternalError } from '../model/errors.ts'
import { canonicalJson, hashOf } from '../model/hash.ts'
import { folderOfKey } from '../model/key-template.ts'
import type { Source } from '../model/source.ts'
import { zoneNamed } from '../model/zone.ts'
import type { BoundInput, FetchableObject, InputFolder } from './bound-input.ts'
import type { Effects, Profiles } from './effects.ts'
import { type Fetch, LARGE_BYTES, LargeObject } from './large-object.ts'

/** An object that changed or vanished since it was listed: look again. */
export class Gone extends Error {}

const KEPT_OBJECTS = 4000

interface Kept {
  /** Names the bytes and how they were decoded. */
  readonly id: string
  readonly object: LocalObject
  /** Brings of a large Parquet object what is read. */
  readonly large?: LargeObject
}

interface Fetching {
  readonly id: string
  readonly store: ObjectStore
  readonly folder: InputFolder
  readonly object: FetchableObject
  /** The source of a raw object, which may have to be decoded. */
  readonly raw?: Source
}

/** A source's object as listed. */
interface SourceObject {
  readonly source: Source | undefined
  readonly folder: InputFolder
  readonly object: FetchableObject
}

/** An object that is here and was not looked at yet. */
interface Ahead {
  readonly name: string
  readonly binding: SourceBinding
  readonly object: LocalObject
}

/** Objects that one statement looks at: a bound on its text and on what fails together. */
const PROFILED_AT_ONCE = 64

/** Profiles of objects by the engine that made them. */
const profilesOf = new WeakMap<object, Profiles>()
const KEPT_PROFILES = 50_000

type BenchEffects = Pick<Effects, 'lake' | 'engine' | 'profiles'>

/**
 * Local copies of input objects, shared between the partitions of a task. Only what is a pure function of one object is shared: its
 * bytes, its decoding, its profile.
 */
export class Workbench {
  readonly #effects: BenchEffects
  readonly #kept = new Map<string, Promise<Kept>>()
  readonly #dir: string
  readonly #zone: string | undefined
  #made: Promise<unknown> | undefined
  #count = 0

  /** `zone`: that of the view that will be computed. */
  constructor(effects: BenchEffects, name: string, zone?: string) {
    this.#effects = effects
    this.#zone = zone
    this.#dir = join(effects.engine.scratch, name)
  }

  /** A local path that nothing stands at. */
  async newFile(ending: string): Promise<string> {
    this.#made ??= mkdir(this.#dir, { recursive: true })
    await this.#made
    return join(this.#dir, `${this.#count++}${ending}`)
  }

  async newFolder(): Promise<string> {
    const folder = join(this.#dir, String(this.#count++))
    await mkdir(folder, { recursive: true })
    return folder
  }

  /**
   * Brings what several partitions read, and looks at it in one go. What fails here fails again, for the partition that it stops, when
   * that is brought.
   */
  async lookAhead(inputs: readonly BoundInput[], catalog: Catalog): Promise<void> {
    const unknown = new Map<string, Ahead>()
    for (const { binding, folders } of inputs) {
      const source = binding.kind === 'source' ? catalog.sources.get(binding.source) : undefined
      if (binding.kind === 'view' || !source) continue
      for (const folder of folders) {
        for (const object of folder.objects) {
          const kept = await attempt(() => this.#keepTimes(source, folder, { object, binding }))
          if (!('value' in kept)) continue
          const name = profileName(kept.value, binding)
          if (!this.#profiles().has(name)) unknown.set(name, { name, binding, object: kept.value.object })
        }
      }
    }
    for (const alike of Map.groupBy(unknown.values(), ({ binding }) => binding).values()) {
      for (let at = 0; at < alike.length; at += PROFILED_AT_ONCE) this.#profileAll(alike.slice(at, at + PROFILED_AT_ONCE))
    }
  }

  /** Brings one bound input here. @throws Gone when an object is not as it was listed. */
  async bring(input: BoundInput, catalog: Catalog): Promise<LocalInput> {
    const { binding } = input
    const objects: LocalInputObject[] = []
    const source = binding.kind === 'source' ? catalog.sources.get(binding.source) : undefined
    for (const folder of input.folders) {
      for (const object of folder.objects) {
        if (binding.kind === 'view') objects.push({ object: await this.#bringOutput(folder, object) })
        else objects.push(await this.#bringSourceObject(input, binding, { source, folder, object }))
      }
    }
    return { binding, start: input.start, end: input.end, objects }
  }

  async #bringSourceObject(input: BoundInput, binding: SourceBinding, { source, folder, object }: SourceObject): Promise<LocalInputObject> {
    if (!source) throw new InternalError(`source ${binding.source} is not in the catalog`)
    const kept = await this.#keepTimes(source, folder, { object, binding })
    const profile = await this.#profile(kept, binding)
    const rows = await kept.large?.bringRows(input, binding, profile)
    return { object: kept.object, profile, ...(rows && { rows }) }
  }

  async #bringOutput(folder: InputFolder, object: FetchableObject): Promise<LocalObject> {
    const kept = await this.#keep(this.#effects.lake.store, folder, object)
    await kept.large?.bringAll()
    return kept.object
  }

  /** The object with as much of it as its profile is made from. */
  async #keepTimes(source: Source, folder: InputFolder, { object, binding }: { object: FetchableObject; binding: SourceBinding }) {
    const kept = await this.#keepOf(source, folder, object)
    await kept.large?.bringTimes(binding)
    return kept
  }

  #keepOf(source: Source, folder: InputFolder, object: FetchableObject): Promise<Kept> {
    const landed = source.folders === 'arrival'
    const store = landed ? this.#effects.lake.store : this.#effects.lake.bucket(source.bucket)
    return this.#keep(store, folder, object, landed ? undefined : source)
  }

  #profiles(): Profiles {
    const { engine, profiles } = this.#effects
    if (profiles) return profiles
    const own = profilesOf.get(engine) ?? new Map()
    profilesOf.set(engine, own)
    return own
  }

  /** An object's profile outlives the task: the next one over the same objects reads only their rows. */
  #profile(kept: Kept, binding: SourceBinding): Promise<ObjectProfile> {
    const name = profileName(kept, binding)
    const known = this.#profiles().get(name)
    if (known) return known
    const [profile] = this.#profileAll([{ name, binding, object: kept.object }])
    if (!profile) throw new InternalError(`object ${kept.object.key} was not profiled`)
    return profile
  }

  /** Objects that are read by the same binding. */
  #profileAll(ahead: readonly Ahead[]): Promise<ObjectProfile>[] {
    const [first] = ahead
    if (!first) return []
    const profiles = this.#profiles()
    if (profiles.size >= KEPT_PROFILES) profiles.clear()
    const objects = ahead.map(({ object }) => object)
    const all = this.#effects.engine.profileAll(objects, first.binding, this.#zone)
    return ahead.map(({ name }, at) => {
      const profile = all.then((tried) => unwrap(tried[at]))
      profiles.set(name, profile)
      profile.catch(() => profiles.delete(name))
      return profile
    })
  }

  #keep(store: ObjectStore, folder: InputFolder, object: FetchableObject, raw?: Source): Promise<Kept> {
    const decoding = raw && raw.format.kind !== 'parquet' ? canonicalJson([raw.format, raw.columns, raw.eventTime, raw.badRows]) : ''
    const id = hashOf([store.location, object.key, object.match, decoding])
    const known = this.#kept.get(id)
    if (known) {
      this.#kept.delete(id)
      this.#kept.set(id, known)
      return known
    }
    const kept = this.#fetch({ id, store, folder, object, ...(raw && { raw }) })
    this.#kept.set(id, kept)
    kept.catch(() => this.#kept.delete(id))
    return kept
  }

  async #fetch({ id, store, folder, object, raw }: Fetching): Promise<Kept> {
    const file = await this.newFile(fileEnding(object.key))
    const isParquet = !raw || raw.format.kind === 'parquet'
    const isLarge = isParquet && object.size >= LARGE_BYTES
    const isSparse = isLarge && store.isRemote === true
    if (!isSparse) await download(store, object, file)
    const captures = raw ? (folderOfKey(raw.key, zoneNamed(raw.keyZone), object.key)?.captures ?? {}) : {}
    const local = { key: object.key, folderStart: folder.start, folderEnd: folder.end, captures }
    if (isParquet) {
      const one = { ...local, file, decoded: raw === undefined, skipped: 0 }
      const fetch = isSparse ? fetchSparse(store, object, file) : undefined
      const where = this.#zone === undefined ? {} : { zone: this.#zone }
      const large = isLarge
        ? new LargeObject({ engine: this.#effects.engine, object: one, size: object.size, ...where, ...(fetch && { fetch }) })
        : undefined
      return { object: one, id, ...(large && { large }) }
    }
    const decodedFile = await this.newFile('.decoded.parquet')
    const { skipped } = await this.#effects.engine.decode(
      { key: object.key, file, captures },
      { ...raw, columns: raw.columns ?? [] },
      decodedFile,
    )
    await unlink(file)
    return { object: { ...local, file: decodedFile, decoded: true, skipped }, id }
  }

  /** Removes the local copies that were not used for longest, but for files that are `needed`; never call it while partitions are computed. */
  async trim(needed: () => ReadonlySet<string>): Promise<void> {
    if (this.#kept.size <= KEPT_OBJECTS) return
    const files = needed()
    for (const [id, kept] of [...this.#kept].slice(0, -KEPT_OBJECTS)) {
      const { object } = await kept
      if (files.has(object.file)) continue
      this.#kept.delete(id)
      await rm(object.file, { force: true })
    }
  }

  /** Removes all local copies. */
  async close(): Promise<void> {
    this.#kept.clear()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

function profileName({ id }: Kept, binding: SourceBinding): string {
  const known = readings.get(binding)
  const reading = known ?? canonicalJson([binding.columns, binding.eventTime])
  if (known === undefined) readings.set(binding, reading)
  return `${id} ${reading}`
}

/** What a binding reads of an object, as text: asked for each object of each partition. */
const readings = new WeakMap<SourceBinding, string>()

function download(store: ObjectStore, object: FetchableObject, file: string): Promise<void> {
  return presentOrGone(() => store.download(object.key, file, { ifMatch: object.match }))
}

/** Fetches into a local file that is made by the first fetch. */
function fetchSparse(store: ObjectStore, { key, match, size }: FetchableObject, file: string): Fetch {
  const copy = new SparseCopy({ store, key, etag: match, size, file })
  return (ranges) => presentOrGone(() => copy.fetch(ranges))
}

/** @throws Gone where there is no object, or another one than was listed. */
async function presentOrGone(bring: () => Promise<boolean>): Promise<void> {
  try {
    if (await bring()) return
  } catch (error) {
    if (error instanceof Error && error.name === 'ConflictError') throw new Gone()
    throw error
  }
  throw new Gone()
}

/** Keeps the compression's ending, since the engine may look at it. */
function fileEnding(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1)
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot).replace(/[^A-Za-z0-9.]/g, '')
}
