/**
 * Reads what a run left: its report, or, where it never came to write one, the report that its plan and results give.
 */
import { type Claim, readClaims } from '../lake/claims.ts'
import { NO_REQUESTS } from '../lake/counting-store.ts'
import { readJson } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Instant } from '../model/zone.ts'
import { readPlanFile, readResults, reportKey, requireKeys, requireRunName } from './run-files.ts'
import { type RunReport, reportOf, tasksPerLevel } from './run-report.ts'
import { RunTally } from './run-tally.ts'
import { readGate } from './verify-run.ts'

/**
 * `interrupted`: ended early and said so. `running`: no report yet, and its claim holds. `killed`: no report, and nobody that could
 * still write one.
 */
export type RunState = 'finished' | 'interrupted' | 'running' | 'killed'

export interface RunRecord {
  readonly state: RunState
  /** Where there is no report, what its results say so far; `ended` is when the last of them was put. */
  readonly report: RunReport
}

export interface ReadRunOptions {
  now(): Instant
  /** Whether the holder of a claim is known to have ended. */
  isGone?(holder: string): boolean
}

const REPORT_KEYS = ['run', 'request', 'plan', 'quote', 'bill', 'levels', 'views', 'outcomes', 'slowest', 'failures', 'rejected'] as const

/** @throws InvalidInputError for a run that is not in the lake, naming the newest that are; DataError for a file that is damaged. */
export async function readRun(store: ObjectStore, run: string, options: ReadRunOptions): Promise<RunRecord> {
  requireRunName(run)
  const key = reportKey(run)
  const found = await readJson<RunReport>(store, key)
  if (found) {
    const report = requireKeys(found.value, REPORT_KEYS, `${store.location}/${key}`)
    return { state: report.aborted ? 'interrupted' : 'finished', report }
  }
  const claim = (await readClaims(store, options.now())).find((one) => one.run === run)
  const state = claim && !isDead(claim, options) ? 'running' : 'killed'
  const report = await rebuild(store, run)
  if (report) return { state, report }
  if (state === 'running') throw new InvalidInputError(`run ${run} is still planning; there is nothing to report yet`)
  throw claim
    ? new InvalidInputError(`run ${run} was killed before it had a plan; there is nothing to report`)
    : await unknownRun(store, run)
}

function isDead({ holder }: Claim, { isGone }: ReadRunOptions): boolean {
  return holder !== undefined && (isGone?.(holder) ?? false)
}

async function rebuild(store: ObjectStore, run: string): Promise<RunReport | undefined> {
  const file = await readPlanFile(store, run)
  if (!file) return undefined
  const { prices, planning, started, ...plan } = file
  const tally = new RunTally()
  for (const [level, tasks] of tasksPerLevel(plan).entries()) tally.plan(level, tasks)
  const { lastPut } = await readResults(store, run, (level, result) => tally.add(level, result))
  const ended = lastPut === undefined ? started : new Date(lastPut).toISOString()
  const gate = await readGate(store, run)
  const facts = { run, plan, prices, planning, own: NO_REQUESTS, tally: tally.tally(), started, ended, aborted: false }
  return reportOf({ ...facts, ...(gate && { gate }) })
}

async function unknownRun(store: ObjectStore, run: string): Promise<InvalidInputError> {
  const runs = await listRuns(store)
  if (runs.includes(run)) return new InvalidInputError(`run ${run} left no plan.json; there is nothing to report`)
  const newest = runs.slice(-NAMED_MAX).reverse()
  const known = newest.length > 0 ? `one of ${newest.join(', ')}` : 'the name of a run, which hindcast backfill makes'
  return new InvalidInputError(`there is no run '${run}' in the lake; expected ${known}`)
}

const NAMED_MAX = 5

/** Names of all runs that left anything, in the order of names, which is that of time for runs of the CLI. One request each. */
export async function listRuns(store: ObjectStore): Promise<string[]> {
  const runs: string[] = []
  for (let from = 'runs/'; ; ) {
    const key = await firstKey(store, from)
    if (key === undefined) return runs
    const run = key.split('/')[1] ?? ''
    if (run !== 'active') runs.push(run)
    // '0' follows '/' in byte order: the next key that is not below this run.
    from = `${runPrefix(run).slice(0, -1)}0`
  }
}

async function firstKey(store: ObjectStore, from: string): Promise<string | undefined> {
  for await (const page of store.list({ prefix: 'runs/', from })) if (page[0]) return page[0].key
  return undefined
}
