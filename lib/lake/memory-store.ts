import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { compareKeys, lowerBound, sortKeys } from './byte-order.ts'
import { checkCondition, checkEtag } from './conditions.ts'
import type { Body, ListOptions, ObjectInfo, ObjectStore, PutCondition } from './object-store.ts'

export interface MemoryStoreOptions {
  /** `content`: the ETag is a hash of the bytes, as on S3, so equal bytes keep it (default). `unique`: a new one per put, as in a folder. */
  readonly etags?: 'content' | 'unique'
  /** Objects per page of a listing, 1,000 by default as on S3. */
  readonly pageSize?: number
  readonly now?: () => number
}

interface Stored {
  readonly info: ObjectInfo
  readonly bytes: Uint8Array
}

/** Up to so many new keys are spliced into the sorted ones; from there on one sort is cheaper. */
const SPLICED_KEYS_MAX = 64

/** An object store in memory, with the promises of S3: every call is atomic, each page of a listing is taken at its own moment. */
export function openMemoryStore(options: MemoryStoreOptions = {}): ObjectStore {
  return new MemoryStore(options)
}

class MemoryStore implements ObjectStore {
  readonly location = 'memory'
  readonly #objects = new Map<string, Stored>()
  readonly #keys = new SortedKeys()
  readonly #options: Required<MemoryStoreOptions>
  #puts = 0

  constructor(options: MemoryStoreOptions) {
    this.#options = { etags: 'content', pageSize: 1000, now: Date.now, ...options }
  }

  async put(key: string, body: Body, condition?: PutCondition): Promise<ObjectInfo> {
    // A small buffer shares its memory with others: a third of what one of its own takes.
    const bytes = body instanceof Uint8Array ? Buffer.from(body) : await readFile(body.file)
    // Nothing is awaited from here on: the check and the write are one step.
    checkCondition(key, condition, this.#objects.get(key)?.info.etag)
    const info = { key, etag: this.#etag(bytes), size: bytes.length, lastModified: this.#options.now() }
    if (!this.#objects.has(key)) this.#keys.add(key)
    this.#objects.set(key, { info, bytes })
    return info
  }

  async get(key: string, options: { readonly ifMatch?: string } = {}) {
    const stored = this.#find(key, options.ifMatch)
    return stored && { info: stored.info, bytes: new Uint8Array(stored.bytes) }
  }

  async getRange(key: string, range: { readonly start: number; readonly length: number; readonly ifMatch?: string }) {
    const found = this.#find(key, range.ifMatch)?.bytes
    return found && new Uint8Array(found.subarray(range.start, range.start + range.length))
  }

  async download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean> {
    const stored = this.#find(key, options.ifMatch)
    if (stored !== undefined) await writeFile(file, stored.bytes, { flag: 'wx' })
    return stored !== undefined
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return this.#objects.get(key)?.info
  }

  async *list(options: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    const { prefix, from } = options
    let start = from !== undefined && compareKeys(from, prefix) > 0 ? from : prefix
    for (;;) {
      const page = this.#page(start, options)
      if (page.length > 0) yield page
      if (page.length < this.#options.pageSize) return
      // U+0000 makes the key that follows at once.
      start = `${page.at(-1)?.key}\0`
    }
  }

  async *listNames(prefix: string): AsyncGenerator<readonly string[]> {
    let start = prefix
    for (;;) {
      const page = this.#names(start, prefix)
      if (page.length > 0) yield page
      if (page.length < this.#options.pageSize) return
      start = afterName(page.at(-1) ?? '')
    }
  }

  async delete(key: string): Promise<void> {
    if (this.#objects.delete(key)) this.#keys.remove(key)
  }

  #find(key: string, ifMatch: string | undefined): Stored | undefined {
    const stored = this.#objects.get(key)
    if (stored !== undefined) checkEtag(key, ifMatch, stored.info.etag)
    return stored
  }

  #page(start: string, { prefix, before }: ListOptions): ObjectInfo[] {
    const page: ObjectInfo[] = []
    for (const key of this.#keys.from(start)) {
      if (page.length === this.#options.pageSize || !key.startsWith(prefix)) break
      if (before !== undefined && compareKeys(key, before) >= 0) break
      const stored = this.#objects.get(key)
      if (stored !== undefined) page.push(stored.info)
    }
    return page
  }

  #names(start: string, prefix: string): string[] {
    const names: string[] = []
    for (let next: string | undefined = start; next !== undefined && names.length < this.#options.pageSize; ) {
      const key = this.#firstFrom(next)
      if (!key?.startsWith(prefix)) break
      const cut = key.indexOf('/', prefix.length)
      const name = cut < 0 ? key : key.slice(0, cut + 1)
      names.push(name)
      next = afterName(name)
    }
    return names
  }

  #firstFrom(start: string): string | undefined {
    for (const key of this.#keys.from(start)) if (this.#objects.has(key)) return key
    return undefined
  }

  #etag(bytes: Uint8Array): string {
    if (this.#options.etags === 'unique') return `put-${++this.#puts}`
    return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  }
}

/** Where the keys begin that follow everything a name stands for. */
function afterName(name: string): string {
  // '0' follows '/' in byte order, and U+0000 makes the key that follows at once.
  return name.endsWith('/') ? `${name.slice(0, -1)}0` : `${name}\0`
}

/** Keys in byte order. Adding and removing cost nothing until the next listing; a removed key stays in the array and is skipped. */
class SortedKeys {
  #sorted: string[] = []
  #added: string[] = []
  readonly #removed = new Set<string>()

  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.push(key)
  }

  remove(key: string): void {
    this.#removed.add(key)
  }

  /** The keys from `start` on, a few removed ones among them; to be used up before the next change. */
  *from(start: string): Generator<string> {
    this.#settle()
    for (let i = lowerBound(this.#sorted, start); i < this.#sorted.length; i++) yield this.#sorted[i] ?? ''
  }

  #settle(): void {
    if (this.#removed.size > this.#sorted.length / 2) this.#drop()
    if (this.#added.length <= SPLICED_KEYS_MAX) {
      for (const key of this.#added) this.#sorted.splice(lowerBound(this.#sorted, key), 0, key)
    } else {
      this.#sorted = sortKeys(this.#sorted.concat(this.#added))
    }
    this.#added = []
  }

  #drop(): void {
    this.#sorted = this.#sorted.filter((key) => !this.#removed.has(key))
    this.#added = this.#added.filter((key) => !this.#removed.has(key))
    this.#removed.clear()
  }
}
