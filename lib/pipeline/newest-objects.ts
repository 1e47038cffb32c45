import type { ObjectInfo, ObjectStore } from '../lake/object-store.ts'
import { folderOfKey, keyRange } from '../model/key-template.ts'
import type { Calendar, Partition } from '../model/partition.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import { zoneNamed } from '../model/zone.ts'
import { isData } from './source-folders.ts'

/** One raw data object of a source, read by its key. */
export interface NewestObject {
  readonly info: ObjectInfo
  readonly folder: Partition
  readonly captures: Readonly<Record<string, string>>
}

export interface NewestLimits {
  readonly objects: number
  /** All of them together; the newest one is taken whatever its size. */
  readonly bytes: number
  /** Folders to look at, counted back from the newest one with data. */
  readonly folders: number
}

/** Between these no folder of the past or near future is missed. */
const FIRST_YEAR = Date.UTC(1970, 0, 1)
const LAST_YEAR = Date.UTC(2200, 0, 1)

/**
 * The newest data objects of a source, newest first. Where keys sort in time order, the newest folder is found by bisection, with some
 * 20 listings of one page, however long the history is; elsewhere everything is listed.
 */
export async function findNewestObjects(store: ObjectStore, source: Source, limits: NewestLimits): Promise<NewestObject[]> {
  const calendar = folderCalendar(source)
  if (!source.key.sorted) return listNewest(store, source, { prefix: source.key.prefix }, limits)
  const last = await findLastFolder(store, source, calendar)
  if (last === undefined) return []
  const first = Math.max(last - limits.folders + 1, calendar.indexAt(FIRST_YEAR))
  return listNewest(store, source, keyRange(source.key, calendar.name(first), calendar.name(last)), limits)
}

type Range = { readonly prefix: string; readonly from?: string; readonly before?: string }

/** The index of the newest folder that holds data, by bisection over "is there data from this folder on". */
async function findLastFolder(store: ObjectStore, source: Source, calendar: Calendar): Promise<number | undefined> {
  let [low, high] = [calendar.indexAt(FIRST_YEAR), calendar.indexAt(LAST_YEAR)]
  const end = calendar.name(high)
  if (!(await hasData(store, source, keyRange(source.key, calendar.name(low), end)))) return undefined
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (await hasData(store, source, keyRange(source.key, calendar.name(middle), end))) low = middle
    else high = middle - 1
  }
  return low
}

async function hasData(store: ObjectStore, source: Source, range: Range): Promise<boolean> {
  for await (const page of store.list(range)) if (page.some((info) => readObject(source, info))) return true
  return false
}

async function listNewest(store: ObjectStore, source: Source, range: Range, limits: NewestLimits): Promise<NewestObject[]> {
  let found: NewestObject[] = []
  for await (const page of store.list(range)) {
    const read = page.flatMap((info) => readObject(source, info) ?? [])
    found = [...found, ...read].sort(newestFirst).slice(0, limits.objects)
  }
  let bytes = 0
  const fits = found.map(({ info }) => {
    bytes += info.size
    return bytes <= limits.bytes
  })
  return found.filter((_, at) => at === 0 || fits[at])
}

function readObject(source: Source, info: ObjectInfo): NewestObject | undefined {
  const name = info.key.slice(info.key.lastIndexOf('/') + 1)
  if (!isData(name) || name === source.marker || info.size === 0) return undefined
  const at = folderOfKey(source.key, zoneNamed(source.keyZone), info.key)
  return at && { info, ...at }
}

function newestFirst(a: NewestObject, b: NewestObject): number {
  return b.folder.start - a.folder.start || (a.info.key < b.info.key ? 1 : -1)
}
