import { randomUUID } from 'node:crypto'
import {
  type BigIntStats,
  closeSync,
  constants,
  fsync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFile,
  writeFileSync,
} from 'node:fs'
import { copyFile, readdir, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { InternalError } from '../model/errors.ts'
import { checkCondition } from './conditions.ts'
import { isMissing } from './folder-errors.ts'
import { etagOf, infoOf, statFile } from './folder-names.ts'
import type { Body, ObjectInfo, PutCondition } from './object-store.ts'

/** Clocks of file systems tick in 1 us (or finer), 10 ms, 1 s or 2 s: the smallest step that shows is taken. */
const CLOCK_STEPS_NS = [2_000n, 10_000_000n, 2_000_000_000n]

const DAY_MS = 86_400_000

const [sync, write] = [promisify(fsync), promisify(writeFile)]

/**
 * Writes the body to a new file in `folder` and forces it to disk; returns its path. A finished file is linked when it can be: then
 * its inode becomes the object's and gets a new modification time. One that has a second name is copied, for the other name may be
 * an object, whose ETag must stay.
 */
export async function stageBody(folder: string, body: Body): Promise<string> {
  const staged = `${folder}/${process.pid}-${randomUUID()}`
  try {
    if (!(body instanceof Uint8Array)) await linkOrCopy(body.file, staged)
    const file = openSync(staged, body instanceof Uint8Array ? 'wx' : 'r')
    try {
      if (body instanceof Uint8Array) await writeAll(file, body)
      const stamp = newStamp()
      futimesSync(file, stamp, stamp)
      await sync(file)
    } finally {
      closeSync(file)
    }
    return staged
  } catch (error) {
    rmSync(staged, { force: true })
    throw error
  }
}

/**
 * Puts the staged file in the place of the object, if the condition holds. To be called under the lock of the store.
 * The folder is not forced to disk: a power cut leaves the old object or the new one, and each is whole.
 */
export function replaceObject(
  key: string,
  paths: { readonly staged: string; readonly target: string },
  condition?: PutCondition,
): ObjectInfo {
  const present = statFile(paths.target)
  checkCondition(key, condition, present && etagOf(present))
  const written = present === undefined ? statSync(paths.staged, { bigint: true }) : makeLater(paths.staged, present.mtimeNs)
  renameInto(paths.staged, paths.target)
  return infoOf(key, written)
}

/** Removes what writers that died left behind. The change time counts, since a linked file keeps its modification time. */
export async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const found = await stat(`${folder}/${name}`).catch(() => undefined)
    if (found !== undefined && found.ctimeMs < now - DAY_MS) await rm(`${folder}/${name}`, { force: true })
  }
}

/**
 * Now in seconds, with digits below the millisecond that tell two puts apart: the kernel's clock for files ticks every 4 ms, and a
 * put after a delete may get the same inode.
 */
function newStamp(): number {
  const micros = Number((process.hrtime.bigint() / 1000n) % 1000n)
  return (Date.now() * 1000 + micros) / 1e6
}

/** What takes microseconds is done at once: a hop to the thread pool and back takes longer. */
async function linkOrCopy(file: string, staged: string): Promise<void> {
  const source = lstatSync(file)
  if (source.isFile() && source.nlink === 1 && source.uid === (process.getuid?.() ?? source.uid)) {
    const linked = tryLink(file, staged)
    // Two puts of one file at the same time both link it: who sees a third name gives way.
    if (linked && statSync(staged).nlink === 2) return
    if (linked) rmSync(staged)
  }
  await copyFile(file, staged, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
}

function tryLink(file: string, staged: string): boolean {
  try {
    linkSync(file, staged)
    return true
  } catch {
    return false
  }
}

/** Up to this many bytes go to the page cache at once. */
const WRITTEN_AT_ONCE_MAX = 64 * 1024

async function writeAll(file: number, bytes: Uint8Array): Promise<void> {
  if (bytes.length <= WRITTEN_AT_ONCE_MAX) writeFileSync(file, bytes)
  else await write(file, bytes)
}

/** Two objects of one key never share a modification time, hence never an ETag, whatever inode the file system gives them. */
function makeLater(path: string, replacedNs: bigint): BigIntStats {
  let found = statSync(path, { bigint: true })
  for (const step of CLOCK_STEPS_NS) {
    if (found.mtimeNs > replacedNs) return found
    const seconds = Number((replacedNs + step) / 1000n) / 1e6
    utimesSync(path, seconds, seconds)
    found = statSync(path, { bigint: true })
  }
  if (found.mtimeNs > replacedNs) return found
  throw new InternalError('modification time cannot be moved on', { path })
}

function renameInto(staged: string, target: string): void {
  try {
    renameSync(staged, target)
  } catch (error) {
    if (!isMissing(error)) throw error
    mkdirSync(dirname(target), { recursive: true })
    renameSync(staged, target)
  }
}
