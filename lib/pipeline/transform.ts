/**
 * Computes what a task names, by the write protocol: outputs are listed before inputs, each partition is computed from exactly the
 * objects that were listed, put only over the object that was listed, certified by a receipt, and the inputs are listed once more at
 * the end. Whatever happens in between, a partition either stays as it was or is right for inputs that were there.
 *
 *     1 outputs   2 inputs, states   3 bring   4 compute   5 check   6 put, queue dependents   7 receipt   8 inputs again
 *         ^                             |                                |                                     |
 *         +------ changed or gone ------+-------- someone was faster ----+------------- changed ---------------+
 */

import { listOutputs, NO_OUTPUTS, type PartitionOutputs } from '../lake/outputs.ts'
import { type Catalog, featureKey } from '../model/catalog.ts'
import { InvalidInputError, TransientError, Unfinished } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { isComputed, type StateKind } from '../model/states.ts'
import { viewCalendar } from '../model/view.ts'
import { type Bringing, commit, type Made, reject, type Work } from './commit.ts'
import { type DoneBefore, doneBefore } from './done-before.ts'
import type { Effects } from './effects.ts'
import { InputListing } from './input-listing.ts'
import { inputBytes, type MadeWork, makeInBatches } from './make.ts'
import { rejectedReason, statePartition } from './partition-state.ts'
import { type ComputeTask, LIVE } from './task.ts'
import { Workbench } from './workbench.ts'

/** How often a partition goes round before it goes back to the queue. */
const ROUNDS_MAX = 5
/** Puts that run beside the next computation. */
const COMMITS_AT_ONCE = 4
/** A task ends between two partitions when less time than this is left. */
const TIME_RESERVE_MS = 30_000

/** What became of one partition. */
export interface Outcome {
  readonly partition: string
  /** `written`: new bytes; `confirmed`: computed, the same bytes stood there; else the state in which it was left. */
  readonly result: 'written' | 'confirmed' | StateKind
  readonly rows?: number
  readonly bytes?: number
  readonly bytesRead?: number
  readonly ms?: number
  /** Why it was left, for a state that says so. */
  readonly reason?: string
}

export interface TransformReport {
  readonly view: string
  readonly version: string
  readonly outcomes: readonly Outcome[]
  /** Milliseconds, by their receipts, of what earlier tries of the task did and is counted here. */
  readonly beforeMs?: number
}

/** A call that is not the first for its task. */
export interface TransformOptions {
  /** Tries of this task before; what they did is counted as it ended, and is not done again. */
  readonly triesBefore?: number
}

/**
 * Computes the partitions of a task that its `reprocess` asks for. Bad data in one partition leaves the others unaffected.
 * @throws Unfinished when time runs out, TransientError when others keep changing what it works on.
 */
export async function transform(
  task: ComputeTask,
  catalog: Catalog,
  effects: Effects,
  { triesBefore = 0 }: TransformOptions = {},
): Promise<TransformReport> {
  const feature = catalog.features.get(featureKey(task.view, task.version))
  if (!feature) throw new InvalidInputError(`view ${task.view} has no live version ${task.version}; it was dropped or never registered`)
  const calendar = viewCalendar(feature.version)
  const partitions = calendar.within(calendar.named(task.first).start, calendar.named(task.last).end)
  const bench = new Workbench(effects, `task-${effects.newId()}`, feature.version.zone)
  try {
    const run = new TransformRun({ task, catalog, effects, feature, bench }, triesBefore)
    await run.rounds(partitions)
    const { outcomes, beforeMs } = run
    return { view: task.view, version: task.version, outcomes: [...outcomes.values()], ...(beforeMs > 0 && { beforeMs }) }
  } finally {
    await bench.close()
  }
}

class TransformRun {
  readonly outcomes = new Map<string, Outcome>()
  /** Of those that earlier tries did. */
  beforeMs = 0
  /** Fingerprints that this call computed: a request to compute everything computes each once. */
  readonly #done = new Map<string, string>()
  /** What earlier tries did; a first one asks for nothing. */
  #before: ReadonlyMap<string, readonly DoneBefore[]> = new Map()
  readonly #triesBefore: number
  readonly #context: Bringing & { readonly task: ComputeTask }

