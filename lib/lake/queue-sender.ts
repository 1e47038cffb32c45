import { SendMessageBatchCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs'
import { InternalError, TransientError } from '../model/errors.ts'

/** Limits of one request: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const ENTRIES_MAX = 10
/** How often what a queue did not take is sent again, beyond the tries of the client. */
const TRIES = 4

/**
 * Sends values to an SQS queue, as JSON. What a request took only in part is sent again, so a message may come twice but never gets lost.
 * @throws TransientError when the queue does not take everything, InternalError for a message that it never takes.
 */
export function queueSender(url: string, config: SQSClientConfig = {}): (messages: readonly unknown[]) => Promise<void> {
  // An endpoint of one's own (an emulator) does not answer at the names that queues have in AWS.
  const useQueueUrlAsEndpoint = (process.env.AWS_ENDPOINT_URL_SQS ?? process.env.AWS_ENDPOINT_URL) === undefined
  const client = new SQSClient({ useQueueUrlAsEndpoint, ...config })
  return async (messages) => {
    for (let at = 0; at < messages.length; at += ENTRIES_MAX) await sendBatch(client, url, messages.slice(at, at + ENTRIES_MAX))
  }
}

async function sendBatch(client: SQSClient, url: string, messages: readonly unknown[]): Promise<void> {
  let entries = messages.map((message, at) => ({ Id: String(at), MessageBody: JSON.stringify(message) }))
  for (let tries = 1; entries.length > 0; tries++) {
    const { Failed: failed = [] } = await send(client, url, entries)
    const wrong = failed.find((one) => one.SenderFault)
    if (wrong) throw new InternalError(`queue ${url} refuses a message: ${wrong.Code}: ${wrong.Message ?? ''}`)
    if (failed.length > 0 && tries === TRIES)
      throw new TransientError(`queue ${url} did not take ${failed.length} messages: ${failed[0]?.Code}`)
    const left = new Set(failed.map((one) => one.Id))
    entries = entries.filter((entry) => left.has(entry.Id))
  }
}

async function send(client: SQSClient, url: string, entries: { Id: string; MessageBody: string }[]) {
  try {
    return await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }))
  } catch (cause) {
    const [name, message] = cause instanceof Error ? [cause.name, cause.message] : ['', String(cause)]
    throw new TransientError(`queue ${url} did not answer: ${name}: ${message}`, {}, { cause })
  }
}
