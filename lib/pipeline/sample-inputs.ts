import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DECODED_TABLE, decodeObject, writeDecoded } from '../engine/decode.ts'
import type { Engine } from '../engine/engine.ts'
import { fileTypes } from '../engine/file-types.ts'
import type { LocalObject } from '../engine/local-object.ts'
import type { LocalInput } from '../engine/relation.ts'
import { objectHash } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import type { Catalog, SourceBinding, ViewVersion } from '../model/catalog.ts'
import { InternalError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { Source } from '../model/source.ts'
import { viewCalendar } from '../model/view.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import { findNewestObjects, type NewestObject } from './newest-objects.ts'

/** Enough rows to tell; each further object of a text format costs 12 ms of every check. */
const SAMPLE = { objects: 6, bytes: 50e6, folders: 31 }

/** A raw object brought here and decoded, with the instant of its last event. */
interface SampledObject {
  readonly object: LocalObject
  readonly rows: number
  readonly lastEvent?: Instant
}

/** The newest raw data of sources on local disk, decoded once for all views that sample it. Close it to remove the files. */
export class InputSampler {
  readonly #engine: Engine
  readonly #lake: Lake
  readonly #catalog: Catalog
  readonly #folder: string
  readonly #sources = new Map<string, Promise<SampledObject[]>>()

  constructor(options: { readonly engine: Engine; readonly lake: Lake; readonly catalog: Catalog }) {
    this.#engine = options.engine
    this.#lake = options.lake
    this.#catalog = options.catalog
    this.#folder = join(options.engine.scratch, 'sample')
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /**
   * The newest partition that every input which is read by time has data for, and a part of its inputs; undefined where a source holds nothing. The version
   * reads sources only. @throws DataError for objects that cannot be read.
   */
  async sample(
    version: ViewVersion,
  ): Promise<{ readonly partition: Partition; readonly inputs: readonly LocalInput[] } | { readonly empty: string }> {
    const bindings = version.inputs.filter((binding) => binding.kind === 'source')
    const sampled: { readonly binding: SourceBinding; readonly objects: readonly SampledObject[] }[] = []
    for (const binding of bindings) {
      const objects = await this.#sampled(binding.source)
      if (objects.length === 0) return { empty: binding.source }
      sampled.push({ binding, objects })
    }
    const calendar = viewCalendar(version)
    // What is read as `latest` may be older than all the rest.
    const byTime = sampled.filter(({ binding }) => binding.window.kind !== 'latest')
    const ends = (byTime.length > 0 ? byTime : sampled).map(({ objects }) => Math.max(...objects.map(lastInstant)))
    const partition = calendar.at(Math.min(...ends))
    const inputs: LocalInput[] = []
    for (const { binding, objects } of sampled) inputs.push(await this.#bind(version, binding, partition, objects))
    return { partition, inputs }
  }

  async #bind(version: ViewVersion, binding: SourceBinding, partition: Partition, objects: readonly SampledObject[]): Promise<LocalInput> {
    const { window } = binding
    const start = window.kind === 'duration' ? windowStart(window.length, partition.end, zoneNamed(version.zone)) : Number.NEGATIVE_INFINITY
    const newest = Math.max(...objects.map(({ object }) => object.folderStart))
    const taken = objects.filter(({ object }) => window.kind !== 'latest' || object.folderStart === newest)
    const profiled = taken.map(async ({ object, rows }) => {
      const types = await this.#engine.session('UTC', (session) => fileTypes(session, object.file))
      return { object, profile: { types, rows, strays: 0 } }
    })
    return { binding, start, end: partition.end, objects: await Promise.all(profiled) }
  }

  #sampled(name: string): Promise<SampledObject[]> {
    const known = this.#sources.get(name)
    if (known) return known
    const source = this.#catalog.sources.get(name)
    if (!source) throw new InternalError(`source ${name} is not in the catalog`)
    const made = this.#bring(source)
    this.#sources.set(name, made)
    return made
  }

  /** In the order in which a partition reads them: folders by time, objects by key. */
  async #bring(source: Source): Promise<SampledObject[]> {
    const newest = await findNewestObjects(this.#lake.bucket(source.bucket), source, SAMPLE)
    await mkdir(this.#folder, { recursive: true })
    const found: SampledObject[] = []
    for (const one of newest.reverse()) {
      const sampled = await this.#decode(source, one)
      if (sampled) found.push(sampled)
    }
    return found
  }

  async #decode(source: Source, { info, folder, captures }: NewestObject): Promise<SampledObject | undefined> {
    const { key } = info
    const name = objectHash(`${source.name}/${key}`)
    const [raw, file] = [join(this.#folder, `${name}.raw`), join(this.#folder, `${name}.parquet`)]
    if (!(await this.#lake.bucket(source.bucket).download(key, raw, { ifMatch: info.etag }))) return undefined
    const { last, rows, skipped } = await this.#engine.session('UTC', async (session) => {
      const decoded = await decodeObject(session, { key, file: raw, captures }, { ...source, columns: source.columns ?? [] })
      await writeDecoded(session, file)
      await session.run(`DROP TABLE IF EXISTS ${DECODED_TABLE}`)
      return decoded
    })
    const object = { key, file, folderStart: folder.start, folderEnd: folder.end, captures, decoded: true, skipped }
    return { object, rows, ...(last !== undefined && { lastEvent: Number(last / 1000n) }) }
  }
}

function lastInstant({ object, lastEvent }: SampledObject): Instant {
  return lastEvent ?? object.folderEnd - 1
}
