/**
 * What a report shows, of a lake or of one run, as plain data: whoever renders it decides only how it looks.
 */
import type { LocalEngine } from '../../engine/local-engine.ts'
import { type Claim, readClaims } from '../../lake/claims.ts'
import { type Formatted, readJson } from '../../lake/json-object.ts'
import { PUBLISHED_KEY } from '../../lake/keys.ts'
import type { Lake } from '../../lake/lake.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { listOutputs } from '../../lake/outputs.ts'
import { type Catalog, type Feature, featureKey } from '../../model/catalog.ts'
import type { Instant } from '../../model/zone.ts'
import { type ReadRunOptions, type RunRecord, readRun } from '../read-run.ts'
import { type SourceStatus, sourceStatus } from '../source-status.ts'
import { lookAtPartitions, type ViewStatus } from '../status.ts'
import { Workbench } from '../workbench.ts'
import { type StandingOutput, standingOutputs } from './bring-outputs.ts'
import { type NextCommand, nextCommands } from './commands.ts'
import { compareVersions, type VersionComparison } from './compare-versions.ts'
import { type Coverage, coverageOf } from './coverage.ts'
import { type Quarantine, readQuarantine } from './quarantine.ts'
import { lakeRange, type ReportRange, runRange } from './range.ts'
import { type RunLine, readRunLines } from './run-lines.ts'
import { readValues, type Values } from './values.ts'

/** One version of a view, as it stands when the report is made. */
export interface ReportedView {
  readonly view: string
  readonly version: string
  /** What it is for readers: a version may be published and be the newest one. */
  readonly published: boolean
  readonly candidate: boolean
  readonly description: string
  readonly owner?: string
  readonly entity: readonly string[]
  readonly grain: string
  readonly zone: string
  readonly status: ViewStatus
  readonly coverage: Coverage
  readonly values: Values
  readonly quarantine: Quarantine
}

export interface ReportPage {
  readonly format: 1
  /** When it was made, ISO. */
  readonly made: string
  readonly lake: string
  readonly engine: string
  /** There in the report of a run. */
  readonly run?: RunRecord
  readonly views: readonly ReportedView[]
  /** Versions that the run computed and that are live no more. */
  readonly goneViews: readonly string[]
  readonly compared: readonly VersionComparison[]
  readonly sources: readonly SourceStatus[]
  /** The newest runs, in the report of a lake, and those that could not be read. */
  readonly runs: readonly RunLine[]
  readonly brokenRuns: readonly string[]
  readonly claims: readonly Claim[]
  readonly commands: readonly NextCommand[]
}

export interface ReportEffects extends ReadRunOptions {
  readonly lake: Lake
  readonly engine: LocalEngine
  now(): Instant
}

/** The report of a lake: all views that live computes for readers or is about to. */
export async function lakePage(catalog: Catalog, effects: ReportEffects): Promise<ReportPage> {
  const { lake } = effects
  const published = await readPublishedVersions(lake.store)
  const shown = [...catalog.features.values()].filter(({ version: { view, version } }) => {
    return catalog.candidates.get(view) === version || published[view] === version
  })
  const ranges: Ranged[] = []
  for (const feature of shown) ranges.push({ feature, range: await lakeRange(feature, catalog, lake.store, effects.now()) })
  const runs = await readRunLines(lake.store, effects)
  return makePage({ catalog, effects, published }, ranges, runs)
}

/** The report of a run: what it did, and how its partitions stand now. @throws what `readRun` throws. */
export async function runPage(run: string, catalog: Catalog, effects: ReportEffects): Promise<ReportPage> {
  const record = await readRun(effects.lake.store, run, effects)
  const published = await readPublishedVersions(effects.lake.store)
  const goneViews: string[] = []
  const ranges = record.report.plan.views.flatMap(({ view, version, first, last }): Ranged[] => {
    const feature = catalog.features.get(featureKey(view, version))
    if (!feature) goneViews.push(featureKey(view, version))
    return feature && first !== undefined && last !== undefined ? [{ feature, range: runRange(feature, first, last) }] : []
  })
  const page = await makePage({ catalog, effects, published, run: record }, ranges, { runs: [], brokenRuns: [] })
  return { ...page, goneViews }
}

