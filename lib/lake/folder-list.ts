import { readdirSync, realpathSync, statSync } from 'node:fs'
import { InvalidInputError } from '../model/errors.ts'
import { compareKeys, sortKeys } from './byte-order.ts'
import { errorCode, isMissing } from './folder-errors.ts'
import { folderOf, infoOf, statFile } from './folder-names.ts'
import type { ListOptions, ObjectInfo } from './object-store.ts'

/**
 * The objects of a folder in byte order of their keys. Folders that cannot hold a wanted key are not read, files that are not wanted
 * are not looked at, and one that vanishes meanwhile is skipped. Synchronous, because a call costs a few microseconds, less than a
 * hop to the thread pool and back.
 */
export function walkFolder(root: string, options: ListOptions): Generator<ObjectInfo> {
  return walk(root, folderOf(options.prefix), options)
}

/** Names right below the folder of `prefix` that begin with it, those of folders with a `/` at the end, in byte order. */
export function namesInFolder(root: string, prefix: string): string[] {
  const folder = folderOf(prefix)
  return readNames(root, folder)
    .map((name) => folder + name)
    .filter((name) => name.startsWith(prefix))
}

function* walk(root: string, folder: string, options: ListOptions): Generator<ObjectInfo> {
  for (const name of readNames(root, folder)) {
    const key = folder + name
    if (name.endsWith('/')) {
      if (mayHold(key, options)) yield* walk(root, key, options)
    } else if (isWanted(key, options)) {
      const stat = statFile(`${root}/${key}`)
      if (stat !== undefined) yield infoOf(key, stat)
      else refuseUnreadableName(root, key)
    }
  }
}

function isWanted(key: string, { prefix, from, before }: ListOptions): boolean {
  if (!key.startsWith(prefix)) return false
  if (from !== undefined && compareKeys(key, from) < 0) return false
  return before === undefined || compareKeys(key, before) < 0
}

/** Whether a wanted key may begin with `folder`, which ends in `/`. */
function mayHold(folder: string, { prefix, from, before }: ListOptions): boolean {
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false
  if (before !== undefined && compareKeys(folder, before) >= 0) return false
  return from === undefined || from.startsWith(folder) || compareKeys(folder, from) >= 0
}

/** Names in the folder, those of folders with a `/` at the end, which sorts them as the keys below them sort. */
function readNames(root: string, folder: string): string[] {
  const path = `${root}/${folder}`
  const names: string[] = []
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory() || (entry.isSymbolicLink() && leadsToFolder(path, entry.name))) names.push(`${entry.name}/`)
      else if (entry.isFile() || entry.isSymbolicLink()) names.push(entry.name)
    }
  } catch (error) {
    if (!isMissing(error)) throw error
    refuseUnreadableName(root, folder)
  }
  return sortKeys(names)
}

function leadsToFolder(path: string, name: string): boolean {
  const link = path + name
  try {
    if (!statSync(link).isDirectory()) return false
    if (!`${realpathSync(path)}/`.startsWith(`${realpathSync(link)}/`)) return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
  throw new InvalidInputError('link leads to a folder that holds it', { link })
}

/** Node replaces what is not UTF-8 in a name, and the file is not found again: data that would be left out without a word. */
function refuseUnreadableName(root: string, key: string): void {
  if (key.includes('\ufffd')) throw new InvalidInputError(`folder ${root} has a file whose name is not UTF-8`, { key })
}
