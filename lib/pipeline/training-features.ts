import type { JoinedFeature } from '../engine/point-in-time.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { featureKey, type OutputColumn } from '../model/catalog.ts'
import { newestKnown } from '../model/known-partitions.ts'
import type { Partition } from '../model/partition.ts'
import type { Instant } from '../model/zone.ts'
import type { FeatureCoverage } from './training-coverage.ts'
import { TrainingTable } from './training-tables.ts'
import { joinedPart, type TrainingView } from './training-views.ts'

export interface LabelTimes {
  readonly first: Instant
  readonly last: Instant
}

/** The outputs that labels may read, by feature; features of one version share a table. */
export async function listTables(
  views: readonly TrainingView[],
  labels: LabelTimes,
  place: { readonly store: ObjectStore; readonly dir: string },
): Promise<TrainingTable[]> {
  const keyOf = ({ published: { version } }: TrainingView) => featureKey(version.view, version.version)
  const tables = new Map<string, Promise<TrainingTable>>()
  for (const view of views) {
    if (tables.has(keyOf(view))) continue
    const readers = views.filter((other) => keyOf(other) === keyOf(view))
    const [first] = readers.map((reader) => readable(reader, labels)[0]).sort((a, b) => (a?.start ?? 0) - (b?.start ?? 0))
    const range = { first: first?.name ?? '', last: newestKnown(view.knowing, labels.last).name }
    tables.set(keyOf(view), TrainingTable.list(view.published.version, range, place))
  }
  return Promise.all(views.flatMap((view) => tables.get(keyOf(view)) ?? []))
}

/** Partitions that labels may read: the newest known ones, and with `carry` all that ended within that age of a label. */
export function readable({ knowing, carryMs }: TrainingView, labels: LabelTimes): Partition[] {
  const [oldest, newest] = [newestKnown(knowing, labels.first), newestKnown(knowing, labels.last)]
  const leastEnd = carryMs === undefined ? oldest.end : Math.min(oldest.end, labels.first - carryMs)
  return knowing.calendar.touching(leastEnd - 1, newest.end)
}

/** A feature as the join reads it, and the partitions of the lake behind it: name, SHA-256, labels for which it is the newest known one. */
export interface BroughtFeature {
  readonly joined: JoinedFeature
  readonly partitions: readonly (readonly [string, string, number])[]
}

/** Bytes of the outputs that `bringFeatures` brings, each once. */
export function bytesToBring(coverages: readonly FeatureCoverage[], tables: readonly TrainingTable[], labels: LabelTimes): number {
  const sizes = new Map<string, number>()
  for (const [at, coverage] of coverages.entries()) {
    const table = tables[at]
    if (!table) continue
    const { view, version } = table.version
    for (const name of readNames(coverage, table, labels))
      sizes.set(`${featureKey(view, version)} ${name}`, table.outputs.get(name)?.output?.size ?? 0)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

type Labels = LabelTimes & { readonly columns: readonly OutputColumn[] }

/** What is at hand of a feature's partitions: local files where they are brought, and the SHA-256 of each. */
interface AtHand {
  readonly files: readonly string[]
  readonly digests: readonly string[]
}

/** Brings the partitions that labels ask for, and with `carry` those before them. */
export function bringFeatures(
  coverages: readonly FeatureCoverage[],
  tables: readonly TrainingTable[],
  labels: Labels,
  lookupOf: readonly number[],
): Promise<BroughtFeature[]> {
  return featuresOf(coverages, tables, { labels, lookupOf }, async (table, names) => {
    const local = await table.bring(names)
    return { files: local.map(({ file }) => file), digests: local.map(({ sha256 }) => sha256) }
  })
}

/** The same without the files: they are read where they lie, and only what no receipt tells is brought. */
export function describeFeatures(
  coverages: readonly FeatureCoverage[],
  tables: readonly TrainingTable[],
  labels: Labels,
  lookupOf: readonly number[],
): Promise<BroughtFeature[]> {
  return featuresOf(coverages, tables, { labels, lookupOf }, async (table, names) => ({ files: [], digests: await table.digests(names) }))
}

function featuresOf(
  coverages: readonly FeatureCoverage[],
  tables: readonly TrainingTable[],
  { labels, lookupOf }: { readonly labels: Labels; readonly lookupOf: readonly number[] },
  reach: (table: TrainingTable, names: readonly string[]) => Promise<AtHand>,
): Promise<BroughtFeature[]> {
  return Promise.all(
    coverages.map(async (coverage, at) => {
      const table = tables[at]
      const names = readNames(coverage, table, labels)
      const atHand = table ? await reach(table, names) : { files: [], digests: [] }
      return featureOf({ coverage, labels, lookup: lookupOf[at] ?? 0 }, names, atHand)
    }),
  )
}

/** Of the partitions that labels may read those that are there; without `carry`, that they ask for. */
function readNames({ view, present }: FeatureCoverage, table: TrainingTable | undefined, labels: LabelTimes): string[] {
  const asked = new Set(present.map(({ partition }) => partition.name))
  const isRead = (name: string) => (view.carryMs === undefined ? asked.has(name) : table?.has(name) === true)
  return readable(view, labels).flatMap(({ name }) => (isRead(name) ? [name] : []))
}

function featureOf(
  { coverage, labels, lookup }: { readonly coverage: FeatureCoverage; readonly labels: Labels; readonly lookup: number },
  names: readonly string[],
  { files, digests }: AtHand,
): BroughtFeature {
  const asked = new Map(coverage.present.map((one) => [one.partition.name, one.labels]))
  return {
    joined: { ...joinedFeature(coverage, labels.columns, lookup), files },
    partitions: names.map((name, index) => [name, digests[index] ?? '', asked.get(name) ?? 0] as const),
  }
}

/** A feature as the join reads it, before any file of it is here. */
export function joinedFeature({ view, missing }: FeatureCoverage, labels: readonly OutputColumn[], lookup: number): JoinedFeature {
  return { ...joinedPart(view, labels), lookup, files: [], uncovered: missing.map(({ partition }) => partition.end) }
}
