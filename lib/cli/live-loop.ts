import type { SQSRecord } from 'aws-lambda'
import type { Environment } from '../../functions/environment.ts'
import { invokeBatch } from '../../functions/invoke.ts'
import { LAKE_BUCKET } from '../../functions/place.ts'
import { createTransformHandler } from '../../functions/transform.ts'
import { objectCreatedEvent } from '../../functions/work-from-event.ts'
import type { Message } from '../pipeline/task.ts'

/** Messages in one batch, as the event source mapping would take them. */
const BATCH = 10
/** How often a message is received before it is a dead letter. */
const RECEIVES_MAX = 3

interface Waiting {
  readonly message: Message
  receives: number
}

/** A message that failed every time it was received. */
export interface DeadLetter {
  readonly message: Message
}

/**
 * The live queue of one process: it feeds the transform handler with batches in SQS's shape and gives failed messages back, as the event
 * source mapping does. What it holds is lost when the process ends; the next sweep finds that work again.
 */
export class LiveQueue {
  readonly dead: DeadLetter[] = []
  readonly #waiting: Waiting[] = []
  readonly #texts = new Set<string>()
  #count = 0

  /** A message that waits already, whatever its cause, is not added: whoever takes it sees everything that led to either. */
  async send(messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      const text = textOf(message)
      if (this.#texts.has(text)) continue
      this.#texts.add(text)
      this.#waiting.push({ message, receives: 0 })
    }
  }

  get length(): number {
    return this.#waiting.length
  }

  /** Handles everything that waits, and what that leads to. */
  async drain(environment: Environment, signal?: AbortSignal): Promise<void> {
    const handler = createTransformHandler(async () => environment)
    while (this.#waiting.length > 0 && !signal?.aborted) {
      const batch = this.#waiting.splice(0, BATCH)
      for (const { message } of batch) this.#texts.delete(textOf(message))
      const records = new Map(batch.map((waiting) => [`m${this.#count++}`, waiting]))
      const result = await invokeBatch(
        handler,
        [...records].map(([messageId, { message }]) => recordOf(messageId, message)),
      )
      for (const { itemIdentifier } of result.batchItemFailures) this.#giveBack(records.get(itemIdentifier))
    }
  }

  #giveBack(waiting: Waiting | undefined): void {
    if (!waiting) return
    waiting.receives++
    if (waiting.receives >= RECEIVES_MAX) this.dead.push({ message: waiting.message })
    else this.#waiting.push(waiting)
  }
}

function textOf(message: Message): string {
  return JSON.stringify(message.kind === 'object' ? message : { ...message, cause: undefined })
}

function recordOf(messageId: string, message: Message): Pick<SQSRecord, 'messageId' | 'body'> {
  const body = message.kind === 'object' ? objectCreatedEvent(message.bucket ?? LAKE_BUCKET, message.key, message.sequencer) : message
  return { messageId, body: JSON.stringify(body) }
}
