/** What repairs say to people: the raw objects behind landed pieces, and the training sets that read bytes which were replaced since. */
import { readJson } from '../lake/json-object.ts'
import { landingPrefix, trainingPrefix } from '../lake/keys.ts'
import { listAll, type ObjectStore } from '../lake/object-store.ts'
import { listOutputs } from '../lake/outputs.ts'
import { listTrainingRuns, readManifest } from '../lake/training-manifest.ts'
import type { LandingRecord } from './land.ts'
import type { RepairedPartition } from './receipt-figures.ts'
import type { ViewStatus } from './status.ts'

/** The newest run of a training set that was made from bytes which no longer stand. */
export interface OutdatedSet {
  readonly name: string
  readonly run: string
  readonly partitions: readonly string[]
  /** Labels that read one of these partitions as their newest known one. */
  readonly labels: number
}

/** The status with the raw object of each landed piece that a repair names, and with the training sets that it outdates. */
export async function withRepairs(status: ViewStatus, store: ObjectStore): Promise<ViewStatus> {
  const { repaired } = status.receipts
  if (!repaired) return { ...status, outdated: [] }
  const named = await namedObjects(repaired, store)
  const outdated = await outdatedSets(status, repaired, store)
  return { ...status, receipts: { ...status.receipts, repaired: named }, outdated }
}

async function namedObjects(repaired: readonly RepairedPartition[], store: ObjectStore): Promise<RepairedPartition[]> {
  const keys = new Set(repaired.flatMap(({ objects }) => objects.map(({ key }) => key)))
  const raw = new Map<string, string>()
  for (const key of keys) raw.set(key, (await rawKeyOf(key, store)) ?? key)
  return repaired.map((one) => ({ ...one, objects: one.objects.map((object) => ({ ...object, key: raw.get(object.key) ?? object.key })) }))
}

/** The raw object of a landed piece, from what its landing left beside it; undefined for a key that is no piece. */
export async function rawKeyOf(key: string, store: ObjectStore): Promise<string | undefined> {
  const [, source, hash] = /^landed\/([^/]+)\/dt=[^/]+\/([^/.]+)\.parquet$/.exec(key) ?? []
  if (source === undefined || hash === undefined) return undefined
  const [record] = await listAll(store, { prefix: `${landingPrefix(source)}${hash}/` })
  return record && (await readJson<LandingRecord>(store, record.key))?.value.key
}

async function outdatedSets(status: ViewStatus, repaired: readonly RepairedPartition[], store: ObjectStore): Promise<OutdatedSet[]> {
  const names = [...new Set(repaired.filter(({ same }) => !same).map(({ partition }) => partition))].sort()
  const [first, last] = [names[0], names.at(-1)]
  if (first === undefined || last === undefined) return []
  const outputs = await listOutputs(store, status, first, last)
  const now = (partition: string) => {
    const facts = outputs.get(partition)
    return facts?.receipts.find(({ etag }) => etag === facts.output?.etag)?.sha256
  }
  const found: OutdatedSet[] = []
  for (const name of await setNames(store)) {
    if ((await listTrainingRuns(store, name)).length === 0) continue
    const { run, views } = await readManifest(store, name)
    const read = views.filter(({ view, version }) => view === status.view && version === status.version).flatMap((one) => one.partitions)
    const outdated = read.filter(([partition, sha256]) => names.includes(partition) && now(partition) !== sha256)
    if (outdated.length === 0) continue
    const labels = outdated.reduce((sum, [, , count]) => sum + count, 0)
    found.push({ name, run, partitions: outdated.map(([partition]) => partition), labels })
  }
  return found
}

async function setNames(store: ObjectStore): Promise<string[]> {
  const prefix = trainingPrefix('').slice(0, -1)
  const names = new Set<string>()
  for await (const page of store.list({ prefix })) for (const { key } of page) names.add(key.slice(prefix.length).split('/')[0] ?? '')
  return [...names].sort()
}
