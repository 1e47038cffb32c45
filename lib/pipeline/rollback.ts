/**
 * Goes back to what was published before. What the previous version lacks of the current one is computed first, by the plan and the run
 * that every backfill goes through; then one put switches all views of the call.
 */
import { readPublished } from '../lake/published.ts'
import { readCatalog, withVersions } from '../lake/registry.ts'
import { type Catalog, featureKey, type VersionRef } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { type Published, previousOf } from '../model/published.ts'
import { renderPartitions } from './coverage-rule.ts'
import type { Effects } from './effects.ts'
import { lackingPartitions } from './lacking.ts'
import { publish } from './publish.ts'
import { type PublishReport, requireSwitch } from './publish-rules.ts'
import { type RunOptions, runBackfill, type TaskMap } from './run.ts'
import type { RunReport } from './run-report.ts'

export interface RollbackOptions extends Omit<RunOptions, 'run'> {
  /** Names the runs that fill gaps. */
  newRun(): string
  /** What the previous version of a view lacks, before it is computed. */
  onGap?(gap: RollbackGap): void
}

export interface RollbackGap extends VersionRef {
  /** What it lacks: `3 partitions (2001-06-28..2001-06-30)`. */
  readonly partitions: string
  readonly missing: readonly string[]
}

export interface RollbackReport {
  readonly format: 1
  readonly gaps: readonly RollbackGap[]
  readonly runs: readonly RunReport[]
  /** Not there when filling a gap was interrupted: then nothing was switched. */
  readonly publish?: PublishReport
}

/**
 * @throws InvalidInputError where a view has no previous version, where one lacks partitions that could not be computed, or where views
 * that read each other's versions have to go back together; ConflictError when someone else published meanwhile.
 */
export async function rollback(
  views: readonly string[],
  effects: Effects,
  map: TaskMap,
  options: RollbackOptions,
): Promise<RollbackReport> {
  const { store } = effects.lake
  const { value: published } = await readPublished(store)
  const targets = targetsOf(views, published)
  await requireSwitch('rollback', { wanted: targets, published }, effects)
  const current = Object.entries(published.views).map(([view, version]) => ({ view, version }))
  const catalog = await withVersions(store, await readCatalog(store, effects.now()), [...targets, ...current])
  const gaps: RollbackGap[] = []
  const runs: RunReport[] = []
  for (const target of inOrder(targets, catalog)) {
    const gap = await gapOf(target, published, catalog, effects)
    if (!gap) continue
    gaps.push(gap)
    options.onGap?.(gap)
    runs.push(await fill(gap, catalog, effects, map, options))
    if (options.signal?.aborted) return { format: 1, gaps, runs }
  }
  const request = { views: targets, verified: 'unverified_allowed', expected: published.views, verb: 'rollback' } as const
  return { format: 1, gaps, runs, publish: await publish(request, effects) }
}

/** @throws InvalidInputError listing every view that cannot go back. */
function targetsOf(views: readonly string[], published: Published): VersionRef[] {
  const problems: string[] = []
  const targets = [...new Set(views)].flatMap((view) => {
    const version = previousOf(published, view)
    if (version !== undefined) return [{ view, version }]
    problems.push(whyNot(view, published))
    return []
  })
  if (problems.length > 0) throw new InvalidInputError(problems.join('\n'))
  return targets
}

function whyNot(view: string, published: Published): string {
  const current = published.views[view]
  if (current === undefined) return `view ${view} was never published, so there is nothing to go back to`
  const gone = published.previous?.[view]
  if (gone) return `version ${gone.version} of view ${view}, which was published before, is being dropped`
  const other = `hindcast versions ${view} lists what is kept, hindcast publish ${view} --version V publishes it`
  return `view ${view} has no previous version: ${current} is the first that was published, or the one before was dropped; ${other}`
}

/** Each after what it reads: its gap is computed from theirs. */
function inOrder(targets: readonly VersionRef[], catalog: Catalog): VersionRef[] {
  const keys = [...catalog.features.keys()]
  const at = ({ view, version }: VersionRef) => keys.indexOf(featureKey(view, version))
  return targets.toSorted((a, b) => at(a) - at(b))
}

async function gapOf(target: VersionRef, published: Published, catalog: Catalog, effects: Effects): Promise<RollbackGap | undefined> {
  const feature = catalog.features.get(featureKey(target.view, target.version))
  const current = catalog.features.get(featureKey(target.view, published.views[target.view] ?? ''))
  if (!feature || !current) return undefined
  const { missing } = await lackingPartitions(feature, current.version, catalog, effects)
  if (missing.length === 0) return undefined
  return { ...target, partitions: renderPartitions(missing), missing: missing.map(({ name }) => name) }
}

async function fill(gap: RollbackGap, catalog: Catalog, effects: Effects, map: TaskMap, options: RollbackOptions): Promise<RunReport> {
  const period = { from: gap.missing[0] ?? '', to: gap.missing.at(-1) ?? '' }
  const request = { views: [featureKey(gap.view, gap.version)], period, with: 'upstream', reprocess: 'none' } as const
  const whole = { ...request, missingInputs: 'block', reason: `rollback of ${gap.view} to ${gap.version}` } as const
  const { newRun, onGap, ...rest } = options
  return (await runBackfill(whole, catalog, effects, map, { ...rest, run: newRun() })).report
}
