import { InvalidInputError } from '../lib/model/errors.ts'
import type { Queue } from '../lib/pipeline/effects.ts'

/** The live queue of a deployed function, from `HINDCAST_QUEUE_URL`; without one, sending is refused. */
export async function queueOfProcess(): Promise<Queue> {
  const url = process.env.HINDCAST_QUEUE_URL
  if (!url) return NO_QUEUE
  // A command on a folder, which runs the same handlers, does without the client: it takes 30 ms to load.
  const { queueSender } = await import('../lib/lake/queue-sender.ts')
  return { send: queueSender(url) }
}

/** For work that has nothing to send. */
export const NO_QUEUE: Queue = {
  send: async (messages) => {
    if (messages.length > 0) throw new InvalidInputError('this function has no queue to send to; live work needs one')
  },
}
