import { outputKey } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { listOutputs, NO_OUTPUTS, type PartitionOutputs } from '../lake/outputs.ts'
import { type Catalog, type Feature, sourcesBelow } from '../model/catalog.ts'
import { folderDigest } from '../model/fingerprint.ts'
import { sha256 } from '../model/hash.ts'
import type { Calendar, Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import type { InputFolder } from './bound-input.ts'
import type { ListingOptions } from './listing-options.ts'

/** Lists the partitions of an input view whose time lies in `[start, end)`. */
export async function listViewFolders(
  { catalog, lake }: ListingOptions,
  need: { feature: Feature; start: Instant; end: Instant },
): Promise<ViewFolders> {
  const { version } = need.feature
  const calendar = viewCalendar(version)
  const start = startOf(catalog, need.feature)
  const from = Math.max(need.start, start ?? Number.NEGATIVE_INFINITY)
  const folders = new ViewFolders(calendar, start)
  if (from >= need.end || !Number.isFinite(from)) return folders
  const first = calendar.name(calendar.indexAt(from))
  const last = calendar.name(calendar.indexAt(need.end - 1))
  for (const [name, outputs] of await listOutputs(lake.store, version, first, last)) {
    if (outputs.output) folders.add(name, await outputFolder(lake, version, calendar.named(name), outputs))
    else if (outputs.rejected.length > 0) folders.addRejected(name)
  }
  return folders
}

/** The output of an input view as a folder: its sha256 stands for the ETag; one that no receipt names is fetched and hashed. */
async function outputFolder(
  lake: Lake,
  version: { readonly view: string; readonly version: string },
  partition: Partition,
  facts: PartitionOutputs = NO_OUTPUTS,
): Promise<InputFolder | undefined> {
  const { output } = facts
  if (!output) return undefined
  const key = outputKey(version.view, version.version, partition.name)
  const known = facts.receipts.find((receipt) => receipt.etag === output.etag)?.sha256
  const fetched = known ? undefined : await lake.store.get(key)
  if (!known && !fetched) return undefined
  const match = fetched ? fetched.info.etag : output.etag
  const object = { key, size: fetched ? fetched.info.size : output.size, etag: known ?? sha256(fetched?.bytes ?? new Uint8Array()), match }
  return { ...partition, objects: [object], digest: folderDigest([object]), bytes: object.size, marked: true }
}

/** The partitions of one input view as listed. */
export class ViewFolders {
  readonly start: Instant | undefined
  readonly #calendar: Calendar
  readonly #folders = new Map<number, InputFolder>()
  readonly #rejected = new Set<number>()
  readonly #made = new Map<number, { readonly partition: Partition; readonly folder: InputFolder | undefined }>()

  constructor(calendar: Calendar, start: Instant | undefined) {
    this.#calendar = calendar
    this.start = start
  }

  add(name: string, folder: InputFolder | undefined): void {
    if (folder) this.#folders.set(this.#calendar.indexOf(name), folder)
  }

  addRejected(name: string): void {
    this.#rejected.add(this.#calendar.indexOf(name))
  }

  /** Whether the partition was refused, and has no output from before. */
  isRejected(partition: Partition): boolean {
    return this.#rejected.has(this.#calendar.indexAt(partition.start))
  }

  /** Partitions whose end lies in `(start, end]`, the newest alone for `latest`; a partition that lies before the view's start is none. */
  endingIn(start: Instant, end: Instant, latest: boolean): { partition: Partition; folder: InputFolder | undefined }[] {
    const found: { partition: Partition; folder: InputFolder | undefined }[] = []
    const from = Number.isFinite(start) ? start : (this.#first() ?? end)
    if (from >= end) return found
    for (let index = this.#calendar.indexAt(from); ; index++) {
      const at = this.#at(index)
      if (at.partition.end > end) return latest ? found.slice(-1) : found
      if (at.partition.end > from && at.partition.end > at.partition.start) found.push(at)
    }
  }

  /** Made once per partition: every window that holds it asks. */
  #at(index: number): { readonly partition: Partition; readonly folder: InputFolder | undefined } {
    const known = this.#made.get(index)
    if (known) return known
    const folder = this.#folders.get(index)
    const made = { partition: folder ?? this.#calendar.partition(index), folder }
    this.#made.set(index, made)
    return made
  }

  #first(): Instant | undefined {
    let least: Instant | undefined
    for (const folder of this.#folders.values()) if (least === undefined || folder.start < least) least = folder.start
    return least
  }
}

/** The instant before which no source of the feature holds anything; undefined where one of them says no start. */
export function startOf(catalog: Catalog, feature: Feature): Instant | undefined {
  const sources = sourcesBelow(catalog, feature)
  if (sources.some((source) => source.start === undefined)) return undefined
  return Math.min(...sources.map((source) => source.start ?? Number.POSITIVE_INFINITY))
}
