import type { Lake } from '../lake/lake.ts'
import { folderOfKey, folderStart, mayHold } from '../model/key-template.ts'
import type { Source } from '../model/source.ts'
import { count } from '../model/words.ts'
import { zoneNamed } from '../model/zone.ts'
import { isData } from './source-folders.ts'

/** Data beside a source's folders that its key template does not fit: nobody reads it. */
export interface Unmatched {
  readonly source: string
  readonly template: string
  readonly objects: number
  /** The first few. */
  readonly keys: readonly string[]
}

export function renderUnmatched({ source, template, objects, keys }: Unmatched): string {
  const misfit = objects === 1 ? 'key does' : 'keys do'
  return `not read: ${count(objects, 'object')} of ${source} whose ${misfit} not fit ${template}, such as ${keys.join(', ')}`
}

const KEYS_MAX = 5
/** Objects looked at beside a source's folders: its parent may hold whole other data sets. */
const LOOKED_AT_MAX = 10_000
/** What a listing counts at least: it is a request, however little it finds. */
const LISTING_COUNTS = 100

/** Collects keys of data that no template fits: those met where sources are listed, and those beside what was listed. */
export class UnmatchedKeys {
  readonly #sources: readonly Source[]
  readonly #found = new Map<Source, Set<string>>()
  /** Where the first and the last folder of each listing begin. */
  readonly #edges = new Map<Source, string[]>()

  constructor(sources: Iterable<Source>) {
    this.#sources = [...sources]
  }

  /** A listing of the source begins or ends with these folders; what its template does not fit between them is given to `add`. */
  noteEdges(source: Source, ...names: readonly (string | undefined)[]): void {
    const edges = names.flatMap((name) => (name === undefined ? [] : (folderStart(source.key, name) ?? [])))
    this.#edges.set(source, [...(this.#edges.get(source) ?? []), ...edges])
  }

  /** Takes the key unless it is no data, or another source reads it. */
  add(source: Source, key: string): void {
    const area = areaOf(source)
    if (!isBeside(area, key) || !key.slice(area.length).split('/').every(isData)) return
    const isRead = (other: Source) => other.bucket === source.bucket && folderOfKey(other.key, zoneNamed(other.keyZone), key) !== undefined
    if (this.#sources.some(isRead)) return
    this.#found.set(source, (this.#found.get(source) ?? new Set()).add(key))
  }

  /**
   * Looks at the names beside all folders of a source and, where folders lie in folders, beside those where a listing began or ended:
   * a mistyped time, such as `dt=2001-3-5`, sorts behind the month or year that it is meant to be in.
   */
  async lookBeside(source: Source, lake: Lake): Promise<void> {
    const store = lake.bucket(source.bucket)
    const zone = zoneNamed(source.keyZone)
    const edges = this.#edges.get(source) ?? []
    const area = areaOf(source)
    const folders = [area]
    let left = LOOKED_AT_MAX
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for await (const page of store.listNames(folder)) {
        for (const name of page) {
          if (!isBeside(area, name)) continue
          if (!name.endsWith('/')) this.add(source, name)
          else if (!mayHold(source.key, zone, name)) left -= await this.#addBelow(source, lake, name, left)
          else if (edges.some((edge) => edge !== name && edge.startsWith(name))) folders.push(name)
        }
      }
    }
  }

  keysOf(source: Source): string[] {
    return [...(this.#found.get(source) ?? [])].sort()
  }

  of(source: Source): Unmatched | undefined {
    const keys = this.keysOf(source)
    if (keys.length === 0) return undefined
    return { source: source.name, template: source.key.text, objects: keys.length, keys: keys.slice(0, KEYS_MAX) }
  }

  list(): Unmatched[] {
    return this.#sources.flatMap((source) => this.of(source) ?? [])
  }

  /** Takes the objects below a folder; how many it counts for, up to a page above `most`. */
  async #addBelow(source: Source, lake: Lake, folder: string, most: number): Promise<number> {
    let objects = 0
    if (most <= 0) return objects
    for await (const page of lake.bucket(source.bucket).list({ prefix: folder })) {
      for (const { key } of page) this.add(source, key)
      objects += page.length
      if (objects >= most) break
    }
    return Math.max(objects, LISTING_COUNTS)
  }
}

/** The last fixed folder of a template; in the root of a bucket, where everything else lies too, what the keys begin with. */
function areaOf({ key }: Source): string {
  return key.prefix.slice(0, key.prefix.lastIndexOf('/') + 1) || key.prefix
}

/** Of a root whose folders begin with the year, only what begins with a digit. */
function isBeside(area: string, key: string): boolean {
  return area !== '' || /^\d/.test(key)
}
