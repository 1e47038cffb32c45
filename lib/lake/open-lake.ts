import { dirname, join, resolve } from 'node:path'
import { InvalidInputError } from '../model/errors.ts'
import { type FolderStore, openFolderStore } from './folder-store.ts'
import type { Lake } from './lake.ts'
import type { ObjectStore } from './object-store.ts'

/** A lake that is closed when its user is done. */
export interface OpenLake extends Lake {
  close(): Promise<void>
}

const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/

/** Whether the place of a lake is a bucket, not a folder. */
export function isBucket(place: string): boolean {
  return /^[a-z0-9]+:\/\//.test(place)
}

/**
 * Opens the lake in a bucket (`s3://name`) or a folder. A source's bucket of its own is, beside a folder, the folder of that name.
 * @throws InvalidInputError for a place that is neither, or a folder that cannot be written to.
 */
export async function openLake(place: string, options: { readonly readOnly?: boolean } = {}): Promise<OpenLake> {
  if (!isBucket(place)) return openFolderLake(place, options)
  const [, bucket] = BUCKET.exec(place) ?? []
  if (bucket === undefined) throw new InvalidInputError(`lake '${place}' is neither a folder nor a bucket; expected s3://BUCKET`)
  // The client takes a tenth of a second to load, which no folder lake waits for.
  const { openBucketLake } = await import('./open-bucket.ts')
  return openBucketLake(bucket)
}

async function openFolderLake(place: string, options: { readonly readOnly?: boolean }): Promise<OpenLake> {
  const root = resolve(place)
  const stores = new Map<string, FolderStore>()
  const open = async (folder: string, readOnly: boolean) => {
    const store = await openFolderStore(folder, { readOnly })
    stores.set(folder, store)
    return store
  }
  const own = await open(root, options.readOnly ?? false)
  return {
    store: own,
    bucket: (name) =>
      name === undefined ? own : lazyStore(join(dirname(root), name), (folder) => stores.get(folder) ?? open(folder, true)),
    close: async () => {
      for (const store of stores.values()) await store.close()
    },
  }
}

/** Opens on first use: most lakes never name another bucket, and `bucket` answers at once. */
function lazyStore(folder: string, open: (folder: string) => Promise<FolderStore> | FolderStore): ObjectStore {
  const store = async () => open(folder)
  return {
    location: folder,
    put: async (...args) => (await store()).put(...args),
    get: async (...args) => (await store()).get(...args),
    getRange: async (...args) => (await store()).getRange(...args),
    download: async (...args) => (await store()).download(...args),
    head: async (...args) => (await store()).head(...args),
    delete: async (...args) => (await store()).delete(...args),
    list: async function* (options) {
      yield* (await store()).list(options)
    },
    listNames: async function* (prefix) {
      yield* (await store()).listNames(prefix)
    },
  }
}
