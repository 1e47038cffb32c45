import middy from '@middy/core'
import type { Context, SQSBatchResponse } from 'aws-lambda'
import { withVersions } from '../lib/lake/registry.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import { handleMessage } from '../lib/pipeline/live.ts'
import { runTask, type TaskReport } from '../lib/pipeline/run-task.ts'
import type { Task } from '../lib/pipeline/task.ts'
import { type Environment, environmentOfProcess, LAKE_BUCKET } from './environment.ts'
import { type Work, type WorkItem, workFromEvent } from './work-from-event.ts'

/** What the handler gives back: to SQS the messages that failed, to a map the report of its task. */
export type TransformResult = SQSBatchResponse | TaskReport

/**
 * The only function that computes. It has two doors, a batch of the live queue and one task of a map; `workFromEvent` turns both into
 * work, so live and backfill run the same code from there on.
 */
export function createTransformHandler(open: () => Promise<Environment>) {
  return middy<Work, TransformResult>()
    .use(workFromEvent(() => LAKE_BUCKET))
    .handler(async (work, context) => {
      const environment = withDeadline(await open(), context)
      if (work.door === 'map') return runTask(work.task, await catalogFor(work.task, environment), environment.effects)
      return handleBatch(work.items, environment)
    })
}

/** A run may be of a version that live no longer computes. */
async function catalogFor(task: Task, { catalog, effects }: Environment): Promise<Catalog> {
  return task.kind === 'task' ? withVersions(effects.lake.store, catalog, [task]) : catalog
}

/** Messages fail alone: the others of the batch are done, the failed ones come again. */
async function handleBatch(items: readonly WorkItem[], environment: Environment): Promise<SQSBatchResponse> {
  const failed: { itemIdentifier: string }[] = []
  for (const item of items) {
    try {
      await handleItem(item, environment)
    } catch (error) {
      const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
      environment.effects.log({ event: 'failed', message: item.id, name, error: message })
      failed.push({ itemIdentifier: item.id })
    }
  }
  return { batchItemFailures: failed }
}

async function handleItem(item: WorkItem, { catalog, effects }: Environment): Promise<void> {
  if ('error' in item) throw item.error
  if ('skip' in item) effects.log({ event: 'ignored', message: item.id, reason: item.skip })
  else await handleMessage(item.message, catalog, effects)
}

function withDeadline(environment: Environment, context: Partial<Context>): Environment {
  const left = context.getRemainingTimeInMillis
  return left ? { ...environment, effects: { ...environment.effects, timeLeftMs: () => left() } } : environment
}

/** The deployed function. */
export const handler = createTransformHandler(environmentOfProcess)
