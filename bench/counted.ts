import { Session } from '../lib/engine/engine.ts'
import type { ObjectStore } from '../lib/lake/object-store.ts'

export type Counts = Record<'put' | 'get' | 'getRange' | 'download' | 'head' | 'list' | 'delete' | 'queries', number>

export function noCounts(): Counts {
  return { put: 0, get: 0, getRange: 0, download: 0, head: 0, list: 0, delete: 0, queries: 0 }
}

/** The same store, with its calls counted. */
export function countedStore(store: ObjectStore, counts: Counts): ObjectStore {
  return {
    location: store.location,
    put: (...args) => counted(counts, 'put', () => store.put(...args)),
    get: (...args) => counted(counts, 'get', () => store.get(...args)),
    getRange: (...args) => counted(counts, 'getRange', () => store.getRange(...args)),
    download: (...args) => counted(counts, 'download', () => store.download(...args)),
    head: (...args) => counted(counts, 'head', () => store.head(...args)),
    list: (...args) => counted(counts, 'list', () => store.list(...args)),
    listNames: (...args) => counted(counts, 'list', () => store.listNames(...args)),
    delete: (...args) => counted(counts, 'delete', () => store.delete(...args)),
  }
}

/** Counts the statements of every engine session from now on. */
export function countQueries(counts: Counts): void {
  const { run, rows } = Session.prototype
  Session.prototype.run = function (...args) {
    return counted(counts, 'queries', () => run.apply(this, args))
  }
  Session.prototype.rows = function (...args) {
    return counted(counts, 'queries', () => rows.apply(this, args))
  }
}

function counted<T>(counts: Counts, call: keyof Counts, act: () => T): T {
  counts[call]++
  return act()
}

/** `put 2.02, list 0.06, ...` per partition. */
export function renderCounts(counts: Counts, partitions: number): string {
  const used = Object.entries(counts).filter(([, count]) => count > 0)
  return used.map(([call, count]) => `${call} ${(count / partitions).toFixed(3)}`).join(', ')
}
