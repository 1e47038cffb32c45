import { InvalidInputError } from './errors.ts'
import type { Grain } from './partition.ts'
import type { EventTime, Source, SourceColumn, SourceFormat } from './source.ts'
import type { Window } from './window.ts'

/** One column of a feature table as the engine derived it from the SQL: its type there, before the bridge. */
export interface OutputColumn {
  readonly name: string
  readonly type: string
}

/** What a view's SQL can see of a source: the columns it reads, and how they are decoded. */
export interface SourceBinding {
  readonly kind: 'source'
  readonly name: string
  readonly window: Window
  readonly source: string
  readonly columns: readonly SourceColumn[]
  readonly eventTime?: EventTime
  readonly format: SourceFormat
}

/** What a view's SQL can see of another view: one version of it, whole. */
export interface ViewBinding {
  readonly kind: 'view'
  readonly name: string
  readonly window: Window
  readonly view: string
  readonly version: string
  readonly schema: readonly OutputColumn[]
  readonly grain: Grain
  readonly zone: string
}

export type InputBinding = SourceBinding | ViewBinding

/** Everything that decides a view's values, frozen under the hash of it: `registry/<view>/<version>.json`. */
export interface ViewVersion {
  readonly format: 1
  readonly view: string
  readonly version: string
  readonly sql: string
  readonly entity: readonly string[]
  readonly grain: Grain
  readonly zone: string
  readonly warmUp: 'skip' | 'compute'
  readonly inputs: readonly InputBinding[]
  /** All columns of the output in the order of the SQL. */
  readonly schema: readonly OutputColumn[]
}

/** A rule of `expect` or `warn`; one with an aggregate is evaluated once per partition, any other once per row. */
export interface Rule {
  readonly sql: string
  readonly perPartition: boolean
}

/** What changes freely without a new version: it lives in `registry/<view>.json`. */
export interface ViewSettings {
  readonly description: string
  readonly owner?: string
  readonly expect: readonly Rule[]
  readonly warn: readonly Rule[]
  readonly nonFinite: 'refuse' | 'allow'
  /** Share of rows that may be unreadable, by source that the view reads. */
  readonly badRows: Readonly<Record<string, number>>
  readonly repairMs: number
  readonly availableAfterMs: number
  readonly carryMs?: number
  readonly columns: Readonly<Record<string, string>>
  readonly absent: Readonly<Record<string, string | number | boolean | null>>
}

/** One version of a view with its settings: what a task computes. */
export interface Feature {
  readonly version: ViewVersion
  readonly settings: ViewSettings
}

/** Sources and features at one moment, from a definitions folder or from the registry of a lake. */
export interface Catalog {
  readonly sources: ReadonlyMap<string, Source>
  /** By `featureKey`; a feature's upstream versions are in it too. In an order in which each comes after what it reads. */
  readonly features: ReadonlyMap<string, Feature>
  /** The version that is meant when a request names a view: the newest registered one. */
  readonly candidates: ReadonlyMap<string, string>
}

/** What versions are added to that somebody asks for by name; whatever else is registered may be as it likes. */
export const EMPTY_CATALOG: Catalog = { sources: new Map(), features: new Map(), candidates: new Map() }

/** A view as a request names it: the version is that of its candidate unless it says another. */
export interface ViewRef {
  readonly view: string
  readonly version?: string
}

/** One version of a view. */
export interface VersionRef extends ViewRef {
  readonly version: string
}

/** `airport_week` or `airport_week@0a1b2c3d4e5f`. @throws InvalidInputError for a version that cannot be one. */
export function parseViewRef(text: string): ViewRef {
  const at = text.indexOf('@')
  if (at < 0) return { view: text }
  const [view, version] = [text.slice(0, at), text.slice(at + 1)]
  if (/^[0-9a-f]{12}$/.test(version)) return { view, version }
  throw new InvalidInputError(`'${text}' names no version; expected 12 hex digits after the @, as hindcast versions ${view} lists them`)
}

/** The feature that a request means by `view` or `view@version`. @throws InvalidInputError listing the views that there are. */
export function featureNamed(catalog: Catalog, name: string): Feature {
  const { view, version = catalog.candidates.get(view) } = parseViewRef(name)
  const feature = version === undefined ? undefined : catalog.features.get(featureKey(view, version))
  if (feature) return feature
  if (version !== undefined && catalog.candidates.has(view)) {
    throw new InvalidInputError(`view ${view} has no version ${version}; hindcast versions ${view} lists those that are kept`)
  }
  throw new InvalidInputError(
    `there is no view '${view}'; expected one of ${[...catalog.candidates.keys()].sort().join(', ') || '(none are defined)'}`,
  )
}

/** @throws InvalidInputError listing the sources that there are. */
export function sourceNamed(catalog: Catalog, name: string): Source {
  const source = catalog.sources.get(name)
  if (source) return source
  throw new InvalidInputError(
    `there is no source '${name}'; expected one of ${[...catalog.sources.keys()].sort().join(', ') || '(none are defined)'}`,
  )
}

/** What a request writes to mean this version: the view's name alone where that is enough. */
export function requestName(catalog: Catalog, { view, version }: VersionRef): string {
  return catalog.candidates.get(view) === version ? view : featureKey(view, version)
}

/** `view@version`. */
export function featureKey(view: string, version: string): string {
  return `${view}@${version}`
}

/** Features that read this view version or this source, with the binding through which they do. */
export function readersOf(catalog: Catalog, input: { readonly source: string } | { readonly view: string; readonly version: string }) {
  const found: { readonly feature: Feature; readonly binding: InputBinding }[] = []
  for (const feature of catalog.features.values()) {
    for (const binding of feature.version.inputs) {
      const reads =
        'source' in input
          ? binding.kind === 'source' && binding.source === input.source
          : binding.kind === 'view' && binding.view === input.view && binding.version === input.version
      if (reads) found.push({ feature, binding })
    }
  }
  return found
}

/** All sources below a feature, its own and those of the views it reads. */
export function sourcesBelow(catalog: Catalog, feature: Feature): Source[] {
  const found = new Map<string, Source>()
  const visit = (version: ViewVersion): void => {
    for (const binding of version.inputs) {
      if (binding.kind === 'source') {
        const source = catalog.sources.get(binding.source)
        if (source) found.set(source.name, source)
      } else {
        const upstream = catalog.features.get(featureKey(binding.view, binding.version))
        if (upstream) visit(upstream.version)
      }
    }
  }
  visit(feature.version)
  return [...found.values()]
}
