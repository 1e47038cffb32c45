import { open } from 'node:fs/promises'
import pMap from 'p-map'
import { type ByteRange, joinRanges, splitRanges, subtractRanges } from '../model/byte-range.ts'
import { TransientError } from '../model/errors.ts'
import type { ObjectStore } from './object-store.ts'

const GAP_BYTES_MAX = 1024 * 1024
/** What one request fetches, and with `REQUESTS_AT_ONCE` what lies in memory on its way to disk. */
const PIECE_BYTES_MAX = 8 * 1024 * 1024
const REQUESTS_AT_ONCE = 4

/** The object that is copied, and the local path at which nothing stands yet. */
export interface SparseCopyOptions {
  readonly store: ObjectStore
  readonly key: string
  readonly etag: string
  /** Bytes of the whole object. */
  readonly size: number
  readonly file: string
  /** A gap of so many bytes is fetched along: a request of its own takes longer than they do. */
  readonly gapBytesMax?: number
}

/**
 * A local file of an object's size that has the bytes which were asked for at their places, and holes elsewhere, which take no room on
 * disk. Every request demands the ETag, so that all bytes are of one object. S3 gives no checksum for a part of an object: TLS and the
 * length are what guard these bytes.
 */
export class SparseCopy {
  readonly #options: SparseCopyOptions
  #present: readonly ByteRange[] = []
  #last: Promise<unknown> | undefined

  constructor(options: SparseCopyOptions) {
    this.#options = options
  }

  /** Fetches what is missing of these bytes; false where there is no object. @throws ConflictError when it has another ETag. */
  fetch(ranges: readonly ByteRange[]): Promise<boolean> {
    const before = this.#last ?? this.#make()
    const turn = before.then(() => this.#fetch(ranges))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #make(): Promise<void> {
    const handle = await open(this.#options.file, 'wx')
    try {
      await handle.truncate(this.#options.size)
    } finally {
      await handle.close()
    }
  }

  async #fetch(ranges: readonly ByteRange[]): Promise<boolean> {
    const missing = joinRanges(subtractRanges(ranges, this.#present), this.#options.gapBytesMax ?? GAP_BYTES_MAX)
    if (missing.length === 0) return true
    const handle = await open(this.#options.file, 'r+')
    try {
      const pieces = splitRanges(missing, PIECE_BYTES_MAX)
      const fetchPiece = async ({ start, end }: ByteRange) => {
        const bytes = await this.#bytes(start, end - start)
        if (!bytes) return false
        await handle.write(bytes, 0, bytes.length, start)
        return true
      }
      const found = await pMap(pieces, fetchPiece, { concurrency: REQUESTS_AT_ONCE })
      if (found.includes(false)) return false
      this.#present = joinRanges([...this.#present, ...missing], 0)
      return true
    } finally {
      await handle.close()
    }
  }

  async #bytes(start: number, length: number): Promise<Uint8Array | undefined> {
    const { store, key, etag } = this.#options
    const bytes = await store.getRange(key, { start, length, ifMatch: etag })
    if (bytes === undefined || bytes.length === length) return bytes
    throw new TransientError(`${store.location}/${key} gave ${bytes.length} bytes from ${start} on; expected ${length}`)
  }
}
