/**
 * Runs a backfill: claim, plan, level 0 lands, then level by level the tasks go to a map (the Distributed Map on AWS, worker processes
 * on one machine), and a report says what became of them. Whatever ends it early, what is finished is certified by receipts, and the
 * same request goes on with the rest.
 */
import pMap from 'p-map'
import { putClaim, removeClaim } from '../lake/claims.ts'
import { jsonBytes } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import { type Catalog, featureKey } from '../model/catalog.ts'
import { renderError } from '../model/errors.ts'
import type { Effects } from './effects.ts'
import type { LandReport } from './land.ts'
import { type Plan, planBackfill } from './plan.ts'
import type { BackfillRequest, PlanSettings } from './request.ts'
import { scopeOf } from './scope.ts'
import type { ComputeTask, LandTask, Task } from './task.ts'
import type { Outcome, TransformReport } from './transform.ts'

/** How long a claim holds without being renewed: longer than a level's longest task may take, with its retries. */
const CLAIM_MS = 2 * 3_600_000

/** What one task of a map gave: its report, or why there is none. */
export type TaskResult =
  | { readonly task: Task; readonly report: TransformReport | LandReport }
  | { readonly task: Task; readonly error: string }

/** How a run does its tasks. */
export interface TaskMap {
  readonly concurrency: number
  runTask(task: Task): Promise<TransformReport | LandReport>
}

export interface RunProgress {
  readonly level: number
  readonly done: number
  readonly of: number
  readonly result: TaskResult
}

export interface RunOptions {
  readonly run: string
  readonly settings: PlanSettings
  /** Names this process in the run's claim, where others can see that it ended. */
  readonly holder?: string
  readonly signal?: AbortSignal
  onPlan?(plan: Plan): void
  onProgress?(progress: RunProgress): void
}

export interface RunReport {
  readonly format: 1
  readonly run: string
  readonly reason: string
  readonly started: string
  readonly ended: string
  readonly aborted: boolean
  /** Partitions by outcome, over all views. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly landed: number
  /** Tasks that gave no report, and objects that could not be landed. */
  readonly failures: readonly { readonly task: Task; readonly error: string }[]
  /** Partitions that were refused, with what was found. */
  readonly rejected: readonly { readonly view: string; readonly partition: string; readonly reason: string }[]
  readonly rows: number
  /** Bytes of the outputs that were put. */
  readonly bytes: number
  readonly bytesRead: number
  /** Milliseconds of computing, over all tasks. */
  readonly computeMs: number
}

/** @throws InvalidInputError for a request that cannot be planned; failures of tasks are in the report. */
export async function runBackfill(
  request: BackfillRequest,
  catalog: Catalog,
  effects: Effects,
  map: TaskMap,
  options: RunOptions,
): Promise<{ plan: Plan; report: RunReport }> {
  const started = new Date(effects.now()).toISOString()
  const claim = async () =>
    putClaim(effects.lake.store, {
      format: 1,
      run: options.run,
      ranges: claimedRanges(request, catalog, effects),
      expires: effects.now() + CLAIM_MS,
      ...(options.holder !== undefined && { holder: options.holder }),
    })
  await claim()
  try {
    const plan = await planBackfill(request, catalog, effects, options.settings)
    options.onPlan?.(plan)
    await effects.lake.store.put(`${runPrefix(options.run)}plan.json`, jsonBytes({ run: options.run, ...plan }))
    const results: TaskResult[] = []
    for (const [level, tasks] of tasksOf(plan, options.run).entries()) {
      if (tasks.length === 0 || options.signal?.aborted) continue
      await claim()
      await effects.lake.store.put(`${runPrefix(options.run)}tasks/${level}.json`, jsonBytes({ format: 1, tasks }))
      results.push(...(await mapLevel({ level, tasks, map, options })))
    }
    const report = reportOf(options, request, results, started, new Date(effects.now()).toISOString())
    await effects.lake.store.put(`${runPrefix(options.run)}report.json`, jsonBytes(report))
    return { plan, report }
  } finally {
    await removeClaim(effects.lake.store, options.run)
  }
}

