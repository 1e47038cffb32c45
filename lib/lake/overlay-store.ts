import { compareKeys, sortKeys } from './byte-order.ts'
import { checkCondition } from './conditions.ts'
import type { Body, ListOptions, ObjectInfo, ObjectStore, PutCondition, WrittenInfo } from './object-store.ts'

const PAGE_SIZE = 1000

/**
 * A store that shows `lower` and everything written since: reads fall through, puts go to `upper`, a delete hides the object below.
 * The lower store is never written to. One overlay owns its upper store.
 */
export function openOverlayStore(lower: ObjectStore, upper: ObjectStore): ObjectStore {
  return new OverlayStore(lower, upper)
}

class OverlayStore implements ObjectStore {
  readonly location: string
  readonly isRemote: boolean
  readonly #lower: ObjectStore
  readonly #upper: ObjectStore
  readonly #deleted = new Set<string>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(lower: ObjectStore, upper: ObjectStore) {
    this.location = lower.location
    this.isRemote = lower.isRemote ?? false
    this.#lower = lower
    this.#upper = upper
  }

  put(key: string, body: Body, condition?: PutCondition): Promise<WrittenInfo> {
    return this.#alone(async () => {
      if (condition) checkCondition(key, condition, (await this.head(key))?.etag)
      const info = await this.#upper.put(key, body)
      this.#deleted.delete(key)
      return info
    })
  }

  async get(key: string, options?: { readonly ifMatch?: string }) {
    return (await this.#holder(key))?.get(key, options)
  }

  async getRange(key: string, range: { readonly start: number; readonly length: number; readonly ifMatch?: string }) {
    return (await this.#holder(key))?.getRange(key, range)
  }

  async download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean> {
    return (await this.#holder(key))?.download(key, file, options) ?? false
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    if (this.#deleted.has(key)) return undefined
    return (await this.#upper.head(key)) ?? this.#lower.head(key)
  }

  async *list(options: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    let page: ObjectInfo[] = []
    for await (const object of merge(objectsOf(this.#upper, options), objectsOf(this.#lower, options))) {
      if (this.#deleted.has(object.key)) continue
      page.push(object)
      if (page.length < PAGE_SIZE) continue
      yield page
      page = []
    }
    if (page.length > 0) yield page
  }

  async *listNames(prefix: string): AsyncGenerator<readonly string[]> {
    const names = new Set<string>()
    for (const store of [this.#upper, this.#lower])
      for await (const page of store.listNames(prefix)) for (const name of page) if (!this.#deleted.has(name)) names.add(name)
    if (names.size > 0) yield sortKeys([...names])
  }

  delete(key: string): Promise<void> {
    return this.#alone(async () => {
      this.#deleted.add(key)
      await this.#upper.delete(key)
    })
  }

  async #holder(key: string): Promise<ObjectStore | undefined> {
    if (this.#deleted.has(key)) return undefined
    return (await this.#upper.head(key)) ? this.#upper : this.#lower
  }

  /** Writes take turns: the check of a condition and the write are one step. */
  #alone<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(write)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

async function* objectsOf(store: ObjectStore, options: ListOptions): AsyncGenerator<ObjectInfo, undefined> {
  for await (const page of store.list(options)) yield* page
}

/** Both in byte order; of two with one key the first's. */
async function* merge(
  first: AsyncGenerator<ObjectInfo, undefined>,
  second: AsyncGenerator<ObjectInfo, undefined>,
): AsyncGenerator<ObjectInfo> {
  let [one, two] = [(await first.next()).value, (await second.next()).value]
  while (one || two) {
    const order = one && two ? compareKeys(one.key, two.key) : one ? -1 : 1
    const next = order <= 0 ? one : two
    if (next) yield next
    if (order <= 0) one = (await first.next()).value
    if (order >= 0) two = (await second.next()).value
  }
}
