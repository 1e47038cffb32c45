import type { ObjectStore } from '../../lib/lake/object-store.ts'

/** The store with some of its calls done otherwise, or told to lie beyond a network. */
export function overStore(store: ObjectStore, otherwise: Partial<ObjectStore>): ObjectStore {
  return {
    location: store.location,
    isRemote: store.isRemote ?? false,
    put: (...args) => store.put(...args),
    get: (...args) => store.get(...args),
    getRange: (...args) => store.getRange(...args),
    download: (...args) => store.download(...args),
    head: (...args) => store.head(...args),
    list: (...args) => store.list(...args),
    listNames: (...args) => store.listNames(...args),
    delete: (...args) => store.delete(...args),
    ...otherwise,
  }
}
