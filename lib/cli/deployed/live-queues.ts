/** The live queue of a stack and the one for what failed every time. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { InvalidInputError, TransientError } from '../../model/errors.ts'
import { awsError } from './aws-error.ts'

/** Messages, as far as SQS counts them: approximately. */
export interface QueueCounts {
  readonly waiting: number
  readonly atWork: number
  readonly dead: number
}

/** A message that failed every time. */
export interface DeadLetter {
  readonly id: string
  readonly body: string
}

/** Messages of one request. */
const BATCH = 10
/** While a dead letter is held it is seen by nobody else; what is not moved by then comes back. */
const HELD_SECONDS = 120
/** Answers without a message that are taken for the end: a queue of few messages may give none although it has some. */
const EMPTY_MAX = 2

export class LiveQueues {
  // An endpoint of one's own (an emulator) does not answer at the names that queues have in AWS.
  readonly #client = new SQSClient({
    useQueueUrlAsEndpoint: (process.env.AWS_ENDPOINT_URL_SQS ?? process.env.AWS_ENDPOINT_URL) === undefined,
  })
  readonly #url: string
  #deadUrl: string | undefined

  constructor(url: string) {
    this.#url = url
  }

  async counts(): Promise<QueueCounts> {
    return this.#ask(async () => {
      const [live, dead] = [await this.#attributes(this.#url), await this.#attributes(await this.#deadLetters())]
      return {
        waiting: Number(live.ApproximateNumberOfMessages ?? 0),
        atWork: Number(live.ApproximateNumberOfMessagesNotVisible ?? 0),
        dead: Number(dead.ApproximateNumberOfMessages ?? 0),
      }
    })
  }

  /** The first dead letters, at most `max`; they stay where they are. */
  async peek(max: number): Promise<DeadLetter[]> {
    return this.#ask(async () => {
      const held: Message[] = []
      try {
        for await (const batch of this.#receive()) {
          held.push(...batch)
          if (held.length >= max) break
        }
        return held.slice(0, max).map(letterOf)
      } finally {
        for (let at = 0; at < held.length; at += BATCH) await this.#giveBack(held.slice(at, at + BATCH))
      }
    })
  }

  /**
   * Moves all dead letters back to the live queue, each sent before it is deleted: one may come twice, which changes nothing, but none is
   * lost. Not by SQS's own move task, since that tells neither what it moves nor what is refused.
   * @throws TransientError where the live queue does not take one; it stays a dead letter.
   */
  async redrive(onMoved: (letters: readonly DeadLetter[]) => void): Promise<void> {
    const sent = new Set<string | undefined>()
    await this.#ask(async () => {
      for await (const batch of this.#receive()) {
        // What was moved and has failed again in the meantime is not moved in circles.
        const [back, next] = [batch.filter(({ MessageId: id }) => sent.has(id)), batch.filter(({ MessageId: id }) => !sent.has(id))]
        const { moved, ids, refused } = await this.#move(next)
        for (const id of ids) sent.add(id)
        onMoved(moved.map(letterOf))
        await this.#giveBack(back)
        if (refused) throw new TransientError(`the live queue did not take a message: ${refused}; it is a dead letter still`)
        if (back.length > 0) return
      }
    })
  }

  /** The messages that went, their ids in the live queue, and why one was refused. */
  async #move(batch: readonly Message[]) {
    if (batch.length === 0) return { moved: [], ids: [] }
    const Entries = batch.map(({ Body: body = '' }, at) => ({ Id: String(at), MessageBody: body }))
    const answer = await this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#url, Entries }))
    const taken = new Set((answer.Successful ?? []).map(({ Id: id }) => Number(id)))
    const moved = batch.filter((_, at) => taken.has(at))
    await this.#delete(moved)
    return { moved, ids: (answer.Successful ?? []).map(({ MessageId: id }) => id), refused: answer.Failed?.[0]?.Code }
  }

  async *#receive(): AsyncGenerator<readonly Message[]> {
    const QueueUrl = await this.#deadLetters()
    const input = { QueueUrl, MaxNumberOfMessages: BATCH, VisibilityTimeout: HELD_SECONDS, WaitTimeSeconds: 1 }
    for (let empty = 0; empty < EMPTY_MAX; ) {
      const { Messages: messages = [] } = await this.#client.send(new ReceiveMessageCommand(input))
      empty = messages.length === 0 ? empty + 1 : 0
      if (messages.length > 0) yield messages
    }
  }

  async #delete(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return
    const Entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }))
    await this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: await this.#deadLetters(), Entries }))
  }

  async #giveBack(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return
    const Entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle, VisibilityTimeout: 0 }))
    await this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: await this.#deadLetters(), Entries }))
  }

  /** The live queue names where its dead letters go. */
  async #deadLetters(): Promise<string> {
    if (this.#deadUrl !== undefined) return this.#deadUrl
    const { RedrivePolicy: policy } = await this.#attributes(this.#url)
    const { deadLetterTargetArn: arn = '' } = JSON.parse(policy ?? '{}') as { readonly deadLetterTargetArn?: string }
    const [, , , , account, name] = arn.split(':')
    if (!name) throw new InvalidInputError(`queue ${this.#url} has no dead-letter queue; expected the live queue of a stack`)
    const { QueueUrl: url = '' } = await this.#client.send(new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }))
    this.#deadUrl = url
    return url
  }

  async #attributes(url: string): Promise<Partial<Record<string, string>>> {
    const AttributeNames = ['All' as const]
    return (await this.#client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames }))).Attributes ?? {}
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw awsError(error, 'SQS')
    }
  }
}

function letterOf({ MessageId: id = '', Body: body = '' }: Message): DeadLetter {
  return { id, body }
}
