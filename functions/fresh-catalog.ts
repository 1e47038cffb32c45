import type { ObjectStore } from '../lib/lake/object-store.ts'
import { readCatalog } from '../lib/lake/registry.ts'
import { type Catalog, featureKey } from '../lib/model/catalog.ts'

/** A function that stays warm sees what was registered after this long at the latest. */
const KEPT_MS = 60_000

/** The catalog of a lake, read again when it is old or lacks the version that is asked for. */
export class FreshCatalog {
  readonly #store: ObjectStore
  readonly #now: () => number
  #read: { readonly catalog: Catalog; readonly at: number } | undefined

  constructor(store: ObjectStore, now: () => number) {
    this.#store = store
    this.#now = now
  }

  async get(needed: readonly { readonly view: string; readonly version: string }[] = []): Promise<Catalog> {
    const { catalog, at } = this.#read ?? { at: Number.NEGATIVE_INFINITY }
    const whole = catalog && needed.every(({ view, version }) => catalog.features.has(featureKey(view, version)))
    if (whole && this.#now() - at < KEPT_MS) return catalog
    const read = { at: this.#now(), catalog: await readCatalog(this.#store, this.#now()) }
    this.#read = read
    return read.catalog
  }
}
