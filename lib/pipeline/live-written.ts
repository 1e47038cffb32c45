/** Finds recent partitions that live wrote, with as few requests as that takes. */
import pMap from 'p-map'
import { readJson } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs, type PartitionOutputs } from '../lake/outputs.ts'
import type { Receipt } from '../lake/receipts.ts'
import type { Feature } from '../model/catalog.ts'
import { clockChanges, hasClockChange } from '../model/clock-change.ts'
import type { Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import type { GateCandidate } from './gate-choice.ts'
import { readReceipt } from './partition-state.ts'
import { LIVE } from './task.ts'

/** One partition that live wrote. */
export interface LiveWritten extends GateCandidate {
  readonly facts: PartitionOutputs
}

/** Partitions whose receipts are read, newest first: one GET each. */
const RECEIPTS_MAX = 32
const READS_AT_ONCE = 16
const SPOTS_NEWEST = 3
const SPOTS_APART = 6
/** Changes of clocks are looked for so far back, and the newest few taken. */
const CLOCKS_BACK_MS = 400 * 86_400_000
const CLOCKS_MAX = 2

export interface LookingBack {
  readonly store: ObjectStore
  /** The engine build that the receipts have to name. */
  readonly engine: string
  readonly now: Instant
  /** Also partitions where something else was put over what live wrote. */
  readonly replaced: boolean
}

/** In order of time: of the newest partitions those that live wrote, and where there are such, of the newest changes of clocks too. */
export async function findLiveWritten(feature: Feature, looking: LookingBack): Promise<LiveWritten[]> {
  const standing = await newestStanding(feature, looking)
  if ((await readLive(feature, spotChecks(standing), looking)).length === 0) return []
  const recent = await readLive(feature, standing, looking)
  const [first] = recent
  if (!first) return []
  const around = clockPartitions(feature, looking.now).filter(({ end }) => end <= first.partition.start)
  const changed = await Promise.all(around.map((partition) => listStanding(feature, [partition], looking)))
  return [...(await readLive(feature, changed.flat(), looking)), ...recent]
}

/** Where runs wrote everything, as after a first backfill, these receipts are all that is read: the newest, and others among the rest. */
function spotChecks<T>(standing: readonly T[]): T[] {
  const newestFirst = standing.toReversed()
  return newestFirst.filter((_, at) => at < SPOTS_NEWEST || at % SPOTS_APART === 0)
}

interface StandingPartition {
  readonly partition: Partition
  readonly facts: PartitionOutputs
}

/** The newest partitions that stand, from the horizon in which live repairs by itself; those of a short horizon are looked at anyway. */
async function newestStanding(feature: Feature, looking: LookingBack): Promise<StandingPartition[]> {
  const calendar = viewCalendar(feature.version)
  const newest = calendar.indexAt(looking.now) - 1
  const recent = Array.from({ length: RECEIPTS_MAX }, (_, back) => calendar.partition(newest - back)).toReversed()
  const found = await listStanding(feature, recent, looking)
  const [start, end] = [looking.now - feature.settings.repairMs, recent[0]?.start ?? 0]
  if (found.length === RECEIPTS_MAX || start >= end) return found
  const older = await listStanding(feature, calendar.within(start, end), looking)
  return [...older, ...found].slice(-RECEIPTS_MAX)
}

/** Those of adjacent partitions that stand beside a receipt of this engine build. */
async function listStanding(
  feature: Feature,
  partitions: readonly Partition[],
  { store, engine, replaced }: LookingBack,
): Promise<StandingPartition[]> {
  const [first, last] = [partitions[0], partitions.at(-1)]
  if (!first || !last) return []
  const outputs = await listOutputs(store, feature.version, first.name, last.name)
  return partitions.flatMap((partition) => {
    const facts = outputs.get(partition.name)
    const certified =
      facts?.output && facts.receipts.some((receipt) => receipt.engine === engine && (replaced || receipt.etag === facts.output?.etag))
    return facts && certified ? [{ partition, facts }] : []
  })
}

async function readLive(feature: Feature, standing: readonly StandingPartition[], { store }: LookingBack): Promise<LiveWritten[]> {
  const calendar = viewCalendar(feature.version)
  const read = async ({ partition, facts }: StandingPartition): Promise<LiveWritten[]> => {
    const receipt = (await readReceipt(store, facts)) ?? (await readReplaced(store, facts))
    if (receipt?.writer !== LIVE) return []
    const repaired = receipt.first_written !== receipt.written
    return [{ partition, facts, repaired, clockChange: hasClockChange(calendar.zone, partition) }]
  }
  return (await pMap(standing, read, { concurrency: READS_AT_ONCE })).flat()
}

/** The receipt of what stood there before something else was put over it. */
async function readReplaced(store: ObjectStore, { receipts }: PartitionOutputs): Promise<Receipt | undefined> {
  const [receipt] = receipts
  return receipt && (await readJson<Receipt>(store, receipt.key))?.value
}

function clockPartitions(feature: Feature, now: Instant): Partition[] {
  const calendar = viewCalendar(feature.version)
  const changes = clockChanges(calendar.zone, now - CLOCKS_BACK_MS, now).slice(-CLOCKS_MAX)
  return changes.map((at) => calendar.at(at)).filter(({ end }) => end <= now)
}
