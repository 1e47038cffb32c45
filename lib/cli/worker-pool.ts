import { type ChildProcess, fork } from 'node:child_process'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { DataError, type HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'
import type { LandReport } from '../pipeline/land.ts'
import type { TaskMap } from '../pipeline/run.ts'
import type { Task } from '../pipeline/task.ts'
import type { TransformReport } from '../pipeline/transform.ts'

export interface WorkerStart {
  readonly lake: string
  /** A fixed clock, in milliseconds. */
  readonly now?: number
}

export type WorkerAnswer =
  | { readonly report: TransformReport | LandReport }
  | { readonly error: { readonly name: string; readonly message: string } }

/** How often a task is tried when its worker died or something transient happened. */
const TRIES = 3

/** Worker processes that do the tasks of a map, one each at a time. */
export class WorkerPool implements TaskMap {
  readonly concurrency: number
  readonly #start: WorkerStart
  readonly #idle: ChildProcess[] = []
  readonly #all = new Set<ChildProcess>()
  #closed = false

  constructor(start: WorkerStart, workers: number) {
    this.concurrency = workers
    this.#start = start
    for (let count = 0; count < workers; count++) this.#idle.push(this.#fork())
  }

  async runTask(task: Task): Promise<TransformReport | LandReport> {
    for (let attempt = 1; ; attempt++) {
      const worker = this.#idle.pop() ?? this.#fork()
      try {
        const report = await ask(worker, task)
        this.#idle.push(worker)
        return report
      } catch (error) {
        if (worker.connected) this.#idle.push(worker)
        if (this.#closed || !(error instanceof TransientError) || attempt >= TRIES) throw error
      }
    }
  }

  /** Ends all workers at once. Nothing they were writing is left half written. */
  close(): void {
    this.#closed = true
    for (const worker of this.#all) worker.kill('SIGKILL')
    this.#all.clear()
  }

  #fork(): ChildProcess {
    const file = fileURLToPath(
      import.meta.url.endsWith('.ts') ? new URL('./worker.ts', import.meta.url) : new URL('./worker.js', import.meta.url),
    )
    const worker = fork(file, [JSON.stringify(this.#start)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: workerEnvironment() })
    this.#all.add(worker)
    worker.on('exit', () => {
      this.#all.delete(worker)
      const at = this.#idle.indexOf(worker)
      if (at >= 0) this.#idle.splice(at, 1)
    })
    return worker
  }
}

/** Workers run the code that this process has compiled already. */
function workerEnvironment(): NodeJS.ProcessEnv {
  const compiled = module.getCompileCacheDir?.()
  return compiled === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: compiled }
}

function ask(worker: ChildProcess, task: Task): Promise<TransformReport | LandReport> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null) => {
      worker.off('message', answered)
      reject(new TransientError(`a worker process ended in the middle of a task (${signal ?? `exit code ${code}`})`))
    }
    const answered = (answer: WorkerAnswer) => {
      worker.off('exit', ended)
      if ('report' in answer) resolve(answer.report)
      else reject(errorOf(answer.error))
    }
    worker.once('message', answered)
    worker.once('exit', ended)
    worker.send(task)
  })
}

/** The worker's error, of its kind again. */
function errorOf({ name, message }: { readonly name: string; readonly message: string }): HindcastError {
  if (name === 'DataError') return new DataError(message)
  if (name === 'InvalidInputError') return new InvalidInputError(message)
  return name === 'TransientError' || name === 'ConflictError' ? new TransientError(message) : new InternalError(message)
}
