import { type ChildProcess, fork } from 'node:child_process'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { DataError, type HindcastError, InternalError, InvalidInputError, TransientError } from '../model/errors.ts'
import type { LandReport } from '../pipeline/land.ts'
import type { Task } from '../pipeline/task.ts'
import type { TransformReport } from '../pipeline/transform.ts'
import type { LaneStart } from './task-lane.ts'

/** What a worker process is sent. */
export interface AskedTask {
  readonly task: Task
  readonly triesBefore: number
}

/** What a worker process sends back for a task. */
export type WorkerAnswer =
  | { readonly report: TransformReport | LandReport }
  | { readonly error: { readonly name: string; readonly message: string } }

/** A lane in a process of its own; one that died is started again with the next task. */
export class WorkerProcess {
  readonly #start: LaneStart
  #process: ChildProcess

  constructor(start: LaneStart) {
    this.#start = start
    this.#process = forkWorker(start)
  }

  /** @throws TransientError when the process ends in the middle. */
  runTask(task: Task, triesBefore: number): Promise<TransformReport | LandReport> {
    if (!this.#process.connected || hasEnded(this.#process)) this.#process = forkWorker(this.#start)
    return ask(this.#process, { task, triesBefore })
  }

  /** Ends the process at once. Nothing that it was writing is left half written. */
  async close(): Promise<void> {
    this.#process.kill('SIGKILL')
  }
}

function forkWorker(start: LaneStart): ChildProcess {
  const name = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const file = fileURLToPath(new URL(name, import.meta.url))
  return fork(file, [JSON.stringify(start)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: workerEnvironment() })
}

/** Workers run the code that this process has compiled already. */
function workerEnvironment(): NodeJS.ProcessEnv {
  const compiled = module.getCompileCacheDir?.()
  return compiled === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: compiled }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function ask(worker: ChildProcess, asked: AskedTask): Promise<TransformReport | LandReport> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      worker.off('message', answered)
      worker.off('exit', ended)
    }
    const ended = (code: number | null, signal: string | null) => {
      stop()
      reject(new TransientError(`a worker process ended in the middle of a task (${signal ?? `exit code ${code}`})`))
    }
    const answered = (answer: WorkerAnswer) => {
      stop()
      if ('report' in answer) resolve(answer.report)
      else reject(errorOf(answer.error))
    }
    worker.once('message', answered)
    worker.once('exit', ended)
    worker.send(asked, (error) => {
      if (!error) return
      if (hasEnded(worker)) ended(worker.exitCode, worker.signalCode)
      // Its end is not known here yet, and whoever tries again must find it ended.
      else worker.kill('SIGKILL')
    })
  })
}

/** The worker's error, of its kind again. */
function errorOf({ name, message }: { readonly name: string; readonly message: string }): HindcastError {
  if (name === 'DataError') return new DataError(message)
  if (name === 'InvalidInputError') return new InvalidInputError(message)
  return name === 'TransientError' || name === 'ConflictError' ? new TransientError(message) : new InternalError(message)
}
