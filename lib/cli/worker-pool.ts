import type { Catalog } from '../model/catalog.ts'
import { InternalError, TransientError } from '../model/errors.ts'
import type { Profiles } from '../pipeline/effects.ts'
import type { LandReport } from '../pipeline/land.ts'
import type { TaskMap } from '../pipeline/run.ts'
import type { Task } from '../pipeline/task.ts'
import type { TransformReport } from '../pipeline/transform.ts'
import { type LaneStart, TaskLane } from './task-lane.ts'
import { WorkerProcess } from './worker-process.ts'

/**
 * Lanes in this process: the engine works on threads of its own, so one JavaScript thread feeds three at least, and none pays for the start
 * of a process (0.2 s of processor time). Further ones get a process each.
 */
const LANES_HERE = 3

/** How often a task is tried when its worker died or something transient happened. */
const TRIES = 3

/** Runs the tasks of a map on this machine, each worker with an engine instance of its own, one task each at a time. */
export class WorkerPool implements TaskMap {
  readonly concurrency: number
  readonly #all: readonly (TaskLane | WorkerProcess)[]
  readonly #idle: (TaskLane | WorkerProcess)[]
  #closed = false

  constructor(start: LaneStart, workers: number) {
    this.concurrency = workers
    const profiles: Profiles = new Map()
    this.#all = Array.from({ length: workers }, (_, at) => (at < LANES_HERE ? new TaskLane(start, profiles) : new WorkerProcess(start)))
    this.#idle = [...this.#all]
  }

  prepare(tasks: number, catalog: Catalog): void {
    // The lane that became idle last is the first to get a task.
    for (const worker of this.#idle.slice(-tasks)) if (worker instanceof TaskLane) worker.warm(catalog)
  }

  async runTask(task: Task): Promise<TransformReport | LandReport> {
    for (let attempt = 1; ; attempt++) {
      const worker = this.#idle.pop()
      if (!worker) throw new InternalError(`more than ${this.concurrency} tasks at a time`)
      try {
        return await worker.runTask(task, attempt - 1)
      } catch (error) {
        if (this.#closed || !(error instanceof TransientError) || attempt >= TRIES) throw error
      } finally {
        this.#idle.push(worker)
      }
    }
  }

  /** Ends all workers at once. Nothing they were writing is left half written. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#all.map((worker) => worker.close()))
  }
}
