/**
 * Publishes what a run computed whose tasks a state machine drove: all of its versions with one put. What came of it lies in
 * `runs/<run>/publish.json`, so that a call which is made again says the same.
 */
import { type Formatted, jsonBytes, readJson } from '../lake/json-object.ts'
import { runPrefix } from '../lake/keys.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import { InternalError, NotPublished, NotVerified } from '../model/errors.ts'
import type { Effects } from './effects.ts'
import type { Plan } from './plan.ts'
import type { PublishEffects } from './publish.ts'
import { publishRun, type RunPublish, verifiedBy } from './publish-run.ts'
import { readPlanFile } from './run-files.ts'
import { readRecord } from './run-record.ts'
import { tasksPerLevel } from './run-report.ts'
import { readGate } from './verify-run.ts'

/** What the state machine is told. */
export interface PublishedRun {
  readonly run: string
  /** Views that were switched. */
  readonly published: number
  /** Views that had their version already. */
  readonly unchanged: number
}

interface PublishFile extends Formatted {
  readonly publish: RunPublish
}

/** @throws NotVerified where nothing was compared, NotPublished for every other refusal; the run stands, and nothing was published. */
export async function publishPlanned(run: string, effects: PublishEffects & Pick<Effects, 'log'>): Promise<PublishedRun> {
  const { store } = effects.lake
  const before = await readRunPublish(store, run)
  const publish = before?.kind === 'published' ? before : await decide(run, effects)
  if (publish !== before) {
    await store.put(publishKey(run), jsonBytes<PublishFile>({ format: 1, publish }))
    tell(run, publish, effects)
  }
  if (publish.kind === 'published') return { run, published: publish.published.length, unchanged: publish.unchanged.length }
  throw publish.kind === 'not_verified' ? new NotVerified(publish.reason) : new NotPublished(publish.reason)
}

function tell(run: string, publish: RunPublish, { log }: Pick<Effects, 'log'>): void {
  if (publish.kind === 'published') for (const { view, version } of publish.published) log({ event: 'published', run, view, version })
  else log({ event: 'not_published', run, kind: publish.kind, reason: publish.reason })
}

/** How the publish of a run ended; undefined where it did not come to that. */
export async function readRunPublish(store: ObjectStore, run: string): Promise<RunPublish | undefined> {
  return (await readJson<PublishFile>(store, publishKey(run)))?.value.publish
}

function publishKey(run: string): string {
  return `${runPrefix(run)}publish.json`
}

async function decide(run: string, effects: PublishEffects): Promise<RunPublish> {
  const { store } = effects.lake
  const plan = await readPlanFile(store, run)
  if (!plan) throw new InternalError(`run ${run} has no plan; expected the plan step before this one`)
  const { failures, open } = await countFailures(store, run, plan)
  if (open.length > 0) return { kind: 'refused', reason: `the map of level ${open.join(', ')} left no record of its end` }
  return publishRun(plan, { run, aborted: false, failures, verified: verifiedBy(plan.request, await readGate(store, run)) }, effects)
}

/** From the record of each map, which names those that failed: the results of a million tasks are not read for it. */
async function countFailures(store: ObjectStore, run: string, plan: Plan) {
  const open: number[] = []
  let failures = 0
  for (const [level, tasks] of tasksPerLevel(plan).entries()) {
    if (tasks === 0) continue
    const { ended, failed } = await readRecord(store, run, level)
    if (!ended) open.push(level)
    failures += failed.length
  }
  return { failures, open }
}
