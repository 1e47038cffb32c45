import type { Lake } from '../lake/lake.ts'
import { folderOfKey } from '../model/key-template.ts'
import type { Source } from '../model/source.ts'
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

const KEYS_MAX = 5
/** Objects looked at beside a source's folders: its parent may hold whole other data sets. */
const LOOKED_AT_MAX = 10_000

/** Collects keys that no template fits, while sources are listed. */
export class UnmatchedKeys {
  readonly #sources: readonly Source[]
  readonly #found = new Map<Source, Set<string>>()

  constructor(sources: Iterable<Source>) {
    this.#sources = [...sources]
  }

  /** Takes the key unless it is no data, or another source reads it. */
  add(source: Source, key: string): void {
    if (!isData(key.slice(key.lastIndexOf('/') + 1))) return
    const isRead = (other: Source) => other.bucket === source.bucket && folderOfKey(other.key, zoneNamed(other.keyZone), key) !== undefined
    if (this.#sources.some(isRead)) return
    this.#found.set(source, (this.#found.get(source) ?? new Set()).add(key))
  }

  /** Looks before and after all folders of a source, in two listings that are empty as a rule. */
  async lookBeside(source: Source, lake: Lake): Promise<void> {
    let lookedAt = 0
    for (const range of rangesBeside(source)) {
      for await (const page of lake.bucket(source.bucket).list(range)) {
        for (const { key } of page) this.add(source, key)
        lookedAt += page.length
        if (lookedAt >= LOOKED_AT_MAX) return
      }
    }
  }

  list(): Unmatched[] {
    return [...this.#found].map(([source, keys]) => ({
      source: source.name,
      template: source.key.text,
      objects: keys.size,
      keys: [...keys].sort().slice(0, KEYS_MAX),
    }))
  }
}

/** Everything under the last fixed folder of a sorted template but what begins with its prefix and a digit. */
function rangesBeside({ key }: Source): { prefix: string; from?: string; before?: string }[] {
  const area = key.prefix.slice(0, key.prefix.lastIndexOf('/') + 1)
  if (area === '' || !key.sorted) return []
  // ':' follows '9' in byte order.
  return [
    { prefix: area, before: `${key.prefix}0` },
    { prefix: area, from: `${key.prefix}:` },
  ]
}
