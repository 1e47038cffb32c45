import { readJson } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import type { PartitionOutputs } from '../lake/outputs.ts'

/** A partition that was refused, as its mark says. */
export interface RejectedPartition {
  readonly partition: string
  readonly reasons: readonly string[]
  readonly at?: string
  readonly writer?: string
}

/** Marks of refusals that are read per view, newest first. */
const MARKS_MAX = 50

/** What the marks of the newest of these partitions say. */
export async function readRejected(
  store: ObjectStore,
  names: readonly string[],
  outputs: ReadonlyMap<string, PartitionOutputs>,
): Promise<RejectedPartition[]> {
  const found: RejectedPartition[] = []
  for (const partition of names.slice(-MARKS_MAX).reverse()) {
    const mark = outputs.get(partition)?.rejected[0]
    const body = mark && (await readJson<RejectedMark>(store, mark.key))?.value
    const { at, writer } = body ?? {}
    found.push({ partition, reasons: body?.reasons ?? [], ...(at !== undefined && { at }), ...(writer !== undefined && { writer }) })
  }
  return found
}

interface RejectedMark {
  readonly format: 1
  readonly reasons?: readonly string[]
  readonly at?: string
  readonly writer?: string
}
