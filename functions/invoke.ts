import type { SQSBatchResponse, SQSRecord } from 'aws-lambda'
import type { LandReport } from '../lib/pipeline/land.ts'
import type { ComputeTask, Task } from '../lib/pipeline/task.ts'
import type { TransformReport } from '../lib/pipeline/transform.ts'
import type { createTransformHandler } from './transform.ts'

type TransformHandler = ReturnType<typeof createTransformHandler>

/** Calls the handler through the map's door, as a state machine does, for the first time or again. */
export function invokeTask(handler: TransformHandler, task: ComputeTask, triesBefore?: number): Promise<TransformReport>
export function invokeTask(handler: TransformHandler, task: Task, triesBefore?: number): Promise<TransformReport | LandReport>
export async function invokeTask(handler: TransformHandler, task: Task, triesBefore = 0): Promise<TransformReport | LandReport> {
  return (await invoke(handler, { task, triesBefore })) as TransformReport | LandReport
}

/** Calls the handler through the queue's door, as the event source mapping does. */
export async function invokeBatch(
  handler: TransformHandler,
  records: readonly Pick<SQSRecord, 'messageId' | 'body'>[],
): Promise<SQSBatchResponse> {
  return (await invoke(handler, { Records: records })) as SQSBatchResponse
}

function invoke(handler: TransformHandler, event: unknown): Promise<unknown> {
  // biome-ignore lint/suspicious/noExplicitAny: the event is what comes through the door; the handler's middleware reads it
  return (handler as any)(event, {})
}
