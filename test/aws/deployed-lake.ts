import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn'
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'
import { openLake } from '../../lib/lake/open-lake.ts'
import { queueSender } from '../../lib/lake/queue-sender.ts'
import { sha256 } from '../../lib/model/hash.ts'
import type { EndedRun } from '../../lib/pipeline/end-run.ts'
import type { DeployedLake } from './deploy.ts'
import type { Invocation } from './lambda-runner.ts'

/** How an execution ended. */
export interface Ended {
  readonly status: string | undefined
  readonly error: string | undefined
  readonly cause: string | undefined
  readonly output: EndedRun
}

/** A deployed lake as a person, and the event source mapping, work with it. Expects the clients' settings in the environment. */
export class Deployed {
  readonly store: ObjectStore
  /** Names and addresses of its parts. */
  readonly lake: DeployedLake
  readonly #run: (invocation: Invocation) => Promise<unknown>
  readonly #machines = new SFNClient()
  readonly #queues = new SQSClient({ useQueueUrlAsEndpoint: false })

  constructor(lake: DeployedLake, store: ObjectStore, run: (invocation: Invocation) => Promise<unknown>) {
    this.lake = lake
    this.store = store
    this.#run = run
  }

  /** Starts an execution; gives its ARN. */
  async start(request: object, name?: string): Promise<string> {
    const { machineArn: stateMachineArn } = this.lake
    const input = JSON.stringify(request)
    const started = await this.#machines.send(new StartExecutionCommand({ stateMachineArn, input, ...(name !== undefined && { name }) }))
    return started.executionArn ?? ''
  }

  async ended(executionArn: string): Promise<Ended> {
    for (;;) {
      const { status, output, error, cause } = await this.#machines.send(new DescribeExecutionCommand({ executionArn }))
      if (status !== 'RUNNING') return { status, error, cause, output: JSON.parse(output ?? 'null') as EndedRun }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async backfill(request: object, name?: string): Promise<Ended> {
    return this.ended(await this.start(request, name))
  }

  async stop(executionArn: string): Promise<void> {
    await this.#machines.send(new StopExecutionCommand({ executionArn }))
  }

  /** At most ten messages, which nobody else gets for the time of the queue's visibility. */
  async receive(): Promise<Message[]> {
    const { Messages: messages = [] } = await this.#queues.send(
      new ReceiveMessageCommand({ QueueUrl: this.lake.queueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['SentTimestamp'] }),
    )
    return messages
  }

  /** Hands a batch to the function as the mapping does: what it does not name as failed is deleted. Gives the failed ones. */
  async handle(messages: readonly Message[]): Promise<Message[]> {
    const { queueUrl: QueueUrl } = this.lake
    const Records = messages.map(({ MessageId: messageId, Body: body }) => ({ messageId, body }))
    const answer = await this.call('LakeTransform', { Records })
    const { batchItemFailures } = answer as { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }
    const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
    const [failed, done] = [
      messages.filter(({ MessageId: id = '' }) => again.has(id)),
      messages.filter(({ MessageId: id = '' }) => !again.has(id)),
    ]
    for (const { ReceiptHandle } of done) await this.#queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    return failed
  }

  /** Takes batch after batch until none comes. What failed comes again at once, as if the time of the queue's visibility had passed. */
  async drain(): Promise<void> {
    for (let messages = await this.receive(); messages.length > 0; messages = await this.receive()) {
      const QueueUrl = this.lake.queueUrl
      for (const { ReceiptHandle } of await this.handle(messages))
        await this.#queues.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }))
    }
  }

  /** Takes away the messages that failed every time; gives their bodies. */
  async deadLetters(): Promise<string[]> {
    const asked = new GetQueueAttributesCommand({ QueueUrl: this.lake.queueUrl, AttributeNames: ['RedrivePolicy'] })
    const { RedrivePolicy: policy = '{}' } = (await this.#queues.send(asked)).Attributes ?? {}
    const { deadLetterTargetArn: arn = '' } = JSON.parse(policy) as { readonly deadLetterTargetArn?: string }
    const { QueueUrl } = await this.#queues.send(new GetQueueUrlCommand({ QueueName: arn.split(':').at(-1) }))
    const { Messages: messages = [] } = await this.#queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
    for (const { ReceiptHandle } of messages) await this.#queues.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    return messages.map(({ Body: body = '' }) => body)
  }

  /** Takes away all that waits: batch by batch, since a queue may be purged only once a minute. */
  async purge(): Promise<void> {
    const { queueUrl: QueueUrl } = this.lake
    for (let messages = await this.receive(); messages.length > 0; messages = await this.receive()) {
      const Entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }))
      await this.#queues.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
    }
  }

  async send(bodies: readonly unknown[]): Promise<void> {
    await queueSender(this.lake.queueUrl)(bodies)
  }

  /** How many messages wait. */
  async waiting(): Promise<number> {
    const asked = new GetQueueAttributesCommand({ QueueUrl: this.lake.queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })
    return Number((await this.#queues.send(asked)).Attributes?.ApproximateNumberOfMessages)
  }

  /** Calls a function by its name in the stack, as something else of AWS does. */
  call(functionName: string, event: unknown): Promise<unknown> {
    const { bucket, queueUrl } = this.lake
    const environment = { HINDCAST_LAKE: `s3://${bucket}`, HINDCAST_QUEUE_URL: queueUrl }
    return this.#run({ functionName, environment, event })
  }

  async remove(...prefixes: readonly string[]): Promise<void> {
    for (const prefix of prefixes) for (const key of await this.keys(prefix)) await this.store.delete(key)
  }

  async keys(prefix: string): Promise<string[]> {
    return (await listAll(this.store, { prefix })).map(({ key }) => key)
  }

  /** sha256 of every output by its key. */
  outputs(prefix = 'features/'): Promise<Record<string, string>> {
    return outputsOf(this.store, prefix)
  }
}

export async function openDeployed(lake: DeployedLake, run: (invocation: Invocation) => Promise<unknown>): Promise<Deployed> {
  return new Deployed(lake, (await openLake(`s3://${lake.bucket}`)).store, run)
}

/** sha256 of every output of a lake by its key. */
export async function outputsOf(store: ObjectStore, prefix = 'features/'): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { key } of await listAll(store, { prefix }))
    if (key.endsWith('.parquet')) found[key] = sha256((await store.get(key))?.bytes ?? new Uint8Array())
  return found
}
