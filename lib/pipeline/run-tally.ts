/**
 * Adds up what the tasks of a run gave, one result at a time: a run of a million partitions takes no more memory than one of a hundred.
 * The counts are whole; of single tasks and partitions only the slowest and the first few are kept.
 */
import { addRequests, NO_REQUESTS, type Requests } from '../lake/counting-store.ts'
import { isNamed, TIMED_OUT } from '../model/cut-off.ts'
import { canonicalJson } from '../model/hash.ts'
import { FUNCTION_SECONDS_MAX } from '../model/price.ts'
import type { Spent, TaskReport } from './run-task.ts'
import type { Task } from './task.ts'
import type { Outcome } from './transform.ts'

/** What one task of a map gave: its report, or why there is none; or what a try of it took that gave no report. */
export type TaskResult =
  | { readonly task: Task; readonly report: TaskReport }
  /** `done`: what its tries did before they failed. */
  | { readonly task: Task; readonly error: string; readonly triesBefore?: number; readonly done?: TaskReport }
  | { readonly task: Task; readonly spent: Spent }

/** Tasks that a report names, the slowest first. */
const SLOWEST_MAX = 20
/** Problems of each kind that a report names, the first ones. */
export const PROBLEMS_MAX = 100

/** One level of a run; level 0 lands. */
export interface LevelTally {
  readonly level: number
  /** Tasks that were planned, those that gave a report, and those that gave none. */
  readonly tasks: number
  readonly done: number
  readonly failed: number
  /** Milliseconds of all its tasks together. */
  readonly ms: number
}

export interface ViewTally {
  readonly view: string
  readonly version: string
  /** Partitions by outcome. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly rows: number
  /** Bytes of the outputs that were put. */
  readonly bytes: number
}

export interface SlowTask {
  readonly task: Task
  readonly level: number
  readonly ms: number
  readonly partitions: number
  readonly requests: Requests
}

/** A partition that was left for a reason. */
export interface LeftPartition {
  readonly view: string
  readonly partition: string
  readonly result: Outcome['result']
  readonly reason: string
}

/** Everything that the tasks gave, together. */
export interface Tally {
  readonly levels: readonly LevelTally[]
  /** Partitions by outcome, over all views. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly views: readonly ViewTally[]
  readonly landed: number
  /** Landing tasks whose object needed nothing: landed already, vanished or refused before. */
  readonly notLanded: number
  readonly slowest: readonly SlowTask[]
  /** Tasks that gave no report, and objects that could not be landed: the first of them, and how many there are. */
  readonly failures: readonly { readonly task: Task; readonly error: string }[]
  readonly failed: number
  /** Tries that failed or did not come to an end of their task, of these the ones that left nothing of what they took, and an estimate of that. */
  readonly tries: { readonly lost: number; readonly uncounted: number; readonly lostMs: number }
  /** Partitions that were refused, with what was found: the first of them; `outcomes` has how many there are. */
  readonly rejected: readonly { readonly view: string; readonly partition: string; readonly reason: string }[]
  /** The first partitions that were left blocked, pending or otherwise for a reason. */
  readonly left: readonly LeftPartition[]
  readonly rows: number
  /** Bytes of the outputs that were put. */
  readonly bytes: number
  /** Bytes that the queries scanned, overlapping windows each time. */
  readonly bytesRead: number
  /** Milliseconds of bringing inputs and computing, over all partitions. */
  readonly computeMs: number
  /** What the tasks took: wall time of each, and requests. */
  readonly spent: { readonly ms: number; readonly requests: Requests }
}

type Counts = Record<string, number>

/** Give it each level's planned tasks, then each result. */
export class RunTally {
  readonly #levels = new Map<number, { -readonly [key in keyof LevelTally]: LevelTally[key] }>()
  readonly #views = new Map<string, { view: string; version: string; outcomes: Counts; rows: number; bytes: number }>()
  readonly #outcomes: Counts = {}
  readonly #slowest: SlowTask[] = []
  readonly #failures: Tally['failures'][number][] = []
  readonly #rejected: Tally['rejected'][number][] = []
  readonly #left: LeftPartition[] = []
  readonly #sums = { landed: 0, notLanded: 0, failed: 0, rows: 0, bytes: 0, bytesRead: 0, computeMs: 0, ms: 0 }
  readonly #tries = { lost: 0, counted: 0, lostMs: 0 }
  /** What tries took that said so, of tasks that have not ended yet. */
  readonly #tried = new Map<string, { readonly tries: number; readonly ms: number }>()
  #requests = NO_REQUESTS

  plan(level: number, tasks: number): void {
    this.#levels.set(level, { level, tasks, done: 0, failed: 0, ms: 0 })
  }

