/**
 * What a report shows, of a lake or of one run, as plain data: whoever renders it decides only how it looks.
 */
import type { LocalEngine } from '../../engine/local-engine.ts'
import { type Claim, readClaims } from '../../lake/claims.ts'
import type { Lake } from '../../lake/lake.ts'
import { readPublished } from '../../lake/published.ts'
import { type Catalog, featureKey } from '../../model/catalog.ts'
import type { Instant } from '../../model/zone.ts'
import { type ReadRunOptions, type RunRecord, readRun } from '../read-run.ts'
import { type SourceStatus, sourceStatus } from '../source-status.ts'
import { UnmatchedKeys } from '../unmatched.ts'
import { Workbench } from '../workbench.ts'
import { type AlsoLive, alsoLive } from './also-live.ts'
import { type NextCommand, nextCommands } from './commands.ts'
import type { VersionComparison } from './compare-versions.ts'
import { publishTogether } from './publish-together.ts'
import { lakeRange, runRange } from './range.ts'
import { comparePublished, type Making, type Ranged, type ReportedView, reportView } from './reported-view.ts'
import { type RunLine, readRunLines } from './run-lines.ts'

export interface ReportPage {
  readonly format: 1
  /** When it was made, ISO. */
  readonly made: string
  readonly lake: string
  readonly engine: string
  /** There in the report of a run. */
  readonly run?: RunRecord
  readonly views: readonly ReportedView[]
  /** Versions that live computes too and that are not shown: what was published before, and what is pinned. */
  readonly alsoLive: readonly AlsoLive[]
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
  const published = (await readPublished(lake.store)).value
  const shown = [...catalog.features.values()].filter(({ version: { view, version } }) => {
    return catalog.candidates.get(view) === version || published.views[view] === version
  })
  const ranges: Ranged[] = []
  for (const feature of shown) ranges.push({ feature, range: await lakeRange(feature, catalog, lake.store, effects.now()) })
  const runs = await readRunLines(lake.store, effects)
  return makePage({ catalog, effects, published }, ranges, runs)
}

/** The report of a run: what it did, and how its partitions stand now. @throws what `readRun` throws. */
export async function runPage(run: string, catalog: Catalog, effects: ReportEffects): Promise<ReportPage> {
  const record = await readRun(effects.lake.store, run, effects)
  const published = (await readPublished(effects.lake.store)).value
  const goneViews: string[] = []
  const ranges = record.report.plan.views.flatMap(({ view, version, first, last }): Ranged[] => {
    const feature = catalog.features.get(featureKey(view, version))
    if (!feature) goneViews.push(featureKey(view, version))
    return feature && first !== undefined && last !== undefined ? [{ feature, range: runRange(feature, first, last) }] : []
  })
  const page = await makePage({ catalog, effects, published, run: record }, ranges, { runs: [], brokenRuns: [] })
  return { ...page, goneViews }
}

async function makePage(
  making: Making & { readonly effects: ReportEffects; readonly run?: RunRecord },
  ranges: readonly Ranged[],
  runs: Pick<ReportPage, 'runs' | 'brokenRuns'>,
): Promise<ReportPage> {
  const { effects, catalog, published, run } = making
  const { lake, engine } = effects
  const bench = new Workbench(effects, 'report')
  const unmatched = new UnmatchedKeys(catalog.sources.values())
  try {
    const views: ReportedView[] = []
    const compared: VersionComparison[] = []
    for (const one of ranges) {
      const { view, standing } = await reportView({ ...making, effects: { ...effects, unmatched } }, bench, one)
      views.push(view)
      compared.push(...(await comparePublished(making, bench, { ...one, standing })))
    }
    const sources = await readSources(catalog, { ...effects, unmatched }, ranges)
    const statuses = views.map(({ status }) => status)
    return {
      format: 1,
      made: new Date(effects.now()).toISOString(),
      lake: lake.store.location,
      engine: engine.build.id,
      ...(run && { run }),
      views,
      alsoLive: run ? [] : alsoLive(catalog, making.published),
      goneViews: [],
      compared,
      sources,
      ...runs,
      claims: await readClaims(lake.store, effects.now()),
      commands: nextCommands({
        views: statuses,
        sources,
        compared,
        ...(run && { run }),
        together: (view) => publishTogether(view, catalog, published),
      }),
    }
  } finally {
    await bench.close()
  }
}

async function readSources(
  catalog: Catalog,
  effects: ReportEffects & { readonly unmatched: UnmatchedKeys },
  ranges: readonly Ranged[],
): Promise<SourceStatus[]> {
  const bindings = ranges.flatMap(({ feature }) => feature.version.inputs)
  const used = new Set(bindings.flatMap((input) => (input.kind === 'source' ? [input.source] : [])))
  const found: SourceStatus[] = []
  for (const source of catalog.sources.values()) if (used.has(source.name)) found.push(await sourceStatus(source, effects))
  return found
}
