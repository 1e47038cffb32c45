import pMap from 'p-map'
import type { ObjectStore } from '../lake/object-store.ts'
import type { PartitionOutputs } from '../lake/outputs.ts'
import type { Receipt, Repair } from '../lake/receipts.ts'
import type { Feature } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { readReceipt } from './partition-state.ts'
import { LIVE } from './task.ts'

/** Receipts that are read per view, newest first: one GET each. */
export const RECEIPTS_READ_MAX = 200
const READS_AT_ONCE = 16

/** How long after their end the partitions that live wrote were first there, in milliseconds. */
export interface Availability {
  readonly partitions: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
  /** What the definition promises, and how many partitions came later than that. */
  readonly availableAfterMs: number
  readonly later: number
}

/** What the receipts of the newest partitions say together. */
export interface ReceiptFigures {
  readonly read: number
  /** Partitions that have a receipt. */
  readonly of: number
  readonly strays: number
  readonly skipped: number
  /** The newest partition with stray or skipped rows. */
  readonly newestStray?: string
  readonly newestSkipped?: string
  /** Partitions of those read that a run wrote, which say nothing of how soon live is. */
  readonly byRuns: number
  readonly availability?: Availability
  /** Partitions that were computed again for other inputs, newest repair first; absent where there is none. */
  readonly repaired?: readonly RepairedPartition[]
}

/** One repair of one partition. */
export interface RepairedPartition extends Repair {
  readonly partition: string
}

/** Reads the receipts of the newest partitions in the range. */
export async function receiptFigures(
  store: ObjectStore,
  feature: Feature,
  partitions: readonly Partition[],
  outputs: ReadonlyMap<string, PartitionOutputs>,
  readMax = RECEIPTS_READ_MAX,
): Promise<ReceiptFigures> {
  const certified = partitions
    .flatMap(({ name }) => outputs.get(name) ?? [])
    .filter(({ output, receipts }) => output && receipts.length > 0)
  const newest = certified.slice(-readMax).reverse()
  const receipts = (await pMap(newest, (facts) => readReceipt(store, facts), { concurrency: READS_AT_ONCE })).filter(
    (one) => one !== undefined,
  )
  const newestStray = receipts.find((receipt) => sum(receipt, 'strays') > 0)?.partition
  const newestSkipped = receipts.find((receipt) => sum(receipt, 'skipped') > 0)?.partition
  const live = receipts.filter(({ writer }) => writer === LIVE)
  const repaired = repairsIn(receipts)
  const availability = availabilityOf(live, feature.settings.availableAfterMs)
  return {
    read: receipts.length,
    of: certified.length,
    strays: receipts.reduce((total, receipt) => total + sum(receipt, 'strays'), 0),
    skipped: receipts.reduce((total, receipt) => total + sum(receipt, 'skipped'), 0),
    ...(newestStray !== undefined && { newestStray }),
    ...(newestSkipped !== undefined && { newestSkipped }),
    byRuns: receipts.length - live.length,
    ...(availability && { availability }),
    ...(repaired.length > 0 && { repaired }),
  }
}

function repairsIn(receipts: readonly Receipt[]): RepairedPartition[] {
  const all = receipts.flatMap(({ partition, repairs = [] }) => repairs.map((repair) => ({ partition, ...repair })))
  return all.sort((a, b) => (a.at === b.at ? (a.partition < b.partition ? 1 : -1) : a.at < b.at ? 1 : -1))
}

function sum(receipt: Receipt, figure: 'strays' | 'skipped'): number {
  return receipt.inputs.reduce((total, input) => total + input[figure], 0)
}

function availabilityOf(receipts: readonly Receipt[], availableAfterMs: number): Availability | undefined {
  const delays = receipts.map(({ end, first_written: written }) => Date.parse(written) - Date.parse(end)).sort((a, b) => a - b)
  if (delays.length === 0) return undefined
  const at = (share: number) => delays[Math.ceil(delays.length * share) - 1] ?? 0
  const later = delays.filter((delay) => delay > availableAfterMs).length
  return { partitions: delays.length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1), availableAfterMs, later }
}