  add(level: number, result: TaskResult): void {
    const counts = this.#levels.get(level) ?? { level, tasks: 0, done: 0, failed: 0, ms: 0 }
    this.#levels.set(level, counts)
    if ('error' in result) {
      counts.failed++
      this.#addFailure(result)
      return
    }
    const { ms = 0, requests = NO_REQUESTS } = ('spent' in result ? result.spent : result.report.spent) ?? {}
    counts.ms += ms
    this.#sums.ms += ms
    this.#requests = addRequests(this.#requests, requests)
    if ('spent' in result) {
      this.#addTry(result.task, ms)
      return
    }
    counts.done++
    this.#addReport(level, result, { ms, requests })
  }

  #addFailure({ task, error, triesBefore = 0, done }: Extract<TaskResult, { error: string }>): void {
    this.#sums.failed++
    this.#addLost(task, triesBefore + 1, { ms: msOf(done), timedOut: isNamed(error, TIMED_OUT) })
    keep(this.#failures, { task, error })
    if (done) this.#addDone(done)
  }

  #addReport(level: number, { task, report }: Extract<TaskResult, { report: TaskReport }>, { ms, requests }: Spent): void {
    if (report.triesBefore)
      this.#addLost(task, report.triesBefore, { ms: 'outcomes' in report ? (report.beforeMs ?? 0) : 0, timedOut: false })
    this.#addDone(report)
    this.#keepSlow({ task, level, ms, requests, partitions: 'outcomes' in report ? report.outcomes.length : 0 })
  }

  #addDone(report: TaskReport): void {
    if ('outcomes' in report) for (const outcome of report.outcomes) this.#addOutcome(report, outcome)
    else if (report.result === 'landed') this.#sums.landed++
    else this.#sums.notLanded++
  }

  #addTry(task: Task, ms: number): void {
    const id = canonicalJson(task)
    const before = this.#tried.get(id) ?? { tries: 0, ms: 0 }
    this.#tried.set(id, { tries: before.tries + 1, ms: before.ms + ms })
    this.#tries.counted++
  }

  /** Of the tries of a task that gave no report, those that said nothing took what its receipts say beyond what the others said. */
  #addLost(task: Task, tries: number, { ms, timedOut }: { readonly ms: number; readonly timedOut: boolean }): void {
    const id = canonicalJson(task)
    const said = this.#tried.get(id) ?? { tries: 0, ms: 0 }
    this.#tried.delete(id)
    this.#tries.lost += tries
    const silent = Math.max(0, tries - said.tries)
    if (silent > 0) this.#tries.lostMs += timedOut ? silent * FUNCTION_SECONDS_MAX * 1000 : Math.max(0, ms - said.ms)
  }

  tally(): Tally {
    const { ms, ...sums } = this.#sums
    const { lost, counted, lostMs } = this.#tries
    return {
      levels: [...this.#levels.values()].sort((a, b) => a.level - b.level),
      outcomes: this.#outcomes,
      views: [...this.#views.values()],
      slowest: this.#slowest,
      failures: this.#failures,
      rejected: this.#rejected,
      left: this.#left,
      spent: { ms, requests: this.#requests },
      tries: { lost, uncounted: Math.max(0, lost - counted), lostMs },
      ...sums,
    }
  }

  #addOutcome({ view, version }: { readonly view: string; readonly version: string }, outcome: Outcome): void {
    const { partition, result, rows = 0, bytes = 0, bytesRead = 0, ms = 0, reason } = outcome
    const own = this.#views.get(`${view}@${version}`) ?? { view, version, outcomes: {}, rows: 0, bytes: 0 }
    this.#views.set(`${view}@${version}`, own)
    for (const counts of [this.#outcomes, own.outcomes]) counts[result] = (counts[result] ?? 0) + 1
    for (const sums of [this.#sums, own]) {
      sums.rows += rows
      sums.bytes += result === 'written' ? bytes : 0
    }
    this.#sums.bytesRead += bytesRead
    this.#sums.computeMs += ms
    if (result === 'rejected') keep(this.#rejected, { view, partition, reason: reason ?? 'refused before, as its inputs stand' })
    else if (reason !== undefined) keep(this.#left, { view, partition, result, reason })
  }

  #keepSlow(task: SlowTask): void {
    const slowest = this.#slowest
    if (slowest.length === SLOWEST_MAX && task.ms <= (slowest.at(-1)?.ms ?? 0)) return
    const at = slowest.findIndex((other) => other.ms < task.ms)
    slowest.splice(at < 0 ? slowest.length : at, 0, task)
    slowest.length = Math.min(slowest.length, SLOWEST_MAX)
  }
}

function msOf(done: TaskReport | undefined): number {
  return done && 'outcomes' in done ? done.outcomes.reduce((sum, { ms = 0 }) => sum + ms, 0) : 0
}

function keep<T>(kept: T[], one: T): void {
  if (kept.length < PROBLEMS_MAX) kept.push(one)
}
