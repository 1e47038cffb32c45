/** Reads what the tables of a view are made from: the registry, and where its outputs begin. */
import { versionPrefix } from '../lake/keys.ts'
import { settingsOf } from '../lake/load-features.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { readPublished } from '../lake/published.ts'
import { listRegistry } from '../lake/view-entry.ts'
import { readVersion } from '../lake/view-version.ts'
import type { Feature, ViewVersion } from '../model/catalog.ts'
import { featureKey } from '../model/catalog.ts'
import { DataError } from '../model/errors.ts'
import { viewCalendar } from '../model/view.ts'
import type { TabledFeature, TabledView } from '../model/view-tables.ts'
import type { Instant } from '../model/zone.ts'
import { firstPartitionStart } from './first-partition.ts'

/** Undefined for a view that is not published. @throws DataError where its published version is not in the registry. */
export async function readTabledView(store: ObjectStore, view: string, now: Instant): Promise<TabledView | undefined> {
  // What is published is read before the rest: a drop marks there what it takes away.
  const { value: published } = await readPublished(store)
  const name = published.views[view]
  if (name === undefined) return undefined
  const versions: TabledFeature[] = []
  for (const feature of await keptVersions(store, view)) {
    if (published.dropping?.[featureKey(view, feature.version.version)]) continue
    versions.push({ ...feature, first: await firstPartition(store, feature.version, now) })
  }
  const current = versions.find(({ version }) => version.version === name)
  if (!current) throw new DataError(`version ${name} of view ${view} is published and not in the registry`)
  const run = published.runs?.[view]
  return { lake: store.location, published: current, versions, ...(run !== undefined && { run }) }
}

async function keptVersions(store: ObjectStore, view: string): Promise<Feature[]> {
  const { entries, frozen } = await listRegistry(store)
  const entry = entries.find((one) => one.view === view)
  if (!entry) return []
  const versions = await Promise.all(frozen.filter((one) => one.view === view).map((one) => readVersion(store, view, one.version)))
  return versions.flatMap((version) => (version ? [{ version, settings: settingsOf(entry, version.version) }] : []))
}

/**
 * The first partition that stands or that the definitions allow, whichever is earlier: a backfill of older history is seen without a
 * change of the table, and what was computed from data that has expired since is not hidden.
 */
async function firstPartition(store: ObjectStore, version: ViewVersion, now: Instant): Promise<string> {
  const calendar = viewCalendar(version)
  const start = await firstPartitionStart(store, version)
  const names = [await firstStanding(store, version), ...(Number.isFinite(start) ? [calendar.at(start).name] : [])]
  return names.filter((name) => name !== undefined).sort()[0] ?? calendar.at(now).name
}

async function firstStanding(store: ObjectStore, { view, version }: ViewVersion): Promise<string | undefined> {
  const prefix = `${versionPrefix(view, version)}dt=`
  for await (const page of store.list({ prefix })) return page[0]?.key.slice(prefix.length).split('/')[0]
  return undefined
}
