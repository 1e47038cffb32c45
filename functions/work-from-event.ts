import type { MiddlewareObj } from '@middy/core'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import * as z from 'zod'
import { InvalidInputError } from '../lib/model/errors.ts'
import { REPROCESS } from '../lib/model/states.ts'
import type { Message, Task } from '../lib/pipeline/task.ts'

/** What both doors of the function come to: the messages of a queue batch, or one task of a map. */
export type Work =
  | { readonly door: 'queue'; readonly items: readonly WorkItem[] }
  | { readonly door: 'map'; readonly task: Task; readonly place?: RunPlace; readonly triesBefore?: number }

/** Which task of a run this is; its result is left there. */
export interface RunPlace {
  readonly run: string
  readonly level: number
  readonly index: number
}

/** One message of a batch; one that cannot be read fails alone, one that is not ours is done. */
export type WorkItem =
  | { readonly id: string; readonly message: Message; readonly bucket?: string }
  | { readonly id: string; readonly error: InvalidInputError }
  | { readonly id: string; readonly skip: string }

const cause = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('object'),
    bucket: z.string().exactOptional(),
    key: z.string(),
    sequencer: z.string().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('sweep'), at: z.string() }),
])
const computeTask = z.strictObject({
  kind: z.literal('task'),
  view: z.string(),
  version: z.string(),
  first: z.string(),
  last: z.string(),
  reprocess: z.enum(REPROCESS),
  missingInputs: z.enum(['block', 'allow']),
  writer: z.string(),
  cause: cause.exactOptional(),
})
const landTask = z.strictObject({
  kind: z.literal('land'),
  source: z.string(),
  key: z.string(),
  repair: z.boolean(),
  retry: z.boolean(),
  writer: z.string(),
  cause: cause.exactOptional(),
})
const taskSchema = z.discriminatedUnion('kind', [computeTask, landTask])
/** An object that was given back to the queue for want of time. */
const arrived = cause.options[0]
const messageSchema = z.discriminatedUnion('kind', [computeTask, landTask, arrived])
const mapEvent = z.strictObject({
  task: taskSchema,
  place: z.strictObject({ run: z.string(), level: z.int().min(0), index: z.int().min(0) }).exactOptional(),
  triesBefore: z.int().min(0).exactOptional(),
})

/** An S3 event as EventBridge brings it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const objectCreated = z.object({
  'detail-type': z.literal('Object Created'),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), sequencer: z.string().exactOptional() }),
  }),
})

/**
 * What a bucket sends itself, where a notification of its own names the queue; its keys are encoded as in a form, those of EventBridge are not:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
const notification = z.object({
  Records: z.tuple([
    z.object({
      eventSource: z.literal('aws:s3'),
      eventName: z.string(),
      s3: z.object({
        bucket: z.object({ name: z.string() }),
        object: z.object({ key: z.string(), sequencer: z.string().exactOptional() }),
      }),
    }),
  ]),
})
/** Sent once when such a notification is set up. */
const testEvent = z.object({ Service: z.literal('Amazon S3'), Event: z.literal('s3:TestEvent') })

/** Turns what came through either door into work. `lakeBucket` is the name by which events call the lake's own bucket. */
export function workFromEvent(lakeBucket: () => string | undefined): MiddlewareObj<Work> {
  return {
    before: (request) => {
      request.event = parseEvent(request.event, lakeBucket())
    },
  }
}

function parseEvent(event: unknown, lakeBucket: string | undefined): Work {
  if (isBatch(event)) return { door: 'queue', items: event.Records.map((record) => parseRecord(record, lakeBucket)) }
  const parsed = mapEvent.safeParse(event)
  if (parsed.success) return { door: 'map', ...parsed.data }
  throw new InvalidInputError(`the event is neither a queue batch nor a task: ${z.prettifyError(parsed.error)}`)
}

function isBatch(event: unknown): event is SQSEvent {
  return event !== null && typeof event === 'object' && 'Records' in event && Array.isArray(event.Records)
}

/** One message of the queue as work, or why it is none. */
export function parseRecord(record: Pick<SQSRecord, 'messageId' | 'body'>, lakeBucket: string | undefined): WorkItem {
  const id = record.messageId
  let body: unknown
  try {
    body = JSON.parse(record.body)
  } catch (cause) {
    return { id, error: new InvalidInputError(`message ${id} is not JSON`, {}, { cause }) }
  }
  const event = objectCreated.safeParse(body)
  if (event.success) return itemOf(id, event.data.detail.bucket.name, event.data.detail.object, lakeBucket)
  const notified = notification.safeParse(body)
  if (notified.success) return parseNotified(id, notified.data.Records[0], lakeBucket)
  if (testEvent.safeParse(body).success) return { id, skip: 'a test event of S3' }
  const message = messageSchema.safeParse(body)
  if (message.success) return { id, message: message.data }
  if (body !== null && typeof body === 'object' && 'detail-type' in body)
    return { id, skip: `event '${String(body['detail-type'])}' is not ours` }
  return { id, error: new InvalidInputError(`message ${id} is neither an S3 event nor a task: ${z.prettifyError(message.error)}`) }
}

type Notified = z.infer<typeof notification>['Records'][0]

function parseNotified(id: string, { eventName, s3: { bucket, object } }: Notified, lakeBucket: string | undefined): WorkItem {
  if (!eventName.startsWith('ObjectCreated:')) return { id, skip: `event '${eventName}' is not ours` }
  try {
    return itemOf(id, bucket.name, { ...object, key: decodeURIComponent(object.key.replaceAll('+', ' ')) }, lakeBucket)
  } catch (cause) {
    return {
      id,
      error: new InvalidInputError(`message ${id} has the key '${object.key}', which is not encoded as S3 does it`, {}, { cause }),
    }
  }
}

/** An object as an event of its bucket names it. */
interface NamedObject {
  readonly key: string
  readonly sequencer?: string
}

function itemOf(id: string, bucket: string, object: NamedObject, lakeBucket: string | undefined): WorkItem {
  return { id, message: { kind: 'object', ...object, ...(bucket !== lakeBucket && { bucket }) } }
}

/** An S3 event in EventBridge's shape, for a queue that is not fed by AWS. */
export function objectCreatedEvent(bucket: string, key: string, sequencer?: string) {
  const object = { key, ...(sequencer !== undefined && { sequencer }) }
  return { source: 'aws.s3', 'detail-type': 'Object Created', detail: { bucket: { name: bucket }, object } }
}
