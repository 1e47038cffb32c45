/**
 * The last step of a run whose tasks a state machine drove: the report from what the tasks left, and from what the map says of those
 * that left nothing because they timed out or died.
 */
import { removeClaim } from '../lake/claims.ts'
import { NO_REQUESTS } from '../lake/counting-store.ts'
import { jsonBytes } from '../lake/json-object.ts'
import { listAll, type ObjectStore } from '../lake/object-store.ts'
import { InvalidInputError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import type { Effects } from './effects.ts'
import { recordPrefix } from './plan-run.ts'
import { readPlanFile, readResults, reportKey } from './run-files.ts'
import { type RunReport, reportOf, tasksPerLevel } from './run-report.ts'
import { RunTally } from './run-tally.ts'
import type { Task } from './task.ts'

/** What the state machine is told of a run's end; it does not grow with the number of partitions. */
export interface EndedRun {
  readonly run: string
  readonly report: string
  readonly aborted: boolean
  readonly outcomes: RunReport['outcomes']
  readonly landed: number
  readonly failed: number
  readonly usd: number
  /** The first failures in words. */
  readonly failures: readonly string[]
}

const NAMED_MAX = 10

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
    for (const one of await readRecord(store, run, level)) lost.set(canonicalJson(one.task), { level, ...one })
  await readResults(store, run, (level, result) => {
    lost.delete(canonicalJson(result.task))
    tally.add(level, result)
  })
  for (const { level, ...result } of lost.values()) tally.add(level, result)
  const ended = new Date(effects.now()).toISOString()
  const wallMs = Date.parse(ended) - Date.parse(started)
  const facts = { run, plan, prices, planning, own: NO_REQUESTS, tally: tally.tally(), started, ended, wallMs, aborted: options.aborted }
  const report = reportOf(facts)
  await store.put(reportKey(run), jsonBytes(report))
  await removeClaim(store, run)
  return describe(report)
}

interface Lost {
  readonly level: number
  readonly task: Task
  readonly error: string
}

function describe({ run, aborted, outcomes, landed, failed, bill, failures }: RunReport): EndedRun {
  const named = failures.slice(0, NAMED_MAX).map(({ error }) => error.slice(0, 500))
  return { run, report: reportKey(run), aborted, outcomes, landed, failed, usd: bill.usd, failures: named }
}

/** One child of a map as its ResultWriter tells of it: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html */
interface FailedChild {
  readonly Input: string
  readonly Error?: string
  readonly Cause?: string
}

/** The children that failed. One that was only stopped has no error: it is part of what was not done. */
async function readRecord(store: ObjectStore, run: string, level: number): Promise<{ task: Task; error: string }[]> {
  const found: { task: Task; error: string }[] = []
  for (const { key } of await listAll(store, { prefix: `${recordPrefix(run, level)}/` })) {
    if (!/\/FAILED_\d+\.json$/.test(key)) continue
    const children = JSON.parse(Buffer.from((await store.get(key))?.bytes ?? '[]').toString()) as readonly FailedChild[]
    for (const { Input: input, Error: name, Cause: cause } of children) {
      if (name === undefined) continue
      const { task } = JSON.parse(input) as { readonly task: Task }
      found.push({ task, error: `${name}: ${messageOf(cause)}` })
    }
  }
  return found
}

/** Lambda's causes are JSON with the message in it. */
function messageOf(cause = ''): string {
  try {
    const parsed: unknown = JSON.parse(cause)
    return parsed !== null && typeof parsed === 'object' && 'errorMessage' in parsed ? String(parsed.errorMessage) : cause
  } catch {
    return cause
  }
}
