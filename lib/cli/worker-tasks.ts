/**
 * One worker process of a local backfill: an engine instance of its own, and the transform handler that a deployed map calls. It takes
 * tasks one at a time from its parent and ends with it.
 */

import { type Environment, openEnvironment } from '../../functions/environment.ts'
import { invokeTask } from '../../functions/invoke.ts'
import { createTransformHandler } from '../../functions/transform.ts'
import type { Task } from '../pipeline/task.ts'
import { scratchFolder } from './session.ts'
import type { WorkerAnswer, WorkerStart } from './worker-pool.ts'

// Ctrl-C reaches the whole process group: the parent decides when its workers end.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))

const start = JSON.parse(process.argv[2] ?? '{}') as WorkerStart
let environment: Promise<Environment> | undefined

/** Opened with the first task: until then the parent may still find the definitions wrong, and the lake is left alone. */
function open(): Promise<Environment> {
  environment ??= scratchFolder(start.lake).then((scratch) =>
    openEnvironment({ lake: start.lake, scratch, log: () => undefined, ...(start.now !== undefined && { now: () => start.now ?? 0 }) }),
  )
  return environment
}

const handler = createTransformHandler(open)

process.on('message', async (task: Task) => {
  send(await answer(task))
})

async function answer(task: Task): Promise<WorkerAnswer> {
  try {
    return { report: await invokeTask(handler, task) }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
    return { error: { name, message } }
  }
}

function send(message: WorkerAnswer): void {
  process.send?.(message)
}
