/** One worker process of a local backfill: it takes tasks one at a time from its parent and ends with it. */

import { type LaneStart, TaskLane } from './task-lane.ts'
import type { AskedTask, WorkerAnswer } from './worker-process.ts'

// Ctrl-C reaches the whole process group: the parent decides when its workers end.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))

const lane = new TaskLane(JSON.parse(process.argv[2] ?? '{}') as LaneStart)

process.on('message', async (asked: AskedTask) => {
  send(await answer(asked))
})

async function answer({ task, triesBefore }: AskedTask): Promise<WorkerAnswer> {
  try {
    return { report: await lane.runTask(task, triesBefore) }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
    return { error: { name, message } }
  }
}

function send(message: WorkerAnswer): void {
  process.send?.(message)
}
