import type { Feature, InputBinding, SourceBinding, ViewBinding } from '../model/catalog.ts'
import { featureKey, requestName } from '../model/catalog.ts'
import { InternalError } from '../model/errors.ts'
import { fingerprint } from '../model/fingerprint.ts'
import type { Partition } from '../model/partition.ts'
import type { Source } from '../model/source.ts'
import type { Readiness } from '../model/states.ts'
import { viewCalendar } from '../model/view.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import type { BoundInput, InputFolder, PartitionInputs } from './bound-input.ts'
import type { ListingOptions } from './listing-options.ts'
import { folderReadiness, graceOf, noFolderYet, notEnded, READY, warmUpOf, worst } from './readiness.ts'
import { listSourceFolders, type SourceFolders } from './source-folders.ts'
import { listViewFolders, startOf, type ViewFolders } from './view-folders.ts'

/**
 * Everything that a set of partitions reads, listed once per source and input view over the whole range that they need, and the
 * readiness and fingerprint of each partition from it. A listing is a picture of one moment: to look again, make a new one.
 */
export class InputListing {
  readonly #options: ListingOptions
  readonly #sources = new Map<string, SourceFolders>()
  readonly #views = new Map<string, ViewFolders>()
  readonly #starts = new Map<Feature, Instant | undefined>()
  readonly #missingOf = new Map<ViewBinding, Map<Instant, Readiness>>()

  private constructor(options: ListingOptions) {
    this.#options = options
  }

  /** Lists what the partitions (in order of time) of each feature read. */
  static async load(
    options: ListingOptions,
    needs: readonly { readonly feature: Feature; readonly partitions: readonly Partition[] }[],
  ): Promise<InputListing> {
    const listing = new InputListing(options)
    await listing.#load(needs)
    return listing
  }

