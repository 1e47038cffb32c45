import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Compression, readHead, thinObject } from '../engine/thin-object.ts'
import { objectHash } from '../lake/keys.ts'
import type { ObjectInfo, ObjectStore } from '../lake/object-store.ts'
import { DataError } from '../model/errors.ts'
import { type FormatKind, formatOfBytes } from '../model/infer/sniff-format.ts'

/** One raw object on local disk, unpacked and thinned where it is text. */
export interface BroughtObject {
  readonly info: ObjectInfo
  readonly file: string
  readonly kind: FormatKind
  readonly compression: Compression
}

const HEAD_BYTES = 65_536

/** Brings objects to a local folder, for looking into; the store is only read. Remove the files with `close`. */
export class SampleFolder {
  readonly #store: ObjectStore
  readonly #folder: string

  constructor(store: ObjectStore, scratch: string) {
    this.#store = store
    this.#folder = join(scratch, 'raw-sample')
  }

  /** The format that an object's bytes say; undefined for one that hindcast cannot read. */
  async kindOf(info: ObjectInfo): Promise<FormatKind | undefined> {
    const found = await this.#download(info, async (file) => formatOfBytes((await readHead(file, HEAD_BYTES)).head))
    return 'kind' in found ? found.kind : undefined
  }

  /** @throws DataError naming the object, for one that holds something else than `kind` or cannot be unpacked. */
  async bring(info: ObjectInfo, kind: FormatKind): Promise<BroughtObject> {
    const { key } = info
    const file = this.#path(key, 'lines')
    return this.#download(
      info,
      async (raw) => {
        const { head, compression } = await readHead(raw, HEAD_BYTES)
        const found = formatOfBytes(head)
        if (!('kind' in found) || found.kind !== kind) {
          const what = 'kind' in found ? FORMAT_NAMES[found.kind] : found.found
          throw new DataError(`${key} is no ${FORMAT_NAMES[kind]}; found ${what}`)
        }
        if (kind === 'parquet') return { info, file: raw, kind, compression }
        await thinObject(raw, file, { key, compression, isCsv: kind === 'csv' })
        return { info, file, kind, compression }
      },
      kind === 'parquet',
    )
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  #path(key: string, ending: string): string {
    return join(this.#folder, `${objectHash(key)}.${ending}`)
  }

  async #download<T>(info: ObjectInfo, work: (file: string) => Promise<T>, isKept = false): Promise<T> {
    await mkdir(this.#folder, { recursive: true })
    const file = this.#path(info.key, 'raw')
    await rm(file, { force: true })
    try {
      if (!(await this.#store.download(info.key, file, { ifMatch: info.etag }))) throw new DataError(`${info.key} is gone`)
      return await work(file)
    } finally {
      if (!isKept) await rm(file, { force: true })
    }
  }
}

export const FORMAT_NAMES: Record<FormatKind, string> = { parquet: 'Parquet', json: 'JSON lines', csv: 'CSV' }
