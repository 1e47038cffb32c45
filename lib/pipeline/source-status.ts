import pMap from 'p-map'
import { readJson } from '../lake/json-object.ts'
import { landingPrefix, landingRejectedPrefix } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { listAll } from '../lake/object-store.ts'
import { parseReceiptName } from '../lake/receipts.ts'
import type { Source } from '../model/source.ts'
import type { Instant } from '../model/zone.ts'
import type { LandingRecord } from './land.ts'
import { findNewestObjects } from './newest-objects.ts'
import { listUnlanded } from './unlanded.ts'
import type { Unmatched, UnmatchedKeys } from './unmatched.ts'

/** Landing receipts and marks of refusals that are read per source, newest first. */
export const LANDINGS_READ_MAX = 200
const READS_AT_ONCE = 16

/** A raw object that could not be landed. */
export interface RefusedObject {
  readonly key: string
  readonly reason: string
  readonly at: string
}

export interface SourceStatus {
  readonly source: string
  readonly folders: Source['folders']
  /** The newest folder with data. */
  readonly newest?: string
  /** Data that its key template does not fit. */
  readonly unmatched?: Unmatched
  /** Arrival sources only. */
  readonly landings?: Landings
}

export interface Landings {
  readonly landed: number
  /** Objects that lie there and are not landed, refused ones not counted. */
  readonly unlanded: number
  readonly refused: readonly RefusedObject[]
  readonly refusedInAll: number
  /** Of the newest landed objects: how many were read, their rows, those that came after the folder of their event time, those that could not be read. */
  readonly read: number
  readonly rows: number
  readonly late: number
  readonly lateObjects: number
  readonly skipped: number
}

/** What is landed of a source, what is not, and how late its rows come. */
export async function sourceStatus(
  source: Source,
  { lake, now, unmatched }: { readonly lake: Lake; readonly now: () => Instant; readonly unmatched: UnmatchedKeys },
): Promise<SourceStatus> {
  const { name, folders } = source
  const [found] = await findNewestObjects(lake.bucket(source.bucket), source, { objects: 1, bytes: 0, folders: 1 })
  const newest = found && { newest: found.folder.name }
  if (found) unmatched.noteEdges(source, found.folder.name)
  const unlanded = folders === 'arrival' ? await listUnlanded({ lake, now: now(), unmatched }, source, Number.NEGATIVE_INFINITY) : []
  await unmatched.lookBeside(source, lake)
  const misfits = unmatched.of(source)
  const described = { source: name, folders, ...newest, ...(misfits && { unmatched: misfits }) }
  if (folders !== 'arrival') return described
  const marks = await listAll(lake.store, { prefix: landingRejectedPrefix(name) })
  const latest = marks.sort((a, b) => b.lastModified - a.lastModified).slice(0, LANDINGS_READ_MAX)
  const refused = await readAll<RefusedObject & { readonly format: 1 }>(
    lake,
    latest.map(({ key }) => key),
  )
  return {
    ...described,
    landings: {
      ...(await readLandings(lake, name)),
      unlanded: unlanded.filter((object) => !object.refused).length,
      refused: refused.map(({ key, reason, at }) => ({ key, reason, at })),
      refusedInAll: marks.length,
    },
  }
}

async function readLandings(lake: Lake, source: string) {
  const receipts = (await listAll(lake.store, { prefix: landingPrefix(source) })).filter(
    ({ key }) => parseReceiptName(key.slice(key.lastIndexOf('/') + 1)) !== undefined,
  )
  const newest = receipts.sort((a, b) => b.lastModified - a.lastModified).slice(0, LANDINGS_READ_MAX)
  const records = await readAll<LandingRecord>(
    lake,
    newest.map(({ key }) => key),
  )
  const total = (figure: 'rows' | 'late' | 'skipped') => records.reduce((sum, record) => sum + (record[figure] ?? 0), 0)
  return {
    landed: receipts.length,
    read: records.length,
    rows: total('rows'),
    late: total('late'),
    lateObjects: records.filter((record) => (record.late ?? 0) > 0).length,
    skipped: total('skipped'),
  }
}

async function readAll<T extends { readonly format: 1 }>(lake: Lake, keys: readonly string[]): Promise<T[]> {
  const found = await pMap(keys, async (key) => (await readJson<T>(lake.store, key))?.value, { concurrency: READS_AT_ONCE })
  return found.filter((one) => one !== undefined)
}
