import { open } from 'node:fs/promises'
import type { LocalObject } from '../engine/local-object.ts'
import type { ParquetLayout, RowGroup } from '../engine/parquet-layout.ts'
import type { ObjectProfile } from '../engine/profile.ts'
import type { LocalInput } from '../engine/relation.ts'
import { groupsInside, type RowRange, type Stretch } from '../engine/row-group-times.ts'
import { attempt } from '../model/attempt.ts'
import type { ByteRange } from '../model/byte-range.ts'
import type { SourceBinding } from '../model/catalog.ts'
import { DataError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import type { Effects } from './effects.ts'

/** Parquet objects from this size on are read in part; smaller ones come whole in one request. */
export const LARGE_BYTES = 16 * 1024 * 1024
/** The end of an object, fetched at first: nearly every footer fits, and the bloom filters before it often do. */
const TAIL_BYTES = 512 * 1024
/** Length of the footer, then `PAR1`. */
const TRAILER_BYTES = 8

/** Brings these bytes of an object to its local file; throws where the object is not as it was listed. */
export type Fetch = (ranges: readonly ByteRange[]) => Promise<void>

export interface LargeObjectOptions {
  readonly engine: Effects['engine']
  readonly object: LocalObject
  readonly size: number
  /** Brings bytes of the object to the local file; absent where the file is whole. */
  readonly fetch?: Fetch
  /** Zone of the engine's session that is asked. */
  readonly zone?: string
  /** What is fetched first, from the object's end. */
  readonly tailBytes?: number
}

/**
 * A large Parquet object of which only what is read is brought: the footer, the event times, and of the other columns the row groups that
 * hold rows of a cut. Which rows a cut reads follows from the object alone, so the SQL is the same where the file is whole.
 */
export class LargeObject {
  readonly #options: LargeObjectOptions
  readonly #layouts = new Map<string, Promise<ParquetLayout | undefined>>()
  readonly #stretches = new Map<string, Promise<readonly Stretch[] | undefined>>()
  #footer: Promise<void> | undefined

  constructor(options: LargeObjectOptions) {
    this.#options = options
  }

  /** Brings what an object's profile is made from. */
  async bringTimes({ eventTime }: SourceBinding): Promise<void> {
    if (!this.#options.fetch) return
    const layout = await this.#layout(eventTime ? [eventTime.column] : [])
    if (!layout || layout.unknown.length > 0) await this.bringAll()
    else await this.#fetch(bytesOf(layout, layout.groups))
  }

  /** Brings the whole object. */
  async bringAll(): Promise<void> {
    await this.#fetch([{ start: 0, end: this.#options.size }])
  }

  /** Brings the columns of the rows that lie in the cut. @returns the rows to read; undefined: all of them. */
  async bringRows(
    input: Omit<LocalInput, 'objects'>,
    binding: SourceBinding,
    profile: ObjectProfile,
  ): Promise<readonly RowRange[] | undefined> {
    const names = new Set([...binding.columns.map(({ name }) => name), ...(binding.eventTime ? [binding.eventTime.column] : [])])
    // What the file does not have is NULL or comes from the key.
    const layout = await this.#layout([...names].filter((name) => name in profile.types))
    if (!layout || layout.unknown.length > 0) {
      await this.bringAll()
      return undefined
    }
    const stretches = isPart(input, binding, profile) && layout.groups.length > 1 ? await this.#times(binding, profile, layout) : undefined
    if (!stretches) {
      await this.#fetch(bytesOf(layout, layout.groups))
      return undefined
    }
    const inside = groupsInside(layout.groups, stretches, input)
    await this.#fetch(
      bytesOf(
        layout,
        inside.flatMap(({ index }) => layout.groups[index] ?? []),
      ),
    )
    return inside.length === layout.groups.length ? undefined : joinRows(inside)
  }

  #layout(columns: readonly string[]): Promise<ParquetLayout | undefined> {
    return remembered(this.#layouts, canonicalJson(columns), async () => {
      this.#footer ??= this.#bringFooter()
      await this.#footer
      const { engine, object, size, zone } = this.#options
      const tried = await attempt(() => engine.layout({ file: object.file, size }, columns, zone))
      if ('value' in tried) return tried.value
      // A footer that cannot be read is told by whoever reads the object, whole.
      if (tried.error instanceof DataError) return undefined
      throw tried.error
    })
  }

  #times(binding: SourceBinding, profile: ObjectProfile, { groups }: ParquetLayout): Promise<readonly Stretch[] | undefined> {
    const { engine, object, zone } = this.#options
    return remembered(this.#stretches, canonicalJson([binding.eventTime ?? null]), () =>
      engine.stretches(object, binding, { profile, groups }, zone),
    )
  }

  async #bringFooter(): Promise<void> {
    const { size, object, fetch, tailBytes = TAIL_BYTES } = this.#options
    if (!fetch) return
    await fetch([{ start: Math.max(0, size - tailBytes), end: size }])
    const start = size - TRAILER_BYTES - (await footerLength(object.file, size))
    await fetch([{ start: Math.max(0, start), end: size }])
  }

  async #fetch(ranges: readonly ByteRange[]): Promise<void> {
    await this.#options.fetch?.(ranges)
  }
}

function bytesOf({ blooms }: ParquetLayout, groups: readonly RowGroup[]): ByteRange[] {
  return [...groups.flatMap(({ ranges }) => ranges), ...blooms]
}

/** Whether rows of the object lie outside the cut, where that is known by time. */
function isPart({ start, end }: Omit<LocalInput, 'objects'>, binding: SourceBinding, { first, last }: ObjectProfile): boolean {
  if (!binding.eventTime || binding.window.kind === 'latest' || first === undefined || last === undefined) return false
  return (Number.isFinite(start) && first < BigInt(start) * 1000n) || last >= BigInt(end) * 1000n
}

function joinRows(groups: readonly RowRange[]): RowRange[] {
  const joined: RowRange[] = []
  for (const { start, end } of groups) {
    const last = joined.at(-1)
    if (last?.end === start) joined[joined.length - 1] = { start: last.start, end }
    else joined.push({ start, end })
  }
  return joined
}

/** Bytes of the footer as the file's end says; all of the file where it does not say. */
async function footerLength(file: string, size: number): Promise<number> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(TRAILER_BYTES), 0, TRAILER_BYTES, size - TRAILER_BYTES)
    return buffer.toString('latin1', 4) === 'PAR1' ? buffer.readUInt32LE(0) : size
  } finally {
    await handle.close()
  }
}

/** One answer per name; one that failed is asked again. */
function remembered<T>(known: Map<string, Promise<T>>, name: string, ask: () => Promise<T>): Promise<T> {
  const found = known.get(name)
  if (found) return found
  const answer = ask()
  known.set(name, answer)
  answer.catch(() => known.delete(name))
  return answer
}
