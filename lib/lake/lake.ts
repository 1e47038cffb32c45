import type { ObjectStore } from './object-store.ts'

/** A lake: the store that holds what hindcast writes, and the way to sources that lie in a bucket of their own. */
export interface Lake {
  readonly store: ObjectStore
  /** The store of a source's bucket; the lake's own where it names none. */
  bucket(name: string | undefined): ObjectStore
}
