import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { openFolderStore } from '../../lake/folder-store.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { InvalidInputError } from '../../model/errors.ts'

/** Raw data on this machine: a folder, or one file of it. It is opened for reading only. */
export interface RawFolder {
  readonly store: ObjectStore
  /** The real path of the folder that keys are relative to. */
  readonly root: string
  /** What the data may be called. */
  readonly title: string
  readonly isFile: boolean
  close(): void
}

/** @throws InvalidInputError for a path that does not exist, or that is no path of this machine. */
export async function openRawFolder(path: string): Promise<RawFolder> {
  if (/^[a-z0-9]+:\/\//.test(path))
    throw new InvalidInputError(`--from ${path} is not a path of this machine; expected a folder, or a file, with raw data`)
  const real = await realpath(resolve(path)).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${cause.code})`
    throw new InvalidInputError(`--from ${path} ${found}; expected a folder, or a file, with raw data`, {}, { cause })
  })
  const isFile = (await stat(real)).isFile()
  const root = isFile ? dirname(real) : real
  const store = await openFolderStore(root, { readOnly: true })
  const title = basename(resolve(path))
  return {
    store: isFile ? onlyObject(store, basename(real)) : store,
    root,
    title: isFile ? title.replace(/\..*$/, '') : title,
    isFile,
    close: () => store.close(),
  }
}

/** The store with one object of it. */
function onlyObject(store: ObjectStore, key: string): ObjectStore {
  return {
    location: join(store.location, key),
    put: (...args) => store.put(...args),
    get: (...args) => store.get(...args),
    getRange: (...args) => store.getRange(...args),
    download: (...args) => store.download(...args),
    head: (...args) => store.head(...args),
    delete: (...args) => store.delete(...args),
    list: async function* (options) {
      for await (const page of store.list({ ...options, prefix: key })) yield page.filter((info) => info.key === key)
    },
    listNames: async function* (prefix) {
      for await (const page of store.listNames(prefix))
        yield page.filter((name) => name === key || (name.endsWith('/') && key.startsWith(name)))
    },
  }
}

/** The path of `inner` below `outer` with `/`, `''` where they are one; undefined where it lies elsewhere. */
export function pathBelow(outer: string, inner: string): string | undefined {
  const path = relative(outer, inner)
  if (path === '') return ''
  return path.startsWith('..') || resolve(path) === path ? undefined : path.split(sep).join('/')
}