/** All partitions that the request may compute, before anything is listed. */
function claimedRanges(request: BackfillRequest, catalog: Catalog, effects: Effects) {
  const ranges: Record<string, (readonly [string, string])[]> = {}
  for (const { feature, partitions } of scopeOf(request, catalog, effects.now())) {
    const [first, last] = [partitions[0], partitions.at(-1)]
    if (first && last) ranges[featureKey(feature.version.view, feature.version.version)] = [[first.name, last.name]]
  }
  return ranges
}

/** The tasks of each level; level 0 lands. */
export function tasksOf(plan: Plan, run: string): Task[][] {
  const { reprocess, missingInputs } = plan.request
  const retry = reprocess === 'failed' || reprocess === 'all'
  const landings = plan.landings.flatMap(({ source, keys }) =>
    keys.map((key): LandTask => ({ kind: 'land', source, key, repair: false, retry, writer: run })),
  )
  const levels = plan.levels.map(({ tasks }) =>
    tasks.map(
      ({ view, version, first, last }): ComputeTask => ({
        kind: 'task',
        view,
        version,
        first,
        last,
        reprocess,
        missingInputs,
        writer: run,
      }),
    ),
  )
  return [landings, ...levels]
}

interface MappedLevel {
  readonly level: number
  readonly tasks: readonly Task[]
  readonly map: TaskMap
  readonly options: RunOptions
}

async function mapLevel({ level, tasks, map, options }: MappedLevel): Promise<TaskResult[]> {
  let done = 0
  const run = async (task: Task): Promise<TaskResult | undefined> => {
    if (options.signal?.aborted) return undefined
    const result = await attempt(task, map)
    done++
    options.onProgress?.({ level, done, of: tasks.length, result })
    return result
  }
  const results = await pMap(tasks, run, { concurrency: map.concurrency })
  return results.filter((result) => result !== undefined)
}

async function attempt(task: Task, map: TaskMap): Promise<TaskResult> {
  try {
    return { task, report: await map.runTask(task) }
  } catch (error) {
    return { task, error: renderError(error) }
  }
}

function reportOf(
  options: RunOptions,
  request: BackfillRequest,
  results: readonly TaskResult[],
  started: string,
  ended: string,
): RunReport {
  const computed = results.flatMap((result) => ('report' in result && 'outcomes' in result.report ? [result.report] : []))
  const outcomes = computed.flatMap((report) => report.outcomes.map((outcome) => ({ view: report.view, ...outcome })))
  const counts: Record<string, number> = {}
  for (const { result } of outcomes) counts[result] = (counts[result] ?? 0) + 1
  const sum = (pick: (outcome: Outcome) => number | undefined) => outcomes.reduce((total, outcome) => total + (pick(outcome) ?? 0), 0)
  return {
    format: 1,
    run: options.run,
    reason: request.reason,
    started,
    ended,
    aborted: options.signal?.aborted ?? false,
    outcomes: counts,
    landed: results.filter((result) => 'report' in result && 'result' in result.report && result.report.result === 'landed').length,
    failures: results.flatMap((result) => ('error' in result ? [result] : [])),
    rejected: outcomes
      .filter((outcome) => outcome.result === 'rejected')
      .map(({ view, partition, reason }) => ({ view, partition, reason: reason ?? 'refused before, as its inputs stand' })),
    rows: sum((outcome) => outcome.rows),
    bytes: sum((outcome) => (outcome.result === 'written' ? outcome.bytes : 0)),
    bytesRead: sum((outcome) => outcome.bytesRead),
    computeMs: sum((outcome) => outcome.ms),
  }
}

/** Runs tasks in this process, one after the other: what a test or a single machine without workers does. */
export function inlineMap(runTask: TaskMap['runTask']): TaskMap {
  return { concurrency: 1, runTask }
}
