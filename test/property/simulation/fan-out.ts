import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ScheduleResult } from './schedule.ts'

/** Schedules `first`..`first + count - 1`, of the product or of a mutant. */
export interface Batch {
  readonly first: number
  readonly count: number
  readonly pure: boolean
  /** `plain`: code of the test stands for the engine, for many schedules in little time. */
  readonly engine: 'real' | 'plain'
  readonly mutant?: string
}

/** Runs the schedules in a process per core and returns their results in the order of their seeds. */
export async function runBatch(batch: Batch, onResult: (result: ScheduleResult) => void = () => undefined): Promise<ScheduleResult[]> {
  const workers = Math.max(1, Math.min(availableParallelism(), batch.count))
  const results: ScheduleResult[] = []
  const keep = (result: ScheduleResult) => {
    results.push(result)
    onResult(result)
  }
  await Promise.all([...Array(workers).keys()].map((worker) => runWorker(batch, { worker, workers }, keep)))
  return results.sort((a, b) => a.seed - b.seed)
}

function runWorker(batch: Batch, share: { worker: number; workers: number }, onResult: (result: ScheduleResult) => void): Promise<void> {
  const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [JSON.stringify({ ...batch, ...share })], { execArgv: [] })
  child.on('message', (result) => onResult(result as ScheduleResult))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker of the simulation ended with code ${code}`))))
  })
}
