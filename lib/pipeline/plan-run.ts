/**
 * The first and the last step of a run whose tasks are driven by someone else: a state machine that maps over the manifests which this
 * leaves. What lies under `runs/<run>/` afterwards is what `runBackfill` leaves.
 */
import { putClaim, removeClaim } from '../lake/claims.ts'
import type { Catalog } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import { FUNCTION_GB } from '../model/price.ts'
import { type Plan, type PlanEffects, planBackfill } from './plan.ts'
import type { PlanSettings } from './request.ts'
import { claimedRanges, tasksOf } from './run.ts'
import { RunFiles, reportKey, requireRunName, tasksKey } from './run-files.ts'
import { recordPrefix } from './run-record.ts'
import { tasksPerLevel } from './run-report.ts'
import { readRequest } from './run-request.ts'
import { measure } from './run-task.ts'

/** A claim holds this long beyond the time that what it was put for may take. */
export const CLAIM_SPARE_MS = 2 * 3_600_000

/** One level of a run as the state machine maps over it. */
export interface RunLevel {
  /** Level 0 lands. */
  readonly level: number
  readonly tasks: number
  /** Key of the manifest: `{"format": 1, "tasks": […]}`. */
  readonly manifest: string
  /** Where the map keeps its own record. */
  readonly record: string
  readonly maxConcurrency: number
  /** Per cent. */
  readonly toleratedFailures: number
  /** Milliseconds from its start that the claim of the run holds for this level. */
  readonly claimMs: number
}

/** What the plan step tells the state machine; it does not grow with the number of partitions. */
export interface PlannedRun {
  readonly run: string
  readonly dryRun: boolean
  /** The versions are to be published when the levels are done. */
  readonly publish: boolean
  readonly partitions: number
  readonly maybe: number
  readonly landings: number
  readonly lowUsd: number
  readonly highUsd: number
  /** Only those that have tasks, in order. */
  readonly levels: readonly RunLevel[]
}

export interface PlanRunOptions {
  readonly run: string
  /** The input of the execution. */
  readonly request: unknown
  readonly settings: Pick<PlanSettings, 'prices' | 'taskSeconds'>
  /** The cap of the stack. */
  readonly concurrencyMax: number
}

/**
 * Claims, plans, and leaves the plan and a manifest per level. Run twice, it leaves the same. A dry run writes nothing. The claim holds for
 * planning; the gate and each level renew it.
 * @throws InvalidInputError for a request that cannot be planned, or a run that has ended.
 */
export async function planRun(options: PlanRunOptions, catalog: Catalog, effects: PlanEffects): Promise<PlannedRun> {
  const { run } = options
  requireRunName(run)
  const { store } = effects.lake
  const { request, maxConcurrency, toleratedFailures, dryRun } = readRequest(options.request, catalog, options.concurrencyMax)
  const settings = { ...options.settings, tasksWanted: maxConcurrency }
  if (!dryRun && (await store.head(reportKey(run)))) throw new InvalidInputError(`run ${run} has ended; expected a name that no run has`)
  const started = new Date(effects.now()).toISOString()
  const ranges = dryRun ? {} : claimedRanges(request, catalog, effects)
  if (!dryRun) await putClaim(store, { format: 1, run, ranges, expires: effects.now() + CLAIM_SPARE_MS })
  try {
    const { result: plan, spent: planning } = await measure(effects, (counted) => planBackfill(request, catalog, counted, settings))
    const levels = levelsOf(plan, run, { maxConcurrency, toleratedFailures })
    if (!dryRun) {
      const files = new RunFiles(store, run)
      for (const [level, tasks] of tasksOf(plan, run).entries()) if (tasks.length > 0) await files.putTasks(level, tasks)
      await files.putPlan({ run, started, prices: settings.prices, planning, ...plan })
    }
    return describe(plan, { run, dryRun, levels })
  } catch (error) {
    if (!dryRun) await removeClaim(store, run)
    throw error
  }
}

function levelsOf(plan: Plan, run: string, limits: Pick<RunLevel, 'maxConcurrency' | 'toleratedFailures'>): RunLevel[] {
  return tasksPerLevel(plan).flatMap((tasks, level) => {
    if (tasks === 0) return []
    const claimMs = claimMsOf(plan, limits.maxConcurrency, level)
    return [{ level, tasks, manifest: tasksKey(run, level), record: recordPrefix(run, level), ...limits, claimMs }]
  })
}

/** How long a claim holds for a level with this many tasks at a time; without a level, for any of them. */
export function claimMsOf(plan: Pick<Plan, 'quote' | 'levels' | 'landings'>, maxConcurrency: number, level = 0): number {
  return CLAIM_SPARE_MS + longestMs(plan, level, maxConcurrency)
}

/** The high expectation of a level's compute time, twice over: its share of the tasks, which are packed to the same length. */
function longestMs(plan: Pick<Plan, 'quote' | 'levels' | 'landings'>, level: number, maxConcurrency: number): number {
  const gbSeconds = plan.quote.lines.find(({ line }) => line === 'lambda compute')?.high ?? 0
  const [, ...computing] = tasksPerLevel(plan)
  const all = computing.reduce((sum, tasks) => sum + tasks, 0)
  const share = level === 0 || all === 0 ? 1 : (computing[level - 1] ?? 0) / all
  return Math.round(((gbSeconds / FUNCTION_GB) * share * 2 * 1000) / maxConcurrency)
}

function describe(plan: Plan, facts: Pick<PlannedRun, 'run' | 'dryRun' | 'levels'>): PlannedRun {
  return {
    run: facts.run,
    dryRun: facts.dryRun,
    publish: plan.request.publish ?? false,
    partitions: plan.partitions,
    maybe: plan.maybe,
    landings: plan.landings.reduce((sum, { keys }) => sum + keys.length, 0),
    lowUsd: plan.quote.lowUsd,
    highUsd: plan.quote.highUsd,
    levels: facts.levels,
  }
}