  async #load(needs: readonly { readonly feature: Feature; readonly partitions: readonly Partition[] }[]): Promise<void> {
    const sources = new Map<string, { source: Source; start: Instant; end: Instant }>()
    const views = new Map<string, { feature: Feature; start: Instant; end: Instant }>()
    for (const { feature, partitions } of needs) {
      const [first, last] = [partitions[0], partitions.at(-1)]
      if (!first || !last) continue
      for (const binding of feature.version.inputs) {
        const start = this.cutStart(feature, binding, first)
        if (binding.kind === 'source') widen(sources, binding.source, { source: this.#source(binding), start, end: last.end })
        else widen(views, featureKey(binding.view, binding.version), { feature: this.#feature(binding), start, end: last.end })
      }
    }
    await Promise.all([
      ...[...sources.values()].map(async (need) => this.#sources.set(need.source.name, await listSourceFolders(this.#options, need))),
      ...[...views].map(async ([key, need]) => this.#views.set(key, await listViewFolders(this.#options, need))),
    ])
  }

  /** Where the cut of a binding begins for a partition; `all` and `latest` begin at the start of what is read. */
  cutStart(feature: Feature, binding: InputBinding, partition: Partition): Instant {
    if (binding.window.kind === 'duration') return windowStart(binding.window.length, partition.end, zoneNamed(feature.version.zone))
    const start = binding.kind === 'source' ? this.#source(binding).start : startOf(this.#options.catalog, this.#feature(binding))
    if (binding.kind === 'view' && binding.window.kind === 'latest') {
      const calendar = viewCalendar(binding)
      return calendar.start(calendar.indexAt(partition.end) - 1)
    }
    return start ?? Number.NEGATIVE_INFINITY
  }

  /** The partition's inputs as listed. The feature and partition must have been among the needs of `load`. */
  inputs(feature: Feature, partition: Partition): PartitionInputs {
    const bound = feature.version.inputs.map((binding) =>
      binding.kind === 'source' ? this.#bindSource(feature, binding, partition) : this.#bindView(feature, binding, partition),
    )
    const folders = bound.map(({ input }) => ({ name: input.binding.name, folders: input.folders }))
    const readiness =
      partition.end > this.#options.now
        ? notEnded(partition)
        : worst([this.#beforeStart(feature, partition), ...bound.map((one) => one.readiness)])
    return { readiness, fingerprint: fingerprint(feature.version.version, partition, folders), inputs: bound.map((one) => one.input) }
  }

  /** Before the start of everything that it reads there is nothing to compute, even for a view that computes its warm-up. */
  #beforeStart(feature: Feature, partition: Partition): Readiness {
    if (!this.#starts.has(feature)) this.#starts.set(feature, startOf(this.#options.catalog, feature))
    const start = this.#starts.get(feature)
    if (start === undefined || partition.end > start) return READY
    return { kind: 'warming_up', reason: 'it lies before the start of all its sources' }
  }

  #bindSource(feature: Feature, binding: SourceBinding, partition: Partition): { input: BoundInput; readiness: Readiness } {
    const source = this.#source(binding)
    const listed = this.#sources.get(source.name)
    if (!listed) throw new InternalError(`source ${source.name} was not listed`)
    const cut = this.cutStart(feature, binding, partition)
    const latest = binding.window.kind === 'latest' ? listed.latestBefore(partition.end) : undefined
    const start = Math.max(cut, source.start ?? Number.NEGATIVE_INFINITY)
    const folders = binding.window.kind === 'latest' ? (latest ? [latest] : []) : listed.touching(start, partition.end)
    const readiness = worst([
      graceOf(source, partition, this.#options.now),
      warmUpOf(feature, source, cut, partition, binding),
      ...(binding.window.kind === 'latest' && !latest ? [noFolderYet(source, partition)] : []),
      ...folders.map((folder) => folderReadiness(source, folder, this.#options.now)),
      ...listed.rejectedIn(start, partition.end),
    ])
    return { input: { binding, start, end: partition.end, folders }, readiness }
  }

  #bindView(feature: Feature, binding: ViewBinding, partition: Partition): { input: BoundInput; readiness: Readiness } {
    const listed = this.#views.get(featureKey(binding.view, binding.version))
    if (!listed) throw new InternalError(`view ${binding.view} was not listed`)
    const cut = this.cutStart(feature, binding, partition)
    const start = Math.max(cut, listed.start ?? Number.NEGATIVE_INFINITY)
    const needed = listed.endingIn(start, partition.end, binding.window.kind === 'latest')
    const reads = { folders: [] as InputFolder[], states: [] as Readiness[] }
    for (const { partition: upstream, folder } of needed) {
      if (folder) reads.folders.push(folder)
      else reads.states.push(this.#missing(feature, binding, upstream))
    }
    const warming = listed.start !== undefined && cut < listed.start && binding.window.kind === 'duration'
    if (warming && feature.version.warmUp === 'skip') {
      reads.states.push({ kind: 'warming_up', reason: `the window of ${binding.name} reaches before the start of ${binding.view}` })
    }
    return { input: { binding, start: cut, end: partition.end, folders: reads.folders }, readiness: worst(reads.states) }
  }

  /** As `#missingUpstream`, once per binding and partition: each partition of a reader asks for its whole window. */
  #missing(feature: Feature, binding: ViewBinding, upstream: Partition): Readiness {
    const known = this.#missingOf.get(binding) ?? new Map<Instant, Readiness>()
    this.#missingOf.set(binding, known)
    const readiness = known.get(upstream.start) ?? this.#missingUpstream(feature, binding, upstream)
    known.set(upstream.start, readiness)
    return readiness
  }

  /** A partition of an input view that is not there: never to come while it warms up, else awaited. */
  #missingUpstream(feature: Feature, binding: ViewBinding, upstream: Partition): Readiness {
    if (this.isWarmingUp(this.#feature(binding), upstream)) {
      if (feature.version.warmUp === 'compute') return READY
      return { kind: 'warming_up', reason: `partition ${upstream.name} of ${binding.view} is in its warm-up` }
    }
    if (upstream.end > this.#options.now) return { kind: 'pending', reason: `partition ${upstream.name} of ${binding.view} has not ended` }
    const partition = `partition ${upstream.name} of ${binding.view}`
    const name = requestName(this.#options.catalog, binding)
    const remedy = `hindcast backfill ${name} --from ${upstream.name} --to ${upstream.name}`
    if (!this.#views.get(featureKey(binding.view, binding.version))?.isRejected(upstream))
      return { kind: 'blocked', reason: `${partition} is missing`, remedy }
    return {
      kind: 'blocked',
      reason: `${partition} was rejected`,
      remedy: `correct what 'hindcast explain ${name} ${upstream.name}' names; then ${remedy}`,
    }
  }

  /** Whether a view never computes this partition because a window reaches before a start and it skips those. */
  isWarmingUp(feature: Feature, partition: Partition): boolean {
    if (feature.version.warmUp !== 'skip') return false
    return feature.version.inputs.some((binding) => {
      if (binding.window.kind === 'all') return false
      const cut = this.cutStart(feature, binding, partition)
      if (binding.kind === 'source') {
        const start = this.#source(binding).start
        if (start === undefined) return false
        return binding.window.kind === 'latest' ? partition.end <= start : cut < start
      }
      const upstream = this.#feature(binding)
      const start = startOf(this.#options.catalog, upstream)
      if (start !== undefined && binding.window.kind === 'duration' && cut < start) return true
      const calendar = viewCalendar(upstream.version)
      const first = calendar.touching(cut, partition.end).find((one) => one.end > cut)
      return first !== undefined && this.isWarmingUp(upstream, first)
    })
  }

  #source(binding: SourceBinding): Source {
    const source = this.#options.catalog.sources.get(binding.source)
    if (!source) throw new InternalError(`source ${binding.source} is not in the catalog`)
    return source
  }

  #feature(binding: ViewBinding): Feature {
    const feature = this.#options.catalog.features.get(featureKey(binding.view, binding.version))
    if (!feature) throw new InternalError(`view ${binding.view} version ${binding.version} is not in the catalog`)
    return feature
  }
}

function widen<T extends { start: Instant; end: Instant }>(needs: Map<string, T>, name: string, need: T): void {
  const old = needs.get(name)
  if (!old) needs.set(name, need)
  else needs.set(name, { ...old, start: Math.min(old.start, need.start), end: Math.max(old.end, need.end) })
}
