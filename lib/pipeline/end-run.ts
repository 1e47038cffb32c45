/**
 * The last step of a run whose tasks a state machine drove: the report from what the tasks left, and from what the map says of those
 * that left nothing because they timed out or died.
 */
import { pMapIterable } from 'p-map'
import { removeClaim } from '../lake/claims.ts'
import { NO_REQUESTS } from '../lake/counting-store.ts'
import { jsonBytes } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { CUT_OFF, CUT_OFF_RETRIES, isNamed } from '../model/cut-off.ts'
import { InvalidInputError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import { doneByTask } from './done-before.ts'
import type { Effects } from './effects.ts'
import type { Gate, Verdict } from './gate.ts'
import { readRunPublish } from './publish-planned.ts'
import type { RunPublish } from './publish-run.ts'
import { readPlanFile, readResults, reportKey } from './run-files.ts'
import { readRecord } from './run-record.ts'
import { type RunReport, reportOf, tasksPerLevel } from './run-report.ts'
import { RunTally } from './run-tally.ts'
import type { TaskReport } from './run-task.ts'
import type { Task } from './task.ts'
import { readGate } from './verify-run.ts'

/** What the state machine is told of a run's end; it does not grow with the number of partitions. */
export interface EndedRun {
  readonly run: string
  readonly report: string
  readonly aborted: boolean
  readonly outcomes: RunReport['outcomes']
  readonly landed: number
  readonly failed: number
  readonly usd: number
  /** What was verified before, with the first partitions that differ; not there for a run that ended before. */
  readonly gate?: { readonly verdict: Verdict; readonly compared: number; readonly different: readonly string[] }
  /** There where it came to that; with a reason where it was refused, or left tables unwritten. */
  readonly publish?: { readonly kind: RunPublish['kind']; readonly reason?: string }
  /** The first failures in words. */
  readonly failures: readonly string[]
}

/** A cause of a failed execution holds 32,768 characters: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Failure.html */
const NAMED_MAX = 10
const WORDS_MAX = 500

/** `aborted`: the map ended before its last task. @throws InvalidInputError for a run without a plan. */
export async function endRun(
  options: { readonly run: string; readonly aborted: boolean },
  effects: Pick<Effects, 'lake' | 'now'>,
): Promise<EndedRun> {
  const { run } = options
  const { store } = effects.lake
  const file = await readPlanFile(store, run)
  if (!file) {
    await removeClaim(store, run)
    throw new InvalidInputError(`run ${run} left no plan; there is nothing to report`)
  }
  const { prices, planning, started, ...plan } = file
  const tally = new RunTally()
  const levels = tasksPerLevel(plan)
  for (const [level, tasks] of levels.entries()) tally.plan(level, tasks)
  const lost = new Map<string, Lost>()
  for (const level of levels.keys())
    for (const one of (await readRecord(store, run, level)).failed)
      lost.set(canonicalJson(one.task), { level, ...one, ...triesOf(one.error) })
  const failed: Lost[] = []
  await readResults(store, run, (level, result) => {
    if ('spent' in result) return tally.add(level, result)
    lost.delete(canonicalJson(result.task))
    if ('error' in result) failed.push({ level, ...result })
    else tally.add(level, result)
  })
  for await (const { level, ...result } of pMapIterable([...failed, ...lost.values()], (one) => withDone(store, one), {
    concurrency: LISTS_AT_ONCE,
  }))
    tally.add(level, result)
  const ended = new Date(effects.now()).toISOString()
  const wallMs = Date.parse(ended) - Date.parse(started)
  const [gate, publish] = await Promise.all([readGate(store, run), readRunPublish(store, run)])
  const facts = { run, plan, prices, planning, own: NO_REQUESTS, tally: tally.tally(), started, ended, wallMs, aborted: options.aborted }
  const report = { ...reportOf({ ...facts, ...(gate && { gate }) }), ...(publish && { publish }) }
  await store.put(reportKey(run), jsonBytes(report))
  await removeClaim(store, run)
  return describe(report)
}

interface Lost {
  readonly level: number
  readonly task: Task
  readonly error: string
  readonly triesBefore?: number
}

/** A task that ended so was tried again as often as the definition says. */
function triesOf(error: string): { readonly triesBefore?: number } {
  return isNamed(error, CUT_OFF) ? { triesBefore: CUT_OFF_RETRIES } : {}
}

const LISTS_AT_ONCE = 4

/** A task that failed in the end may have written partitions, or landed its object, before. */
async function withDone(store: ObjectStore, lost: Lost): Promise<Lost & { readonly done?: TaskReport }> {
  const done = await doneByTask(store, lost.task)
  return { ...lost, ...(done && { done }) }
}

function describe(report: RunReport): EndedRun {
  const { run, aborted, outcomes, landed, failed, bill, gate, publish, failures } = report
  return {
    ...{ run, report: reportKey(run), aborted, outcomes, landed, failed, usd: bill.usd },
    ...(gate && { gate: describeGate(gate) }),
    ...(publish && { publish: describePublish(publish) }),
    failures: failures.slice(0, NAMED_MAX).map(({ error }) => error.slice(0, WORDS_MAX)),
  }
}

/** Tables are derived from what is published: a publish holds without them, and they are written anew on request. */
function describePublish(publish: RunPublish): NonNullable<EndedRun['publish']> {
  const { kind } = publish
  if (publish.kind !== 'published') return { kind, reason: publish.reason.slice(0, WORDS_MAX) }
  const failed = publish.tables?.failed ?? []
  if (failed.length === 0) return { kind }
  const named = failed.slice(0, NAMED_MAX).map(({ table, reason }) => `${table}: ${reason.slice(0, WORDS_MAX)}`)
  return { kind, reason: `${failed.length} table(s) were not written; hindcast catalog repair does it: ${named.join('; ')}` }
}

function describeGate({ verdict, views, different }: Gate): NonNullable<EndedRun['gate']> {
  const named = different.slice(0, NAMED_MAX).map(({ view, partition }) => `${view} ${partition}`)
  return { verdict, compared: views.reduce((sum, { compared }) => sum + compared, 0), different: named }
}
