import type { OutputFacts, ReceiptName } from '../model/states.ts'
import { OUTPUT_NAME, versionPrefix } from './keys.ts'
import type { ObjectStore } from './object-store.ts'
import { parseReceiptName, parseRejectedName } from './receipts.ts'

/** What stands at one output partition, with the keys of everything beside it. */
export interface PartitionOutputs extends OutputFacts {
  readonly output?: { readonly etag: string; readonly size: number; readonly lastModified: number }
  readonly receipts: readonly (ReceiptName & { readonly key: string })[]
  readonly rejected: readonly { readonly fingerprint: string; readonly rules: string; readonly key: string }[]
}

export const NO_OUTPUTS: PartitionOutputs = { receipts: [], rejected: [] }

/** Outputs and receipts of the partitions from `first` to `last`, both included, by partition name; what stands nowhere is not in it. */
export async function listOutputs(
  store: ObjectStore,
  table: { readonly view: string; readonly version: string },
  first: string,
  last: string,
): Promise<Map<string, PartitionOutputs>> {
  const prefix = versionPrefix(table.view, table.version)
  const found = new Map<string, PartitionOutputs>()
  // '0' follows '/' in byte order: the range ends after everything in the last folder.
  for await (const page of store.list({ prefix, from: `${prefix}dt=${first}/`, before: `${prefix}dt=${last}0` })) {
    for (const object of page) {
      const slash = object.key.indexOf('/', prefix.length)
      const partition = object.key.slice(prefix.length + 'dt='.length, slash)
      found.set(partition, withObject(found.get(partition) ?? NO_OUTPUTS, object.key.slice(slash + 1), object))
    }
  }
  return found
}

function withObject(
  facts: PartitionOutputs,
  name: string,
  object: { readonly key: string; readonly etag: string; readonly size: number; readonly lastModified: number },
): PartitionOutputs {
  if (name === OUTPUT_NAME) return { ...facts, output: { etag: object.etag, size: object.size, lastModified: object.lastModified } }
  const receipt = parseReceiptName(name)
  if (receipt) return { ...facts, receipts: [...facts.receipts, { ...receipt, key: object.key }] }
  const rejected = parseRejectedName(name)
  if (rejected) return { ...facts, rejected: [...facts.rejected, { ...rejected, key: object.key }] }
  return facts
}