interface Ranged {
  readonly feature: Feature
  readonly range: ReportRange
}

interface Making {
  readonly catalog: Catalog
  readonly effects: ReportEffects
  readonly published: Readonly<Record<string, string>>
  readonly run?: RunRecord
}

async function makePage(making: Making, ranges: readonly Ranged[], runs: Pick<ReportPage, 'runs' | 'brokenRuns'>): Promise<ReportPage> {
  const { effects, catalog, run } = making
  const { lake, engine } = effects
  const bench = new Workbench(effects, 'report')
  try {
    const reported: { readonly view: ReportedView; readonly standing: readonly StandingOutput[] }[] = []
    for (const one of ranges) reported.push(await reportView(making, bench, one))
    const compared = await compareAll(making, bench, ranges, reported)
    const views = reported.map(({ view }) => view)
    const sources = await readSources(catalog, effects, ranges)
    const statuses = views.map(({ status }) => status)
    return {
      format: 1,
      made: new Date(effects.now()).toISOString(),
      lake: lake.store.location,
      engine: engine.build.id,
      ...(run && { run }),
      views,
      goneViews: [],
      compared,
      sources,
      ...runs,
      claims: await readClaims(lake.store, effects.now()),
      commands: nextCommands({ views: statuses, sources, compared, ...(run && { run }) }),
    }
  } finally {
    await bench.close()
  }
}

async function reportView(
  { catalog, effects, published }: Making,
  bench: Workbench,
  { feature, range }: Ranged,
): Promise<{ readonly view: ReportedView; readonly standing: readonly StandingOutput[] }> {
  const { version, settings } = feature
  const { store } = effects.lake
  const { status, states, outputs } = await lookAtPartitions(feature, range.partitions, catalog, effects)
  const standing = standingOutputs(
    range.partitions.map(({ name }) => name),
    outputs,
  )
  const view: ReportedView = {
    view: version.view,
    version: version.version,
    published: published[version.view] === version.version,
    candidate: catalog.candidates.get(version.view) === version.version,
    description: settings.description,
    ...(settings.owner !== undefined && { owner: settings.owner }),
    entity: version.entity,
    grain: version.grain,
    zone: version.zone,
    status,
    coverage: coverageOf(range, states),
    values: await readValues({ store, engine: effects.engine, bench }, feature, standing),
    quarantine: await readQuarantine(store, version),
  }
  return { view, standing }
}

/** Each view whose published version and candidate are both there and are not one. */
async function compareAll(
  making: Making,
  bench: Workbench,
  ranges: readonly Ranged[],
  reported: readonly { readonly view: ReportedView; readonly standing: readonly StandingOutput[] }[],
): Promise<VersionComparison[]> {
  const { catalog, effects, published } = making
  const tools = { store: effects.lake.store, engine: effects.engine, bench }
  const compared: VersionComparison[] = []
  for (const [at, { feature, range }] of ranges.entries()) {
    const { view, version } = feature.version
    const old = catalog.features.get(featureKey(view, published[view] ?? ''))
    if (!old || catalog.candidates.get(view) !== version || old.version.version === version) continue
    const names = range.partitions.map(({ name }) => name)
    const outputs = await listOutputs(effects.lake.store, old.version, names[0] ?? '', names.at(-1) ?? '')
    const standing = standingOutputs(names, outputs)
    const candidate = { version: feature.version, standing: reported[at]?.standing ?? [] }
    compared.push(await compareVersions(tools, { version: old.version, standing }, candidate))
  }
  return compared
}

async function readSources(catalog: Catalog, effects: ReportEffects, ranges: readonly Ranged[]): Promise<SourceStatus[]> {
  const bindings = ranges.flatMap(({ feature }) => feature.version.inputs)
  const used = new Set(bindings.flatMap((input) => (input.kind === 'source' ? [input.source] : [])))
  const found: SourceStatus[] = []
  for (const source of catalog.sources.values()) if (used.has(source.name)) found.push(await sourceStatus(source, effects))
  return found
}

async function readPublishedVersions(store: ObjectStore): Promise<Readonly<Record<string, string>>> {
  const found = await readJson<Formatted & { readonly views?: Readonly<Record<string, string>> }>(store, PUBLISHED_KEY)
  return found?.value.views ?? {}
}
