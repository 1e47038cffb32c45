import { join } from 'node:path'
import pMap from 'p-map'
import { digestOfFile } from '../engine/compute.ts'
import { outputKey } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { listOutputs, type PartitionOutputs } from '../lake/outputs.ts'
import { featureKey, type ViewVersion } from '../model/catalog.ts'
import { ConflictError } from '../model/errors.ts'

const DOWNLOADS_AT_ONCE = 16
const ROUNDS_MAX = 5

/** One output on local disk. */
export interface LocalPartition {
  readonly file: string
  readonly sha256: string
}

/** The outputs of one version: listed once, each brought here at most once, however many features of a training set read them. */
export class TrainingTable {
  readonly version: ViewVersion
  readonly outputs: ReadonlyMap<string, PartitionOutputs>
  readonly #store: ObjectStore
  readonly #dir: string
  readonly #brought = new Map<string, Promise<LocalPartition>>()

  private constructor(version: ViewVersion, outputs: ReadonlyMap<string, PartitionOutputs>, place: { store: ObjectStore; dir: string }) {
    this.version = version
    this.outputs = outputs
    this.#store = place.store
    this.#dir = place.dir
  }

  /** Lists the partitions from `first` to `last`, both included; files go to the folder `dir`. */
  static async list(
    version: ViewVersion,
    range: { readonly first: string; readonly last: string },
    place: { readonly store: ObjectStore; readonly dir: string },
  ): Promise<TrainingTable> {
    const found = await listOutputs(place.store, version, range.first, range.last)
    return new TrainingTable(version, new Map([...found].filter(([, { output }]) => output)), place)
  }

  has(name: string): boolean {
    return this.outputs.has(name)
  }

  /** Brings partitions here, in their order. @throws ConflictError for one that keeps changing, or was deleted. */
  bring(names: readonly string[]): Promise<LocalPartition[]> {
    return pMap(names, (name) => this.#bringOnce(name), { concurrency: DOWNLOADS_AT_ONCE })
  }

  /** SHA-256 of partitions, in their order: as a receipt of the bytes that were listed says, else of what is brought. */
  digests(names: readonly string[]): Promise<string[]> {
    const known = (name: string) => {
      const { output, receipts = [] } = this.outputs.get(name) ?? {}
      return receipts.find((receipt) => receipt.etag === output?.etag)?.sha256
    }
    return pMap(names, async (name) => known(name) ?? (await this.#bringOnce(name)).sha256, { concurrency: DOWNLOADS_AT_ONCE })
  }

  #bringOnce(name: string): Promise<LocalPartition> {
    const known = this.#brought.get(name)
    if (known) return known
    const brought = this.#bring(name)
    this.#brought.set(name, brought)
    return brought
  }

  async #bring(name: string): Promise<LocalPartition> {
    const { view, version } = this.version
    const file = join(this.#dir, `${featureKey(view, version)}-${name}.parquet`)
    let facts = this.outputs.get(name)
    for (let round = 1; facts?.output && round <= ROUNDS_MAX; round++) {
      if (await this.#download(name, facts.output.etag, file)) {
        const { etag } = facts.output
        return { file, sha256: facts.receipts.find((receipt) => receipt.etag === etag)?.sha256 ?? (await digestOfFile(file)).sha256 }
      }
      // Live or a run wrote it meanwhile: the new one is as good.
      facts = (await listOutputs(this.#store, this.version, name, name)).get(name)
    }
    throw new ConflictError(`partition ${name} of ${view} was replaced or deleted while it was read; try again`)
  }

  async #download(name: string, etag: string, file: string): Promise<boolean> {
    try {
      return await this.#store.download(outputKey(this.version.view, this.version.version, name), file, { ifMatch: etag })
    } catch (error) {
      if (error instanceof ConflictError) return false
      throw error
    }
  }
}
