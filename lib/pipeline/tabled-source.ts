/** Reads what the table of a source is made from: the registry, where its folders begin, and how its CSV files order their columns. */
import * as zlib from 'node:zlib'
import { landedPrefix } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { readSources } from '../lake/sources.ts'
import { DataError } from '../model/errors.ts'
import { folderOfKey } from '../model/key-template.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import type { TabledSource } from '../model/source-table.ts'
import { splitCsvHeader } from '../model/text-files.ts'
import { zoneNamed } from '../model/zone.ts'
import { findNewestObjects } from './newest-objects.ts'
import { isData } from './source-folders.ts'

/** How much of a file is read for its header. */
const HEADER_BYTES = 64 * 1024

/** Undefined for a source that is not defined (any more), or of which nothing says where it begins. */
export async function readTabledSource(lake: Lake, name: string): Promise<TabledSource | undefined> {
  const { sources, retired } = await readSources(lake.store)
  const source = sources[name] ?? retired[name]
  const store = source && lake.bucket(source.bucket)
  const first = source && store && (await firstFolder(source, lake.store, store))
  if (!source || !store || first === undefined) return undefined
  const header = source.folders === 'event_time' && source.format.csv?.header ? await readHeader(store, source) : undefined
  return { lake: lake.store.location, place: store.location, source, first, ...(header && { header }) }
}

/** The first folder with data, or that of the source's start where that is earlier. */
async function firstFolder(source: Source, lake: ObjectStore, raw: ObjectStore): Promise<string | undefined> {
  const standing = source.folders === 'arrival' ? await firstLanded(lake, source) : await firstRaw(raw, source)
  const start = source.start === undefined ? undefined : folderCalendar(source).at(source.start).name
  return [standing, start].filter((name) => name !== undefined).sort()[0]
}

async function firstLanded(store: ObjectStore, { name }: Source): Promise<string | undefined> {
  const prefix = `${landedPrefix(name)}dt=`
  for await (const page of store.list({ prefix })) return page[0]?.key.slice(prefix.length).split('/')[0]
  return undefined
}

/** Undefined too where keys do not begin with the time: then the first key need not be of the first folder. */
async function firstRaw(store: ObjectStore, { key, keyZone }: Source): Promise<string | undefined> {
  if (!key.sorted || !key.text.startsWith('{yyyy}', key.prefix.length)) return undefined
  for await (const page of store.list({ prefix: key.prefix }))
    for (const info of page) {
      const at = isData(info.key.slice(info.key.lastIndexOf('/') + 1)) ? folderOfKey(key, zoneNamed(keyZone), info.key) : undefined
      if (at) return at.folder.name
    }
  return undefined
}

async function readHeader(store: ObjectStore, source: Source): Promise<string[] | undefined> {
  const [newest] = await findNewestObjects(store, source, { objects: 1, bytes: 0, folders: 1 })
  const packed = newest && (await store.getRange(newest.info.key, { start: 0, length: HEADER_BYTES }))
  if (!newest || !packed || !source.format.csv) return undefined
  const [line = ''] = unpackedStart(newest.info.key, packed).split(/\r?\n/)
  return splitCsvHeader(line.replace(/^\uFEFF/, ''), source.format.csv)
}

/** The text at the beginning of a file of which the rest is not there. */
function unpackedStart(key: string, bytes: Uint8Array): string {
  try {
    if (key.endsWith('.gz')) return zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()
    if (key.endsWith('.zst')) return zlib.zstdDecompressSync(bytes, { finishFlush: zlib.constants.ZSTD_e_flush }).toString()
    return Buffer.from(bytes).toString()
  } catch (cause) {
    throw new DataError(`${key} cannot be unpacked, so the columns of its header are not known`, {}, { cause })
  }
}
