import type { ObjectStore } from '../../lib/lake/object-store.ts'
import { TransientError } from '../../lib/model/errors.ts'

/** Fails one put or delete, before it is done or after: what a crash or a lost answer at that moment leaves. */
export interface Fault {
  /** Counted over puts and deletes, from 1. */
  readonly at: number
  readonly when: 'before' | 'after'
}

/** The store, dead from the fault on; `writes` counts what was tried. */
export function failingStore(store: ObjectStore, fault: Fault): ObjectStore & { readonly writes: number } {
  let writes = 0
  const write = async <T>(act: () => Promise<T>): Promise<T> => {
    writes++
    if (writes > fault.at || (writes === fault.at && fault.when === 'before')) throw new TransientError(`write ${writes} fails`)
    const done = await act()
    if (writes === fault.at) throw new TransientError(`the answer to write ${writes} is lost`)
    return done
  }
  return {
    location: store.location,
    get writes() {
      return writes
    },
    put: (...args) => write(() => store.put(...args)),
    delete: (...args) => write(() => store.delete(...args)),
    get: (...args) => store.get(...args),
    getRange: (...args) => store.getRange(...args),
    download: (...args) => store.download(...args),
    head: (...args) => store.head(...args),
    list: (...args) => store.list(...args),
    listNames: (...args) => store.listNames(...args),
  }
}
