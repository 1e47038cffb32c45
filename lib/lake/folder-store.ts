import { statSync, unlinkSync } from 'node:fs'
import { type FileHandle, mkdir, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { InternalError, InvalidInputError } from '../model/errors.ts'
import { classifyFolderError, errorCode, type FolderAction, isMissing } from './folder-errors.ts'
import { namesInFolder, walkFolder } from './folder-list.ts'
import { type FolderLock, openFolderLock } from './folder-lock.ts'
import { infoOf, OWN_FOLDER, pathOf, statFile } from './folder-names.ts'
import { downloadObject, readObject, readRange } from './folder-read.ts'
import { removeLeftovers, replaceObject, stageBody } from './folder-write.ts'
import type { Body, ListOptions, ObjectInfo, ObjectStore, PutCondition } from './object-store.ts'

export interface FolderStore extends ObjectStore {
  close(): void
}

const PAGE_SIZE = 1000

/**
 * A folder as an object store, for any number of processes at once; files that a user drops in are objects like all others. Names
 * that begin with a dot are not. Writing makes the folder if need be. @throws InvalidInputError when it cannot be read or written.
 */
export async function openFolderStore(root: string, options: { readonly readOnly?: boolean } = {}): Promise<FolderStore> {
  const location = resolve(root)
  const readOnly = options.readOnly ?? false
  await (readOnly ? requireFolder(location) : prepareFolder(location))
  return new Folder(location, readOnly)
}

async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new InvalidInputError(`folder ${folder} does not exist`)
}

async function prepareFolder(folder: string): Promise<void> {
  const staging = `${folder}/${OWN_FOLDER}/tmp`
  try {
    await mkdir(staging, { recursive: true })
    await removeLeftovers(staging, Date.now())
  } catch (cause) {
    if (isMissing(cause) || errorCode(cause) === 'EEXIST') {
      // Of a folder that is there and read-only, making several levels at once says that it is missing.
      const found = await stat(folder).catch(() => undefined)
      const what = found?.isDirectory() ? 'is not writable' : 'cannot be made'
      throw new InvalidInputError(`folder ${folder} ${what}`, {}, { cause })
    }
    throw classifyFolderError(cause, { action: 'write', folder })
  }
}

class Folder implements FolderStore {
  readonly location: string
  readonly #readOnly: boolean
  #lock: FolderLock | undefined

  constructor(location: string, readOnly: boolean) {
    this.location = location
    this.#readOnly = readOnly
  }

  async put(key: string, body: Body, condition?: PutCondition): Promise<ObjectInfo> {
    const target = pathOf(this.location, key)
    const lock = this.#openLock()
    const neededBytes = sizeOf(body)
    return this.#classified({ action: 'write', key, neededBytes }, async () => {
      const staged = await stageBody(`${this.location}/${OWN_FOLDER}/tmp`, body)
      try {
        return await lock.run(() => replaceObject(key, { staged, target }, condition))
      } catch (error) {
        await rm(staged, { force: true })
        throw error
      }
    })
  }

  async get(key: string, options: { readonly ifMatch?: string } = {}) {
    const found = await this.#read(key, options.ifMatch, (handle) => handle.readFile())
    return found && { info: found.info, bytes: new Uint8Array(found.value.buffer, found.value.byteOffset, found.value.length) }
  }

  async getRange(key: string, range: { readonly start: number; readonly length: number; readonly ifMatch?: string }) {
    const found = await this.#read(key, range.ifMatch, (handle, size) => {
      return readRange(handle, range.start, Math.min(size, range.start + range.length))
    })
    return found?.value
  }

  async download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean> {
    const object = { key, path: pathOf(this.location, key), ...options }
    return this.#classified({ action: 'read', key }, () => downloadObject(object, file))
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const path = pathOf(this.location, key)
    return this.#classified({ action: 'read', key }, async () => {
      const found = statFile(path)
      return found && infoOf(key, found)
    })
  }

  async *list(options: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    const objects = walkFolder(this.location, options)
    for (;;) {
      const page = await this.#classified({ action: 'read' }, async () => take(objects, PAGE_SIZE))
      if (page.length > 0) yield page
      if (page.length < PAGE_SIZE) return
      // The walk is synchronous: others get their turn between pages.
      await setImmediate()
    }
  }

  async *listNames(prefix: string): AsyncGenerator<readonly string[]> {
    const names = await this.#classified({ action: 'read' }, async () => namesInFolder(this.location, prefix))
    if (names.length > 0) yield names
  }

  /** Folders that become empty stay: no listing shows them, and somebody may be about to write there. */
  async delete(key: string): Promise<void> {
    const path = pathOf(this.location, key)
    const lock = this.#openLock()
    await this.#classified({ action: 'write', key }, () => lock.run(() => statFile(path) && unlinkSync(path)))
  }

  close(): void {
    this.#lock?.close()
    this.#lock = undefined
  }

  #openLock(): FolderLock {
    if (this.#readOnly) throw new InvalidInputError(`folder ${this.location} was opened for reading only`)
    this.#lock ??= openFolderLock(`${this.location}/${OWN_FOLDER}`)
    return this.#lock
  }

  #read<T>(key: string, ifMatch: string | undefined, read: (handle: FileHandle, size: number) => Promise<T>) {
    const object = { key, path: pathOf(this.location, key), ifMatch }
    return this.#classified({ action: 'read', key }, () => readObject(object, read))
  }

  async #classified<T>(action: Omit<FolderAction, 'folder'>, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      throw classifyFolderError(error, { ...action, folder: this.location })
    }
  }
}

function sizeOf(body: Body): number {
  if (body instanceof Uint8Array) return body.length
  const found = statSync(body.file, { throwIfNoEntry: false })
  if (found === undefined) throw new InternalError('file to put does not exist', { file: body.file })
  return found.size
}

function take<T>(items: Iterator<T>, count: number): T[] {
  const taken: T[] = []
  while (taken.length < count) {
    const next = items.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}
