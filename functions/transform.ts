import middy from '@middy/core'
import type { SQSBatchResponse } from 'aws-lambda'
import { withVersions } from '../lib/lake/registry.ts'
import { renderError, Unfinished } from '../lib/model/errors.ts'
import { handleMessage } from '../lib/pipeline/live.ts'
import { putResults } from '../lib/pipeline/run-files.ts'
import { runTask, type TaskReport, tryTask } from '../lib/pipeline/run-task.ts'
import type { Message, Task } from '../lib/pipeline/task.ts'
import { type Environment, environmentOfProcess, type NeededVersion } from './environment.ts'
import { observed } from './observed.ts'
import { LAKE_BUCKET, lakeBucketOf, placeOfProcess } from './place.ts'
import { withDeadline } from './with-deadline.ts'
import { type RunPlace, type Work, type WorkItem, workFromEvent } from './work-from-event.ts'

/** A message is begun only with this much time left; what is not begun goes back to the queue. */
const TIME_RESERVE_MS = 30_000

/** What the handler gives back: to SQS the messages that failed, to a map the report of its task, or where it lies. */
export type TransformResult = SQSBatchResponse | TaskReport | RunPlace

/**
 * The only function that computes. It has two doors, a batch of the live queue and one task of a map; `workFromEvent` turns both into
 * work, so live and backfill run the same code from there on.
 */
export function createTransformHandler(
  open: (needed: readonly NeededVersion[]) => Promise<Environment>,
  lakeBucket: () => string = () => LAKE_BUCKET,
) {
  return middy<Work, TransformResult>()
    .use(workFromEvent(lakeBucket))
    .handler(async (work, context) => {
      const opened = await open(neededBy(work))
      const environment = { ...opened, effects: withDeadline(opened.effects, context) }
      if (work.door === 'queue') return handleBatch(work.items, environment)
      const { task, place, triesBefore = 0 } = work
      const whole = await withTask(task, environment)
      return place ? leaveResult({ task, triesBefore }, place, whole) : runTask(task, whole.catalog, whole.effects, { triesBefore })
    })
}

/** A run may be of a version that live no longer computes. */
async function withTask(task: Task, environment: Environment): Promise<Environment> {
  if (task.kind !== 'task') return environment
  return { ...environment, catalog: await withVersions(environment.effects.lake.store, environment.catalog, [task]) }
}

function neededBy(work: Work): NeededVersion[] {
  const messages = work.door === 'map' ? [work.task] : work.items.flatMap((item) => ('message' in item ? [item.message] : []))
  return messages.flatMap((message) => (message.kind === 'task' ? [message] : []))
}

interface TriedTask {
  readonly task: Task
  readonly triesBefore: number
}

/**
 * The result lies beside the run's plan, since a state of a machine holds 256 KiB and a report may be larger. A try that fails or runs out
 * of time leaves what it took, for the bill; a failed one also what was wrong, until a later one replaces that.
 */
async function leaveResult({ task, triesBefore }: TriedTask, place: RunPlace, { catalog, effects }: Environment): Promise<RunPlace> {
  const { run, ...at } = place
  const { store } = effects.lake
  const { tried, spent } = await tryTask(task, catalog, effects, { triesBefore })
  if ('value' in tried) {
    await putResults(store, run, { ...at, results: [{ task, report: { ...tried.value, spent } }] })
    return place
  }
  await putResults(store, run, { ...at, triesBefore, results: [{ task, spent }] })
  if (!(tried.error instanceof Unfinished)) {
    const error = `${tried.error instanceof Error ? tried.error.name : 'Error'}: ${renderError(tried.error)}`
    await putResults(store, run, { ...at, results: [{ task, error, triesBefore }] })
  }
  throw tried.error
}

/** Messages fail alone: the others of the batch are done, the failed ones come again. What does not fit the time is sent anew. */
async function handleBatch(items: readonly WorkItem[], environment: Environment): Promise<SQSBatchResponse> {
  const failed: string[] = []
  for (const item of items) {
    try {
      if (isOutOfTime(environment)) await giveBack(item, environment)
      else await handleItem(item, environment)
    } catch (error) {
      const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
      environment.effects.log({ event: 'failed', message: item.id, name, error: message })
      failed.push(item.id)
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}

async function handleItem(item: WorkItem, environment: Environment): Promise<void> {
  const { catalog, effects } = environment
  if ('error' in item) throw item.error
  if ('skip' in item) return effects.log({ event: 'ignored', message: item.id, reason: item.skip })
  try {
    await handleMessage(item.message, catalog, effects)
  } catch (error) {
    if (!(error instanceof Unfinished)) throw error
    await giveBack(item, environment)
  }
}

/** A message that is sent anew starts with no receives: work that only needs more time never becomes a dead letter. */
async function giveBack(item: WorkItem, { effects }: Environment): Promise<void> {
  if ('error' in item) throw item.error
  if ('skip' in item) return
  const message: Message = item.message
  await effects.queue.send([message])
  effects.log({ event: 'given_back', message: item.id, kind: message.kind })
}

function isOutOfTime({ effects }: Environment): boolean {
  return (effects.timeLeftMs?.() ?? Number.POSITIVE_INFINITY) < TIME_RESERVE_MS
}

/** The deployed function. */
export const handler = createTransformHandler(environmentOfProcess, () => lakeBucketOf(placeOfProcess())).use(observed())
