import pMap from 'p-map'
import { outputKey } from '../../lake/keys.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import type { PartitionOutputs } from '../../lake/outputs.ts'
import type { ViewVersion } from '../../model/catalog.ts'
import { ConflictError } from '../../model/errors.ts'
import type { Workbench } from '../workbench.ts'

const DOWNLOADS_AT_ONCE = 8

/** An output that stands, as it was listed. */
export interface StandingOutput {
  readonly partition: string
  readonly etag: string
  /** Bytes. */
  readonly size: number
}

/** Outputs that stand at these partitions, in their order. */
export function standingAmong(names: readonly string[], outputs: ReadonlyMap<string, PartitionOutputs>): StandingOutput[] {
  return names.flatMap((partition) => {
    const output = outputs.get(partition)?.output
    return output ? [{ partition, etag: output.etag, size: output.size }] : []
  })
}

/** Local copies of the outputs; one that changed or vanished since it was listed is left out. */
export async function bringStanding(
  { store, bench }: { readonly store: ObjectStore; readonly bench: Workbench },
  { view, version }: ViewVersion,
  outputs: readonly StandingOutput[],
): Promise<{ readonly partition: string; readonly file: string }[]> {
  const brought = await pMap(
    outputs,
    async ({ partition, etag }) => {
      const file = await bench.newFile('.parquet')
      const there = await store.download(outputKey(view, version, partition), file, { ifMatch: etag }).catch(goneOf)
      return there ? [{ partition, file }] : []
    },
    { concurrency: DOWNLOADS_AT_ONCE },
  )
  return brought.flat()
}

function goneOf(error: unknown): false {
  if (error instanceof ConflictError) return false
  throw error
}
