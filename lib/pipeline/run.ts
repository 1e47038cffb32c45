/**
 * Runs a backfill: claim, plan, level 0 lands, then level by level the tasks go to a map (the Distributed Map on AWS, worker processes
 * on one machine), and a report says what became of them. Whatever ends it early, what is finished is certified by receipts, and the
 * same request goes on with the rest.
 */
import pMap from 'p-map'
import { putClaim, removeClaim } from '../lake/claims.ts'
import { countLake } from '../lake/counting-store.ts'
import { jsonBytes } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { type Catalog, featureKey } from '../model/catalog.ts'
import { renderError } from '../model/errors.ts'
import { doneByTask } from './done-before.ts'
import type { Effects } from './effects.ts'
import type { Gate, GateEffects } from './gate.ts'
import { type Plan, planBackfill } from './plan.ts'
import { publishRun, verifiedBy } from './publish-run.ts'
import type { BackfillRequest, PlanSettings } from './request.ts'
import { RunFiles, reportKey } from './run-files.ts'
import { type RunReport, reportOf, tasksPerLevel } from './run-report.ts'
import { RunTally, type TaskResult } from './run-tally.ts'
import { measure, type TaskReport } from './run-task.ts'
import { scopeOf } from './scope.ts'
import type { ComputeTask, LandTask, Task } from './task.ts'

/** How long a claim holds without being renewed: longer than a level's longest task may take, with its retries. */
const CLAIM_MS = 2 * 3_600_000

/** How a run does its tasks. */
export interface TaskMap {
  readonly concurrency: number
  /** So many tasks will come, one at least, for versions of this catalog. */
  prepare?(tasks: number, catalog: Catalog): void
  runTask(task: Task): Promise<TaskReport>
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
  /** How live's partitions are verified before anything is written; without it the run is not verified. */
  readonly gate?: GateEffects
  onGate?(gate: Gate): void
  onPlan?(plan: Plan): void
  onProgress?(progress: RunProgress): void
}

/** @throws InvalidInputError for a request that cannot be planned; failures of tasks are in the report. */
export async function runBackfill(
  request: BackfillRequest,
  catalog: Catalog,
  given: Effects,
  map: TaskMap,
  options: RunOptions,
): Promise<{ plan: Plan; report: RunReport }> {
  const { lake, requests: own } = countLake(given.lake)
  const effects = { ...given, lake }
  const { prices } = options.settings
  const [started, began] = [new Date(effects.now()).toISOString(), performance.now()]
  const claim = async () =>
    putClaim(lake.store, {
      format: 1,
      run: options.run,
      ranges: claimedRanges(request, catalog, effects),
      expires: effects.now() + CLAIM_MS,
      ...(options.holder !== undefined && { holder: options.holder }),
    })
  await claim()
  try {
    const { result: plan, spent: planning } = await measure(given, (counted) => planBackfill(request, catalog, counted, options.settings))
    const amounts = tasksPerLevel(plan)
    const most = Math.max(...amounts)
    if (most > 0) map.prepare?.(most, catalog)
    options.onPlan?.(plan)
    const files = new RunFiles(lake.store, options.run)
    const written = files.putPlan({ run: options.run, started, prices, planning, ...plan })
    const tally = new RunTally()
    for (const [level, amount] of amounts.entries()) tally.plan(level, amount)
    const [gate] = await Promise.all([verifyFirst(plan, catalog, options), written])
    for (const [level, tasks] of tasksOf(plan, options.run).entries()) {
      if (tasks.length === 0 || options.signal?.aborted || gate?.verdict === 'different') continue
      await claim()
      await files.putTasks(level, tasks)
      await mapLevel({ level, tasks, map, options, tally, files, store: lake.store })
    }
    const done = reportOf({
      ...{ run: options.run, plan, prices, planning, own: own(), tally: tally.tally(), started },
      ended: new Date(effects.now()).toISOString(),
      wallMs: Math.round(performance.now() - began),
      aborted: options.signal?.aborted ?? false,
      ...(gate && { gate }),
    })
    const state = { run: options.run, aborted: done.aborted, failures: done.failed, verified: verifiedBy(request, gate) }
    const report = request.publish && gate?.verdict !== 'different' ? { ...done, publish: await publishRun(plan, state, effects) } : done
    await lake.store.put(reportKey(options.run), jsonBytes(report))
    return { plan, report }
  } finally {
    await removeClaim(lake.store, options.run)
  }
}

/** Undefined where the caller has no gate. */
async function verifyFirst(plan: Plan, catalog: Catalog, { gate, onGate }: RunOptions): Promise<Gate | undefined> {
  if (!gate) return undefined
  const { SKIPPED } = await import('./gate.ts')
  const found = plan.request.unverified ? SKIPPED : await passCounted(plan, catalog, gate)
  onGate?.(found)
  return found
}

async function passCounted(plan: Plan, catalog: Catalog, gate: GateEffects): Promise<Gate> {
  const { passGate } = await import('./gate.ts')
  const { result, spent } = await measure(gate, (counted) => passGate(plan, catalog, counted))
  return { ...result, spent }
}

/** All partitions that the request may compute, before anything is listed. */
export function claimedRanges(request: BackfillRequest, catalog: Catalog, effects: Pick<Effects, 'now'>) {
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
  readonly tally: RunTally
  readonly files: RunFiles
  readonly store: ObjectStore
}

async function mapLevel({ level, tasks, map, options, tally, files, store }: MappedLevel): Promise<void> {
  let done = 0
  const run = async (task: Task): Promise<void> => {
    if (options.signal?.aborted) return
    const result = await attempt(task, map, store)
    done++
    tally.add(level, result)
    files.addResult(level, result)
    options.onProgress?.({ level, done, of: tasks.length, result })
  }
  await pMap(tasks, run, { concurrency: map.concurrency })
  await files.endLevel(level)
}

/** A task that failed in the end may have written partitions before. */
async function attempt(task: Task, map: TaskMap, store: ObjectStore): Promise<TaskResult> {
  try {
    return { task, report: await map.runTask(task) }
  } catch (error) {
    const done = await doneByTask(store, task)
    return { task, error: renderError(error), ...(done && { done }) }
  }
}

/** Runs tasks in this process, one after the other: what a test or a single machine without workers does. */
export function inlineMap(runTask: TaskMap['runTask']): TaskMap {
  return { concurrency: 1, runTask }
}
