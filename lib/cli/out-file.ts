import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ObjectStore } from '../lake/object-store.ts'
import type { TrainingManifest } from '../lake/training-manifest.ts'
import { ConflictError } from '../model/errors.ts'

/**
 * Copies the files of a training set to a local path, whole or not at all; a set of several files gets several: `train-00001.parquet`
 * after `train.parquet`. Gives the paths.
 */
export async function copyOut(store: ObjectStore, { files }: TrainingManifest, out: string, scratch: string): Promise<string[]> {
  const paths: string[] = []
  await mkdir(dirname(out), { recursive: true })
  for (const [at, { key }] of files.entries()) {
    const path = at === 0 ? out : out.replace(/(\.[^./]*)?$/, (ending) => `-${String(at).padStart(5, '0')}${ending}`)
    const brought = join(scratch, `out-${at}.parquet`)
    const found = await store.head(key)
    if (!found || !(await store.download(key, brought, { ifMatch: found.etag }))) throw new ConflictError(`${key} was deleted meanwhile`)
    await copyWhole(brought, path)
    await rm(brought)
    paths.push(path)
  }
  return paths
}

/** What was brought may be a second name of the lake's file: a copy can be edited. */
async function copyWhole(from: string, path: string): Promise<void> {
  const half = `${path}.${process.pid}.tmp`
  try {
    await copyFile(from, half)
    await rename(half, path)
  } finally {
    await rm(half, { force: true })
  }
}
