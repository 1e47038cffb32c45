import { statSync } from 'node:fs'
import type { Lake } from './lake.ts'
import type { Body, ListOptions, ObjectInfo, ObjectStore, PutCondition, WrittenInfo } from './object-store.ts'

/** Requests by the kinds that S3 prices, and bytes that came and went. A page of a listing is a request. */
export interface Requests {
  readonly gets: number
  readonly heads: number
  readonly puts: number
  readonly lists: number
  readonly deletes: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

export const NO_REQUESTS: Requests = { gets: 0, heads: 0, puts: 0, lists: 0, deletes: 0, bytesRead: 0, bytesWritten: 0 }

export function addRequests(a: Requests, b: Requests): Requests {
  return {
    gets: a.gets + b.gets,
    heads: a.heads + b.heads,
    puts: a.puts + b.puts,
    lists: a.lists + b.lists,
    deletes: a.deletes + b.deletes,
    bytesRead: a.bytesRead + b.bytesRead,
    bytesWritten: a.bytesWritten + b.bytesWritten,
  }
}

export interface CountedLake {
  readonly lake: Lake
  /** What was asked of all stores of this lake so far; a request counts when it is made, whatever its answer. */
  requests(): Requests
}

/** The same lake; every request to its stores is counted. */
export function countLake(lake: Lake): CountedLake {
  const counts: Counts = { ...NO_REQUESTS }
  return {
    lake: { store: new CountingStore(lake.store, counts), bucket: (name) => new CountingStore(lake.bucket(name), counts) },
    requests: () => ({ ...counts }),
  }
}

type Counts = { -readonly [kind in keyof Requests]: Requests[kind] }

class CountingStore implements ObjectStore {
  readonly location: string
  readonly isRemote: boolean
  readonly #store: ObjectStore
  readonly #counts: Counts

  constructor(store: ObjectStore, counts: Counts) {
    this.location = store.location
    this.isRemote = store.isRemote ?? false
    this.#store = store
    this.#counts = counts
  }

  async put(key: string, body: Body, condition?: PutCondition): Promise<WrittenInfo> {
    this.#counts.puts++
    const info = await this.#store.put(key, body, condition)
    this.#counts.bytesWritten += info.size
    return info
  }

  async get(key: string, options?: { readonly ifMatch?: string }) {
    this.#counts.gets++
    const found = await this.#store.get(key, options)
    this.#counts.bytesRead += found?.bytes.length ?? 0
    return found
  }

  async getRange(key: string, range: { readonly start: number; readonly length: number; readonly ifMatch?: string }) {
    this.#counts.gets++
    const bytes = await this.#store.getRange(key, range)
    this.#counts.bytesRead += bytes?.length ?? 0
    return bytes
  }

  async download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean> {
    this.#counts.gets++
    const found = await this.#store.download(key, file, options)
    // A few microseconds; an asynchronous call would take a turn in the thread pool.
    if (found) this.#counts.bytesRead += statSync(file, { throwIfNoEntry: false })?.size ?? 0
    return found
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    this.#counts.heads++
    return this.#store.head(key)
  }

  list(options: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    return this.#counted(this.#store.list(options))
  }

  listNames(prefix: string): AsyncGenerator<readonly string[]> {
    return this.#counted(this.#store.listNames(prefix))
  }

  async *#counted<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
    // A listing that finds nothing is a request too.
    this.#counts.lists++
    let first = true
    for await (const page of pages) {
      if (!first) this.#counts.lists++
      first = false
      yield page
    }
  }

  delete(key: string): Promise<void> {
    this.#counts.deletes++
    return this.#store.delete(key)
  }
}
