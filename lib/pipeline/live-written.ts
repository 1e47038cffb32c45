import { readJson } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs, type PartitionOutputs } from '../lake/outputs.ts'
import type { Receipt } from '../lake/receipts.ts'
import type { ViewVersion } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import { LIVE } from './task.ts'

/** How far back live partitions are looked for, and how many of them are enough. */
const LOOKED_AT = 60
const WANTED = 5

/** The newest few partitions of a version that live wrote, in order of time. */
export async function newestLiveWritten(store: ObjectStore, version: ViewVersion, now: Instant): Promise<Partition[]> {
  const calendar = viewCalendar(version)
  const newest = calendar.indexAt(now) - 1
  const outputs = await listOutputs(store, version, calendar.name(newest - LOOKED_AT + 1), calendar.name(newest))
  const found: Partition[] = []
  for (const [name, facts] of [...outputs].reverse()) {
    if (found.length === WANTED) break
    if (facts.output && (await hasLiveReceipt(store, facts))) found.unshift(calendar.named(name))
  }
  return found
}

/** Also where something else was put over what live wrote: that is to be found. */
async function hasLiveReceipt(store: ObjectStore, { receipts }: PartitionOutputs): Promise<boolean> {
  const bodies = await Promise.all(receipts.map(({ key }) => readJson<Receipt>(store, key)))
  return bodies.some((body) => body?.value.writer === LIVE)
}
