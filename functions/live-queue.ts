import { queueSender } from '../lib/lake/queue-sender.ts'
import { InvalidInputError } from '../lib/model/errors.ts'
import type { Queue } from '../lib/pipeline/effects.ts'

/** The live queue of a deployed function, from `HINDCAST_QUEUE_URL`; without one, sending is refused. */
export function queueOfProcess(): Queue {
  const url = process.env.HINDCAST_QUEUE_URL
  return url ? { send: queueSender(url) } : NO_QUEUE
}

/** For work that has nothing to send. */
export const NO_QUEUE: Queue = {
  send: async (messages) => {
    if (messages.length > 0) throw new InvalidInputError('this function has no queue to send to; live work needs one')
  },
}