  constructor(context: Bringing & { readonly task: ComputeTask }, triesBefore: number) {
    this.#context = context
    this.#triesBefore = triesBefore
  }

  async rounds(partitions: readonly Partition[]): Promise<void> {
    let todo = partitions
    for (let round = 1; todo.length > 0; round++) {
      if (round > ROUNDS_MAX) return this.#giveBack(todo)
      todo = await this.#round(todo, round === 1 && this.#triesBefore > 0)
    }
  }

  /** Steps 1 to 8 over the partitions; returns those that have to go round again. */
  async #round(all: readonly Partition[], triedBefore: boolean): Promise<Partition[]> {
    const { feature, task } = this.#context
    const outputs = await this.#listOutputs(all)
    if (triedBefore) this.#before = await doneBefore(this.#context.effects.lake.store, task.writer, outputs)
    // What exists is not missing, whatever its inputs say: a late object costs no listing of them.
    const partitions = task.reprocess === 'none' ? all.filter((one) => this.#isMissing(one, outputs.get(one.name))) : all
    const listing = await this.#listInputs(partitions)
    const again: Partition[] = []
    const done: Work[] = []
    const wanted: Work[] = []
    for (const partition of partitions) {
      const work = { partition, facts: outputs.get(partition.name) ?? NO_OUTPUTS, inputs: listing.inputs(feature, partition) }
      if (await this.#isWanted(work)) wanted.push(work)
    }
    const commits = new Commits(async ({ work, made }) => {
      const ended = made === 'gone' ? 'again' : await this.#finish(work, made)
      if (ended === 'again') again.push(work.partition)
      else done.push(work)
    })
    try {
      for await (const batch of makeInBatches(this.#context, wanted, (first) => this.#requireTime(first))) await commits.next(batch)
    } finally {
      await commits.ended()
    }
    await commits.next([])
    return [...again, ...(await this.#changedSince(done))].sort((a, b) => a.start - b.start)
  }

  /** What an earlier try put is there, and counts. */
  #isMissing({ name }: Partition, facts: PartitionOutputs | undefined): boolean {
    const [before] = this.#before.get(name) ?? []
    if (facts?.output && before) this.#takeOver(before.outcome)
    return facts?.output === undefined
  }

  async #listOutputs(partitions: readonly Partition[]): Promise<Map<string, PartitionOutputs>> {
    const [first, last] = [partitions[0], partitions.at(-1)]
    if (!first || !last) return new Map()
    return listOutputs(this.#context.effects.lake.store, this.#context.feature.version, first.name, last.name)
  }

  #listInputs(partitions: readonly Partition[]): Promise<InputListing> {
    const { effects, catalog, feature } = this.#context
    return InputListing.load({ lake: effects.lake, catalog, now: effects.now() }, [{ feature, partitions }])
  }

  /** Decides by the state; what is left as it is gets its outcome here. */
  async #isWanted(work: Work): Promise<boolean> {
    const { task, effects, feature } = this.#context
    const { name } = work.partition
    if (this.#done.get(name) === work.inputs.fingerprint) return false
    const context = { store: effects.lake.store, engine: effects.engine.build.id, missingInputs: task.missingInputs }
    const state = await statePartition(context, feature, work.facts, work.inputs)
    if (this.#wasDone(work, state.kind)) return false
    if (isComputed(state.kind, task.reprocess)) return true
    if (!this.#done.has(name)) {
      const reason =
        state.kind === 'rejected'
          ? await rejectedReason(effects.lake.store, work.facts, work.inputs)
          : 'reason' in state
            ? state.reason
            : undefined
      this.outcomes.set(name, { partition: name, result: state.kind, ...(reason !== undefined && { reason }) })
    }
    return false
  }

  /** Takes over how the partition ended in an earlier try, if its inputs are still those. */
  #wasDone({ partition: { name }, inputs: { fingerprint } }: Work, state: StateKind): boolean {
    if (this.#done.has(name) || (state !== 'fresh' && state !== 'rejected')) return false
    const before = this.#before.get(name)?.find((one) => one.fingerprint === fingerprint)
    if (!before || (before.outcome.result === 'rejected') !== (state === 'rejected')) return false
    this.#takeOver(before.outcome)
    this.#done.set(name, fingerprint)
    return true
  }

  #takeOver(outcome: Outcome): void {
    this.outcomes.set(outcome.partition, outcome)
    this.beforeMs += outcome.ms ?? 0
  }

  /** Steps 6 and 7, or the mark of a refusal. */
  async #finish(work: Work, made: Made): Promise<'done' | 'again'> {
    const refused = 'error' in made || made.computed.violations.length > 0
    const ended = refused ? await reject(this.#context, work, made) : await commit(this.#context, work, made)
    if (ended === 'again') return 'again'
    const { name } = work.partition
    this.#done.set(name, work.inputs.fingerprint)
    const spent = Object.values(made.durations).reduce((sum, ms) => sum + ms, 0)
    const outcome = { partition: name, ...ended, bytesRead: inputBytes(work), ms: Math.round(spent) }
    this.outcomes.set(name, outcome)
    const { view, version } = this.#context.feature.version
    this.#context.effects.log({ event: 'partition', view, version, writer: this.#context.task.writer, ...outcome })
    return 'done'
  }

  /** Step 8: partitions whose inputs are no longer those that they were computed from. */
  async #changedSince(done: readonly Work[]): Promise<Partition[]> {
    if (done.length === 0) return []
    const partitions = done.map((work) => work.partition).sort((a, b) => a.start - b.start)
    const listing = await this.#listInputs(partitions)
    return done
      .filter((work) => listing.inputs(this.#context.feature, work.partition).fingerprint !== work.inputs.fingerprint)
      .map((work) => work.partition)
  }

  #requireTime(next: Partition): void {
    const left = this.#context.effects.timeLeftMs?.() ?? Number.POSITIVE_INFINITY
    if (left >= TIME_RESERVE_MS) return
    throw new Unfinished(`view ${this.#context.feature.version.view} is not finished at partition ${next.name}`, {
      left_ms: Math.round(left),
    })
  }

  async #giveBack(todo: readonly Partition[]): Promise<void> {
    const { task, effects } = this.#context
    const [first, last] = [todo[0], todo.at(-1)]
    if (!first || !last) return
    if (task.writer !== LIVE) {
      throw new TransientError(`inputs or outputs of ${task.view} ${first.name}..${last.name} kept changing for ${ROUNDS_MAX} rounds`)
    }
    await effects.queue.send([{ ...task, first: first.name, last: last.name }])
  }
}

/** Commits a batch, a few partitions at a time, beside the computation of the next one. */
class Commits {
  readonly #commit: (one: MadeWork) => Promise<void>
  #running: Promise<void> = Promise.resolve()

  constructor(commit: (one: MadeWork) => Promise<void>) {
    this.#commit = commit
  }

  /** Begins a batch when the one before has ended. @throws the first error of that, after all of it has ended. */
  async next(batch: readonly MadeWork[]): Promise<void> {
    await this.#running
    this.#running = this.#all(batch)
    this.#running.catch(() => undefined)
  }

  /** Waits until nothing is on its way. */
  async ended(): Promise<void> {
    await this.#running.catch(() => undefined)
  }

  async #all(batch: readonly MadeWork[]): Promise<void> {
    const left = batch.values()
    const ends = await Promise.allSettled(Array.from({ length: COMMITS_AT_ONCE }, () => this.#each(left)))
    const failed = ends.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #each(left: Iterator<MadeWork>): Promise<void> {
    for (let one = left.next(); !one.done; one = left.next()) await this.#commit(one.value)
  }
}
