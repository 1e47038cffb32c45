import type { Body, ListOptions, ObjectInfo, ObjectStore, PutCondition, WrittenInfo } from '../../../lib/lake/object-store.ts'
import { type Content, contentOf } from './contents.ts'
import type { Actor, Scheduler } from './scheduler.ts'

/** What all actors of one schedule share: the objects, the local files by path, and a memory of every object that ever stood. */
export interface SharedDisk {
  readonly inner: ObjectStore
  readonly files: Map<string, Content>
  /** By key and ETag. */
  readonly history: Map<string, Content>
  readonly counts: { puts: number; gets: number; lists: number }
}

/** Broken promises of a store, for mutants that need no change of the product. */
export interface Faults {
  /** Conditions of puts under these prefixes are ignored. */
  readonly ignoreIfMatch?: string
  /** Reads give whatever stands there. */
  readonly ignoreReadMatch?: boolean
}

export function historyKey(key: string, etag: string): string {
  return `${key} ${etag}`
}

/** The store as one actor sees it: every call and every page of a listing waits for the scheduler. */
export class ScheduledStore implements ObjectStore {
  readonly location = 'memory'
  readonly #disk: SharedDisk
  readonly #scheduler: Scheduler
  readonly #actor: Actor
  readonly #faults: Faults

  constructor(disk: SharedDisk, scheduler: Scheduler, actor: Actor, faults: Faults = {}) {
    this.#disk = disk
    this.#scheduler = scheduler
    this.#actor = actor
    this.#faults = faults
  }

  async put(key: string, body: Body, condition?: PutCondition): Promise<WrittenInfo> {
    const content = body instanceof Uint8Array ? contentOf(new Uint8Array(body)) : this.#file(body.file)
    const ignored = this.#faults.ignoreIfMatch !== undefined && key.startsWith(this.#faults.ignoreIfMatch)
    const put = async (): Promise<WrittenInfo> => {
      const info = await this.#disk.inner.put(key, content.bytes, ignored ? undefined : condition)
      this.#disk.counts.puts++
      this.#disk.history.set(historyKey(key, info.etag), content)
      return info
    }
    const call = { label: `put ${key}`, conditional: condition !== undefined }
    const first = await this.#scheduler.call(this.#actor, call, async (lose) => ({ info: await put(), lose }))
    if (!first.lose) return first.info
    return this.#scheduler.call(this.#actor, { label: `put ${key} (again, its answer was lost)` }, put)
  }

  async get(key: string, options: { readonly ifMatch?: string } = {}) {
    this.#disk.counts.gets++
    const read = this.#faults.ignoreReadMatch ? {} : options
    return this.#scheduler.call(this.#actor, { label: `get ${key}` }, () => this.#disk.inner.get(key, read))
  }

  async getRange(key: string, range: { readonly start: number; readonly length: number; readonly ifMatch?: string }) {
    return this.#scheduler.call(this.#actor, { label: `get ${key}` }, () => this.#disk.inner.getRange(key, range))
  }

  async download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean> {
    const found = await this.get(key, options)
    if (found) this.#disk.files.set(file, contentOf(found.bytes))
    return found !== undefined
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return this.#scheduler.call(this.#actor, { label: `head ${key}` }, () => this.#disk.inner.head(key))
  }

  list(options: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    return this.#pages(`list ${options.prefix} ${options.from?.slice(options.prefix.length) ?? ''}`, this.#disk.inner.list(options))
  }

  listNames(prefix: string): AsyncGenerator<readonly string[]> {
    return this.#pages(`names in ${prefix}`, this.#disk.inner.listNames(prefix))
  }

  async *#pages<T>(label: string, all: AsyncIterable<T>): AsyncGenerator<T> {
    const pages = all[Symbol.asyncIterator]()
    for (let at = 1; ; at++) {
      this.#disk.counts.lists++
      const page = await this.#scheduler.call(this.#actor, { label: `${label} page ${at}` }, () => pages.next())
      if (page.done) return
      yield page.value
    }
  }

  async delete(key: string): Promise<void> {
    return this.#scheduler.call(this.#actor, { label: `delete ${key}` }, () => this.#disk.inner.delete(key))
  }

  #file(path: string): Content {
    const content = this.#disk.files.get(path)
    if (!content) throw new Error(`no local file ${path}`)
    return content
  }
}
