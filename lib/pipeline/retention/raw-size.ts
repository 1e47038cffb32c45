import type { Lake } from '../../lake/lake.ts'
import { folderOfKey } from '../../model/key-template.ts'
import type { Partition } from '../../model/partition.ts'
import type { Source } from '../../model/source.ts'
import { type ObjectSizes, SMALL_BYTES } from '../../model/storage-price.ts'
import { type Instant, zoneNamed } from '../../model/zone.ts'

const DAY_MS = 86_400_000
/** The newest days of data from which the size of a day is taken: sources grow. */
const RECENT_DAYS = 30

/** What lies under a source's keys. */
export interface RawSize extends ObjectSizes {
  readonly first?: string
  readonly last?: string
  /** Average over the newest 30 days that the folders span. */
  readonly perDay: ObjectSizes
  /** Bytes by the start of their folder, in order of time. */
  readonly folders: readonly { readonly folder: Partition; readonly bytes: number }[]
}

const NOTHING: ObjectSizes = { objects: 0, bytes: 0, small: 0, smallBytes: 0 }

/** Lists every raw object of the source. */
export async function readRawSize(lake: Lake, source: Source): Promise<RawSize> {
  const zone = zoneNamed(source.keyZone)
  const found = new Map<Instant, { readonly folder: Partition; sizes: ObjectSizes }>()
  for await (const page of lake.bucket(source.bucket).list({ prefix: source.key.prefix })) {
    for (const { key, size } of page) {
      const folder = folderOfKey(source.key, zone, key)?.folder
      if (!folder) continue
      const { sizes } = found.get(folder.start) ?? { sizes: NOTHING }
      found.set(folder.start, { folder, sizes: add(sizes, sizeOf(size)) })
    }
  }
  const folders = [...found.values()].sort((a, b) => a.folder.start - b.folder.start)
  const [first, last] = [folders[0]?.folder, folders.at(-1)?.folder]
  const total = folders.reduce((sum, { sizes }) => add(sum, sizes), NOTHING)
  return {
    ...total,
    ...(first && last && { first: first.name, last: last.name }),
    perDay: first && last ? perDay(folders, first.start, last.end) : NOTHING,
    folders: folders.map(({ folder, sizes }) => ({ folder, bytes: sizes.bytes })),
  }
}

function perDay(
  folders: readonly { readonly folder: Partition; readonly sizes: ObjectSizes }[],
  first: Instant,
  end: Instant,
): ObjectSizes {
  const from = Math.max(first, end - RECENT_DAYS * DAY_MS)
  const days = Math.max(1, (end - from) / DAY_MS)
  const sum = folders.filter(({ folder }) => folder.start >= from).reduce((all, { sizes }) => add(all, sizes), NOTHING)
  return times(sum, 1 / days)
}

function sizeOf(bytes: number): ObjectSizes {
  return bytes < SMALL_BYTES ? { objects: 1, bytes, small: 1, smallBytes: bytes } : { objects: 1, bytes, small: 0, smallBytes: 0 }
}

function add(a: ObjectSizes, b: ObjectSizes): ObjectSizes {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes, small: a.small + b.small, smallBytes: a.smallBytes + b.smallBytes }
}

/** So many days of what a day takes. */
export function times(sizes: ObjectSizes, factor: number): ObjectSizes {
  const { objects, bytes, small, smallBytes } = sizes
  return { objects: objects * factor, bytes: bytes * factor, small: small * factor, smallBytes: smallBytes * factor }
}
