import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pMap from 'p-map'
import { outputKey } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs } from '../lake/outputs.ts'
import type { ViewVersion } from '../model/catalog.ts'
import { TransientError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'

/** An output that stands, with the ETag by which it was listed. */
export interface StandingOutput {
  readonly partition: Partition
  readonly etag: string
}

/** An output on local disk. */
export interface LocalOutput {
  readonly partition: Partition
  readonly file: string
}

const DOWNLOADS_AT_ONCE = 16
/** Partition names begin with a digit. */
const ALL = { first: '0', last: '9999-99' }

/** All outputs of a version that stand, in order of time; those of the named range alone, where there is one. */
export async function standingOutputs(
  store: ObjectStore,
  version: ViewVersion,
  range: { readonly first: string; readonly last: string } = ALL,
): Promise<StandingOutput[]> {
  const calendar = viewCalendar(version)
  const listed = await listOutputs(store, version, range.first, range.last)
  const found = [...listed].flatMap(([name, { output }]) => {
    const partition = output && calendar.find(name)
    return partition ? [{ partition, etag: output.etag }] : []
  })
  return found.sort((a, b) => a.partition.start - b.partition.start)
}

/** Brings outputs to a new folder; `done` removes it. @throws TransientError when one is no longer what was listed. */
export async function bringOutputs(
  store: ObjectStore,
  { view, version }: ViewVersion,
  outputs: readonly StandingOutput[],
  folder: string,
): Promise<{ readonly files: LocalOutput[]; done(): Promise<void> }> {
  await mkdir(folder, { recursive: true })
  const bring = async ({ partition, etag }: StandingOutput): Promise<LocalOutput> => {
    const file = join(folder, `${partition.name}.parquet`)
    const found = await store.download(outputKey(view, version, partition.name), file, { ifMatch: etag }).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'ConflictError') return false
      throw error
    })
    if (!found) throw new TransientError(`output ${partition.name} of ${view} changed while it was compared; try again`)
    return { partition, file }
  }
  const files = await pMap(outputs, bring, { concurrency: DOWNLOADS_AT_ONCE })
  return { files, done: () => rm(folder, { recursive: true, force: true }) }
}
