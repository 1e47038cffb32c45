import type { OutputFacts, ReceiptName } from '../model/states.ts'
import { OUTPUT_NAME, versionPrefix } from './keys.ts'
import { listSplit, namesBetween } from './list-split.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'
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
  const found = new Map<string, Growing>()
  // '0' follows '/' in byte order: the range ends after everything in the last folder.
  const range = { prefix, from: `${prefix}dt=${first}/`, before: `${prefix}dt=${last}0` }
  const splits = () => namesBetween(first, last).map((name) => `${prefix}dt=${name}/`)
  for await (const page of listSplit(store, range, splits)) {
    for (const object of page) {
      const slash = object.key.indexOf('/', prefix.length)
      const partition = object.key.slice(prefix.length + 'dt='.length, slash)
      let facts = found.get(partition)
      if (!facts) {
        facts = { ...NO_OUTPUTS }
        found.set(partition, facts)
      }
      addObject(facts, object.key.slice(slash + 1), object)
    }
  }
  return found
}

/** What was listed of one partition so far: a plan lists hundreds of thousands, so nothing is copied, and arrays have no room to spare. */
type Growing = { -readonly [Key in keyof PartitionOutputs]: PartitionOutputs[Key] }

function addObject(facts: Growing, name: string, object: ObjectInfo): void {
  if (name === OUTPUT_NAME) {
    facts.output = object
    return
  }
  const receipt = parseReceiptName(name)
  if (receipt) facts.receipts = [...facts.receipts, { ...receipt, key: object.key }]
  const rejected = receipt ? undefined : parseRejectedName(name)
  if (rejected) facts.rejected = [...facts.rejected, { ...rejected, key: object.key }]
}
