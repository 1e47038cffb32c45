/** Registers definitions: frozen as candidates, unless that breaks who reads a view under its name. */
import * as z from 'zod'
import type { ObjectStore } from '../lake/object-store.ts'
import { readPublished } from '../lake/published.ts'
import { type Registered, readCatalog, withVersions, writeRegistry } from '../lake/registry.ts'
import { readEntry } from '../lake/view-entry.ts'
import { type Catalog, EMPTY_CATALOG, featureKey, type VersionRef, type ViewVersion } from '../model/catalog.ts'
import { baseName } from '../model/definition-schema.ts'
import { InvalidInputError } from '../model/errors.ts'
import { parseYaml } from '../model/yaml-document.ts'
import type { Instant } from '../model/zone.ts'
import type { DefinitionFile } from './load-definitions.ts'

export interface RegisterOptions {
  readonly now: Instant
  /** A changed grain, entity or zone under the same name is meant. */
  readonly breaking: boolean
  /** The definition files, for the training sets among them. */
  readonly files: readonly DefinitionFile[]
}

/** @throws InvalidInputError naming every view whose grain, entity or zone changed and who reads it; then nothing was registered. */
export async function registerDefinitions(store: ObjectStore, catalog: Catalog, options: RegisterOptions): Promise<Registered[]> {
  const broken = options.breaking ? [] : await breakingChanges(store, catalog, options)
  if (broken.length > 0) throw new InvalidInputError(broken.join('\n'))
  return writeRegistry(store, catalog, options.now)
}

async function breakingChanges(store: ObjectStore, catalog: Catalog, options: RegisterOptions): Promise<string[]> {
  const changed: string[] = []
  for (const { version } of catalog.features.values()) {
    const before = await registeredBefore(store, version)
    const first = before[0]
    // What is published or the candidate already is no change.
    if (!first || before.some((old) => changesOf(old, version).length === 0)) continue
    const dependents = await dependentsOf(version.view, store, catalog, options)
    changed.push(render(first, version, dependents, new Set([...catalog.candidates.keys(), ...catalog.sources.keys()])))
  }
  return changed
}

/** The published version and the candidate of a view. */
async function registeredBefore(store: ObjectStore, { view, version }: ViewVersion): Promise<ViewVersion[]> {
  const entry = await readEntry(store, view)
  if (!entry || entry.retired !== undefined || entry.candidate === version) return []
  const published = (await readPublished(store)).value.views[view]
  const refs: VersionRef[] = [...(published === undefined ? [] : [published]), entry.candidate].map((one) => ({ view, version: one }))
  const { features } = await withVersions(store, EMPTY_CATALOG, refs)
  return refs.flatMap((ref) => features.get(featureKey(ref.view, ref.version))?.version ?? [])
}

interface Change {
  readonly what: 'grain' | 'entity' | 'zone'
  readonly from: string
  readonly to: string
}

function changesOf(old: ViewVersion, now: ViewVersion): Change[] {
  const changes: Change[] = [
    { what: 'grain', from: old.grain, to: now.grain },
    { what: 'entity', from: old.entity.join(', '), to: now.entity.join(', ') },
    { what: 'zone', from: old.zone, to: now.zone },
  ]
  return changes.filter(({ from, to }) => from !== to)
}

/** Views and training sets that name the view: in the folder, and views that live computes. */
async function dependentsOf(view: string, store: ObjectStore, catalog: Catalog, { now, files }: RegisterOptions) {
  const features = [...catalog.features.values(), ...(await readCatalog(store, now)).features.values()]
  const reads = features.filter(({ version }) => version.inputs.some((binding) => binding.kind === 'view' && binding.view === view))
  const views = [...new Set(reads.map(({ version }) => version.view))].sort()
  return { views, trainingSets: trainingSetsOn(files, view) }
}

/** The training sets among the definition files that name the view. */
export function trainingSetsOn(files: readonly DefinitionFile[], view: string): string[] {
  return files.filter((file) => trainsOn(file, view)).map(({ file }) => baseName(file, TRAINING))
}

const TRAINING = '.training.yaml'
const trainingFile = z.looseObject({ features: z.array(z.looseObject({ view: z.string() })) })

function trainsOn({ file, text }: DefinitionFile, view: string): boolean {
  if (!file.endsWith(TRAINING)) return false
  return parseYaml(text, trainingFile, { file }).value?.features.some((feature) => feature.view === view) ?? false
}

function render(
  old: ViewVersion,
  now: ViewVersion,
  dependents: { readonly views: readonly string[]; readonly trainingSets: readonly string[] },
  taken: ReadonlySet<string>,
): string {
  const changes = changesOf(old, now)
  const told = changes.map(({ what, from, to }) => `${what} ${from} to ${to}`).join(', ')
  const { views, trainingSets } = dependents
  const breaks = [
    ...(views.length > 0 ? [`view${views.length > 1 ? 's' : ''} ${views.join(', ')}`] : []),
    ...(trainingSets.length > 0 ? [`training set${trainingSets.length > 1 ? 's' : ''} ${trainingSets.join(', ')}`] : []),
  ]
  const whom = breaks.length > 0 ? `that breaks ${breaks.join(' and ')}` : 'no view or training set names it yet'
  const name = betterName(now, changes, taken)
  return `view ${now.view} changes ${told} under the same name, ${whom}; expected a name of its own such as ${name}, or hindcast register --breaking`
}

const GRAINS = { hour: 'hourly', day: 'daily', month: 'monthly' } as const

/** A name that says what changed: `airport_hourly`, `airport_by_carrier`, `airport_new_york`. */
function betterName({ view, grain, entity, zone }: ViewVersion, changes: readonly Change[], taken: ReadonlySet<string>): string {
  const what = changes[0]?.what
  const stem = what === 'grain' ? view.replace(/_(hour|hourly|day|daily|month|monthly)$/, '') : view
  const place = zone
    .slice(zone.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
  const ending = what === 'grain' ? GRAINS[grain] : what === 'entity' ? `by_${entity.join('_')}` : place
  let name = `${stem}_${ending}`
  for (let count = 2; taken.has(name); count++) name = `${stem}_${ending}_${count}`
  return name
}
