import { type BigIntStats, statSync } from 'node:fs'
import { InvalidInputError } from '../model/errors.ts'
import { isMissing } from './folder-errors.ts'
import type { ObjectInfo } from './object-store.ts'

/** Where the store keeps its own files. Names that begin with a dot are no objects, so no listing shows it and no key reaches it. */
export const OWN_FOLDER = '.hindcast'

/**
 * The path of a key below the root.
 * @throws InvalidInputError for a key that is absolute, leaves the root, or has a part that is empty or begins with a dot.
 */
export function pathOf(root: string, key: string): string {
  const wrong = key === '' ? 'is empty' : findFault(key)
  if (wrong !== undefined) throw new InvalidInputError(`key ${wrong}, so a folder cannot hold it`, { key })
  return `${root}/${key}`
}

/** The folder that holds all keys with this prefix, as a key that ends in `/`, or `''` for the root. */
export function folderOf(prefix: string): string {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const wrong = folder === '' ? undefined : findFault(folder.slice(0, -1))
  if (wrong !== undefined) throw new InvalidInputError(`prefix ${wrong}, so no folder has it`, { prefix })
  return folder
}

function findFault(key: string): string | undefined {
  if (key.includes('\0')) return 'holds a NUL'
  if (!key.isWellFormed()) return 'is not Unicode'
  for (const part of key.split('/')) {
    if (part === '') return 'has an empty part'
    if (part.startsWith('.')) return `has the part "${part}", which begins with a dot`
  }
  return undefined
}

/** Modification time, size and inode: a file that a user dropped in has an ETag too, and no byte needs to be read for it. */
export function etagOf(stat: BigIntStats): string {
  return `${stat.mtimeNs.toString(36)}-${stat.size.toString(36)}-${stat.ino.toString(36)}`
}

/** What a listing says of the file with this stat. */
export function infoOf(key: string, stat: BigIntStats): ObjectInfo {
  return { key, etag: etagOf(stat), size: Number(stat.size), lastModified: Number(stat.mtimeNs / 1_000_000n) }
}

/** The stat of a file, links followed; undefined where there is none or something else, such as a folder. */
export function statFile(path: string): BigIntStats | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat?.isFile() ? stat : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
