/**
 * Functions as Lambda runs them: each call in a process of its own while it lasts, kept warm for the next one. A process has the
 * function's environment, the credentials of the emulator, and nothing else of the test. In AWS each has a CPU too; here they share this
 * machine's, and those for tasks of a map give way to the others.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { AtMost } from './at-most.ts'
import type { Asked, Told } from './lambda-process.ts'
import type { Invocation } from './lambda-runner.ts'

const BOOTSTRAP = fileURLToPath(new URL('./lambda-process.ts', import.meta.url))
const TIMEOUT_MS = 900_000

/** A line that a function logged. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string }

export interface FunctionProcesses {
  run(invocation: Invocation): Promise<unknown>
  /** What all processes logged, in the order in which it came. */
  readonly lines: LogLine[]
  /** Milliseconds of import by verb, one per process. */
  readonly imports: ReadonlyMap<string, readonly number[]>
  close(): void
}

export interface FunctionProcessesOptions {
  /** The module of a verb, such as `transform`. */
  readonly moduleOf: (verb: string) => string
  /** What `Date.now` says in a process at its start, in milliseconds; else the time of this machine. */
  readonly now?: number
  /** Tasks of a map that run at once, as far as this machine goes; the others wait. Default: as many as are called. */
  readonly tasksMax?: number
  /** Where processes that work on tasks of a map reach AWS, if not where all do. */
  readonly taskEndpoint?: () => string
}

export function openFunctionProcesses({ moduleOf, now, tasksMax, taskEndpoint }: FunctionProcessesOptions): FunctionProcesses {
  const turns = new AtMost(tasksMax ?? Number.POSITIVE_INFINITY)
  const idle = new Map<string, Process[]>()
  const all: Process[] = []
  const lines: LogLine[] = []
  const imports = new Map<string, number[]>()
  const start = async ({ functionName, environment, event }: Invocation): Promise<Process> => {
    const verb = verbOf(functionName)
    const clock = now === undefined ? {} : { HINDCAST_TEST_CLOCK_MS: String(now) }
    const task = isTask(event)
    const endpoint = taskEndpoint && task ? { AWS_ENDPOINT_URL: taskEndpoint() } : {}
    const process = new Process(moduleOf(verb), { ...environment, ...clock, ...endpoint }, lines)
    if (task) process.giveWay()
    all.push(process)
    imports.set(verb, [...(imports.get(verb) ?? []), await process.ready])
    return process
  }
  const call = async (invocation: Invocation): Promise<unknown> => {
    const kind = `${invocation.functionName} ${isTask(invocation.event) ? 'task' : 'batch'}`
    const process = idle.get(kind)?.pop() ?? (await start(invocation))
    const answer = await process.ask({ event: invocation.event, timeoutMs: TIMEOUT_MS })
    idle.set(kind, [...(idle.get(kind) ?? []), process])
    if ('payload' in answer) return answer.payload
    if (!('failed' in answer)) throw new Error(`the process of ${kind} told its import twice`)
    const { errorType: name, errorMessage } = answer.failed
    throw Object.assign(new Error(errorMessage), { name })
  }
  return {
    lines,
    imports,
    run: (invocation) => (isTask(invocation.event) ? turns.take(() => call(invocation)) : call(invocation)),
    close: () => {
      for (const process of all) process.end()
    },
  }
}

/** `transform` of `Hindcast-LakeTransform9A2B…`. */
export function verbOf(functionName: string): string {
  const [, verb] = /Lake([A-Z][a-z]+)/.exec(functionName) ?? []
  if (verb === undefined) throw new Error(`${functionName} is none of the stack's functions`)
  return verb.toLowerCase()
}

function isTask(event: unknown): boolean {
  return event !== null && typeof event === 'object' && 'task' in event
}

/** One process; it does one thing at a time. */
class Process {
  readonly ready: Promise<number>
  readonly #child: ChildProcess

  constructor(module: string, environment: Readonly<Record<string, string>>, lines: LogLine[]) {
    this.#child = fork(BOOTSTRAP, [module], { env: { ...passedOn(), ...environment }, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    if (this.#child.stdout) createInterface(this.#child.stdout).on('line', (line) => lines.push(JSON.parse(line)))
    this.ready = this.#next().then((told) => ('importMs' in told ? told.importMs : Number.NaN))
  }

  ask(asked: Asked): Promise<Told> {
    this.#child.send(asked)
    return this.#next()
  }

  /** From now on it has of this machine what the others leave. */
  giveWay(): void {
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW)
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }

  async #next(): Promise<Told> {
    const ended = new AbortController()
    const { signal } = ended
    const gone = once(this.#child, 'exit', { signal }).then(([code]) => {
      // As Lambda calls a process that died.
      throw Object.assign(new Error(`the process ended with ${code}`), { name: 'Runtime.ExitError' })
    })
    try {
      const [told] = await Promise.race([once(this.#child, 'message', { signal }), gone])
      return told as Told
    } finally {
      gone.catch(() => undefined)
      ended.abort()
    }
  }
}

function passedOn(): Record<string, string> {
  const passed = Object.entries(process.env).filter(([name]) => name === 'PATH' || name.startsWith('AWS_'))
  return { TZ: 'UTC', ...Object.fromEntries(passed.map(([name, value]) => [name, value ?? ''])) }
}
