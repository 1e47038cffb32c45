import { mkdir, readdir, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InvalidInputError } from '../model/errors.ts'

/** Entries that are made here first and then moved to their place, so that nothing is half written. */
const STAGING = '.hindcast-init'

/** What a new folder holds, by path in it. */
export interface NewFolder {
  readonly files: ReadonlyMap<string, string>
  /** Symbolic links to absolute paths. */
  readonly links?: ReadonlyMap<string, string>
}

/** Makes the folder, or fills an empty one, as a whole or not at all. @throws InvalidInputError for one that holds anything. */
export async function writeNewFolder(dir: string, content: NewFolder): Promise<void> {
  const root = resolve(dir)
  await requireEmpty(dir)
  const made = await makeFolder(dir, root)
  try {
    await writeAll(root, content)
  } catch (error) {
    await rm(join(root, STAGING), { recursive: true, force: true })
    if (made !== undefined) await rmdir(root).catch(() => undefined)
    throw error
  }
}

/** @throws InvalidInputError unless there is no such folder, or nothing in it. */
export async function requireEmpty(dir: string): Promise<void> {
  const names = await readdir(resolve(dir)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    const found = cause.code === 'ENOTDIR' ? 'is a file' : `cannot be read (${cause.code})`
    throw new InvalidInputError(`${dir} ${found}; expected a new folder or an empty one`, {}, { cause })
  })
  // What an attempt that was killed left behind is ours.
  const others = names.filter((name) => name !== STAGING)
  if (others.length === 0) return
  throw new InvalidInputError(
    `folder ${dir} is not empty, it holds ${others.slice(0, 3).join(', ')}; expected a new folder or an empty one`,
  )
}

/** The first folder that had to be made, or undefined where all were there. */
async function makeFolder(dir: string, root: string): Promise<string | undefined> {
  try {
    return await mkdir(root, { recursive: true })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw new InvalidInputError(`folder ${dir} cannot be made (${code}); expected one in a folder that can be written to`, {}, { cause })
  }
}

async function writeAll(root: string, { files, links }: NewFolder): Promise<void> {
  const staging = join(root, STAGING)
  await rm(staging, { recursive: true, force: true })
  for (const [path, text] of files) await writeFile(await placeFor(staging, path), text, { flag: 'wx' })
  for (const [path, target] of links ?? []) await symlink(target, await placeFor(staging, path))
  for (const name of await readdir(staging)) await rename(join(staging, name), join(root, name))
  await rm(staging, { recursive: true })
}

async function placeFor(staging: string, path: string): Promise<string> {
  await mkdir(join(staging, dirname(path)), { recursive: true })
  return join(staging, path)
}

/** A path as a shell takes it. */
export function shellQuoted(path: string): string {
  return /^[\w./~=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
