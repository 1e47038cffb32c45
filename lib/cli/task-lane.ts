import { type OwnedEnvironment, openEnvironment } from '../../functions/environment.ts'
import { invokeTask } from '../../functions/invoke.ts'
import { createTransformHandler } from '../../functions/transform.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Profiles } from '../pipeline/effects.ts'
import type { LandReport } from '../pipeline/land.ts'
import type { Task } from '../pipeline/task.ts'
import type { TransformReport } from '../pipeline/transform.ts'
import { scratchFolder } from './session.ts'

/** What tasks run on: the lake, and a fixed clock in milliseconds if there is one. */
export interface LaneStart {
  readonly lake: string
  readonly now?: number
}

/** Where tasks run one at a time: an engine instance of its own behind the transform handler that a deployed map calls. */
export class TaskLane {
  readonly #start: LaneStart
  readonly #profiles: Profiles
  readonly #handler = createTransformHandler(() => this.#open())
  #environment: Promise<OwnedEnvironment> | undefined
  #running: Promise<unknown> = Promise.resolve()

  /** `profiles`: those of all lanes of the process. */
  constructor(start: LaneStart, profiles: Profiles = new Map()) {
    this.#start = start
    this.#profiles = profiles
  }

  /** Opens the lane before its first task comes; what goes wrong is told by that task. */
  warm(catalog: Catalog): void {
    this.#environment ??= openLane(this.#start, this.#profiles, catalog)
    this.#environment.then(
      ({ effects }) => effects.engine.warm(),
      () => undefined,
    )
  }

  runTask(task: Task, triesBefore: number): Promise<TransformReport | LandReport> {
    const running = invokeTask(this.#handler, task, triesBefore)
    this.#running = running.catch(() => undefined)
    return running
  }

  /** Ends the query that runs; what is being put is put. */
  async close(): Promise<void> {
    const environment = await this.#environment?.catch(() => undefined)
    environment?.interrupt()
    await this.#running
    await environment?.close()
  }

  /** Opened when there is work at the earliest: until then the definitions may still be found wrong, and the lake is left alone. */
  #open(): Promise<OwnedEnvironment> {
    this.#environment ??= openLane(this.#start, this.#profiles)
    return this.#environment
  }
}

async function openLane({ lake, now }: LaneStart, profiles: Profiles, catalog?: Catalog): Promise<OwnedEnvironment> {
  const scratch = await scratchFolder(lake)
  const clock = now === undefined ? {} : { now: () => now }
  return openEnvironment({ lake, scratch, profiles, log: () => undefined, ...(catalog && { catalog }), ...clock })
}
