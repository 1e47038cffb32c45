import { constants, linkSync, realpathSync } from 'node:fs'
import { copyFile, type FileHandle, open, rm } from 'node:fs/promises'
import { ConflictError, InternalError } from '../model/errors.ts'
import { checkEtag } from './conditions.ts'
import { errorCode, isMissing } from './folder-errors.ts'
import { etagOf, infoOf, statFile } from './folder-names.ts'
import type { ObjectInfo } from './object-store.ts'

/** An object by its key, where it lies, and the ETag it is asked to have. */
export interface FolderObject {
  readonly key: string
  readonly path: string
  readonly ifMatch: string | undefined
}

/**
 * What `read` gets from the object, with the object's info; undefined where there is none. ETag and bytes come from one open file,
 * so a put meanwhile does not matter. @throws ConflictError when a user overwrote it in place meanwhile.
 */
export async function readObject<T>({ key, path, ifMatch }: FolderObject, read: (handle: FileHandle, size: number) => Promise<T>) {
  const handle = await openFile(path)
  if (handle === undefined) return undefined
  try {
    const before = await handle.stat({ bigint: true })
    if (!before.isFile()) return undefined
    const info: ObjectInfo = infoOf(key, before)
    checkEtag(key, ifMatch, info.etag)
    const value = await read(handle, info.size)
    checkEtag(key, info.etag, etagOf(await handle.stat({ bigint: true })))
    return { info, value }
  } finally {
    await handle.close()
  }
}

/** The bytes in `[start, end)`, fewer where the file ends before. */
export async function readRange(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** Links or copies the object to the local path `file`; false where there is no object. */
export async function downloadObject({ key, path, ifMatch }: FolderObject, file: string): Promise<boolean> {
  const found = statFile(path)
  if (found === undefined) return false
  checkEtag(key, ifMatch, etagOf(found))
  await linkOut(path, file)
  // The same ETag before and after: `file` is that object, since a put makes a new one. What a user edits in place later shows in the
  // link too; the listing at the end of a task finds the new ETag.
  const present = statFile(path)
  if (present !== undefined && etagOf(present) === etagOf(found)) return true
  await rm(file, { force: true })
  if (present === undefined) return false
  throw new ConflictError('object was replaced', { key, expected: etagOf(found), found: etagOf(present) })
}

/** Not blocking, so that a named pipe cannot hold us up; it means nothing for a file. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** A second name for the file where the file system allows it, else a copy; neither where the file is gone. */
async function linkOut(path: string, file: string): Promise<void> {
  try {
    // The real path, because a link to a symbolic link would be one itself.
    linkSync(realpathSync.native(path), file)
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') throw new InternalError('file to download to exists already', { file }, { cause })
    await copyOut(path, file)
  }
}

async function copyOut(path: string, file: string): Promise<void> {
  try {
    await copyFile(path, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    if (statFile(path) !== undefined) throw error
  }
}
