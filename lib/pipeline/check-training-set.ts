/** Holds a finished training set against the lake as it is now: which partitions changed since, and how many labels read them. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from '../engine/engine.ts'
import { labelColumns, readLabelTimes } from '../engine/label-table.ts'
import { affectedSql } from '../engine/point-in-time.ts'
import { outputKey } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs, type PartitionOutputs } from '../lake/outputs.ts'
import { readPublished } from '../lake/published.ts'
import { type ManifestView, readManifest, type TrainingManifest } from '../lake/training-manifest.ts'
import { readVersion } from '../lake/view-version.ts'
import { DataError } from '../model/errors.ts'
import { sha256 } from '../model/hash.ts'
import type { Knowing } from '../model/known-partitions.ts'
import { viewCalendar } from '../model/view.ts'
import type { TrainEffects } from './train.ts'
import { createLookups } from './training-join.ts'

/** One feature of a set, as the lake is now. */
export interface CheckedView {
  readonly view: string
  readonly version: string
  readonly as: string
  /** The version is no longer in the registry. */
  readonly dropped: boolean
  /** Readers see another version by now. */
  readonly published?: string
  /** Partitions with other bytes, partitions that are gone, and partitions that labels had asked for in vain. */
  readonly changed: readonly string[]
  readonly missing: readonly string[]
  readonly appeared: readonly string[]
  /** Labels whose values come from a partition that changed or is gone. */
  readonly labels: number
}

export interface CheckedTraining {
  readonly format: 1
  readonly name: string
  readonly run: string
  readonly created: string
  readonly labels: number
  /** Labels that read at least one partition that changed or is gone. */
  readonly affected: number
  readonly share: number
  readonly views: readonly CheckedView[]
}

/** The newest complete run unless one is named. @throws InvalidInputError where there is none, DataError for a set that is damaged. */
export async function checkTraining(
  request: { readonly name: string; readonly run?: string },
  effects: Pick<TrainEffects, 'lake' | 'engine' | 'threads'>,
): Promise<CheckedTraining> {
  const { store } = effects.lake
  const manifest = await readManifest(store, request.name, request.run)
  const published = (await readPublished(store)).value.views
  const looked = await Promise.all(manifest.views.map((view) => lookAt(store, view)))
  const counts = looked.some(({ changed, missing }) => changed.length + missing.length > 0)
    ? await countAffected(manifest, looked, effects)
    : { affected: 0, byView: [] }
  return {
    format: 1,
    name: manifest.name,
    run: manifest.run,
    created: manifest.created,
    labels: manifest.rows,
    affected: counts.affected,
    share: counts.affected / manifest.rows,
    views: manifest.views.map(({ view, version, as }, at) => {
      const now = published[view]
      const facts = looked[at] ?? NOTHING
      return {
        view,
        version,
        as,
        ...(now !== undefined && now !== version && { published: now }),
        ...facts,
        labels: counts.byView[at] ?? 0,
      }
    }),
  }
}

type Looked = Pick<CheckedView, 'dropped' | 'changed' | 'missing' | 'appeared'>
const NOTHING: Looked = { dropped: false, changed: [], missing: [], appeared: [] }

async function lookAt(store: ObjectStore, view: ManifestView): Promise<Looked> {
  const dropped = (await readVersion(store, view.view, view.version)) === undefined
  const names = [...view.partitions.map(([name]) => name), ...view.uncovered.map(([name]) => name)].sort()
  const [first, last] = [names[0], names.at(-1)]
  const outputs = first && last ? await listOutputs(store, view, first, last) : new Map<string, PartitionOutputs>()
  const changed: string[] = []
  const missing: string[] = []
  for (const [name, digest] of view.partitions) {
    const now = await digestOf(store, view, name, outputs.get(name))
    if (now === undefined) missing.push(name)
    else if (now !== digest) changed.push(name)
  }
  const appeared = view.uncovered.flatMap(([name]) => (outputs.get(name)?.output ? [name] : []))
  return { dropped, changed, missing, appeared }
}

/** The SHA-256 of what stands there: from a receipt that names its ETag, else from its bytes. */
async function digestOf(
  store: ObjectStore,
  view: ManifestView,
  name: string,
  facts: PartitionOutputs | undefined,
): Promise<string | undefined> {
  const { output, receipts = [] } = facts ?? {}
  if (!output) return undefined
  const known = receipts.find((receipt) => receipt.etag === output.etag)?.sha256
  if (known !== undefined) return known
  const found = await store.get(outputKey(view.view, view.version, name))
  return found && sha256(found.bytes)
}

async function countAffected(
  manifest: TrainingManifest,
  looked: readonly Looked[],
  { lake, engine, threads }: Pick<TrainEffects, 'lake' | 'engine' | 'threads'>,
): Promise<{ affected: number; byView: number[] }> {
  const dir = join(engine.scratch, `check-${manifest.run}`)
  await mkdir(dir, { recursive: true })
  try {
    return await engine.parallel(threads, async (session) => {
      const total = { affected: 0, byView: manifest.views.map(() => 0) }
      for (const [at, { key }] of manifest.files.entries()) {
        const file = join(dir, `part-${at}.parquet`)
        const found = await lake.store.head(key)
        if (!found || !(await lake.store.download(key, file, { ifMatch: found.etag }))) {
          throw new DataError(`${lake.store.location}/${key} is gone; its manifest is all that is left of this part of the training set`)
        }
        const row = await affectedIn(session, { file, name: key, dir }, manifest, looked)
        total.affected += Number(row?.labels)
        for (const view of total.byView.keys()) total.byView[view] = (total.byView[view] ?? 0) + Number(row?.[`n${view}`])
      }
      return total
    })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function affectedIn(
  session: Session,
  { file, name, dir }: { readonly file: string; readonly name: string; readonly dir: string },
  { views, definition }: TrainingManifest,
  looked: readonly Looked[],
) {
  const columns = await labelColumns(session, file)
  const labels = await readLabelTimes(session, { file, name, columns, time: definition.labels.time })
  const knowings = views.map((view): { knowing: Knowing } => ({
    knowing: { calendar: viewCalendar(view), availableAfterMs: view.availableAfterMs },
  }))
  const { lookups, lookupOf } = await createLookups(session, labels, knowings, dir)
  const features = views.map(({ as, carryMs }, at) => {
    const { changed, missing } = looked[at] ?? NOTHING
    const calendar = knowings[at]?.knowing.calendar
    const ends = [...changed, ...missing].flatMap((partition) => calendar?.named(partition).end ?? [])
    return { as, lookup: lookupOf[at] ?? 0, changed: ends, ...(carryMs !== undefined && { carryMs }) }
  })
  const [row] = await session.rows(affectedSql({ labels, lookups }, features))
  return row
}
