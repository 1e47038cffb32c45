import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectStore } from '../../lake/object-store.ts'
import { FollowedResults } from '../../pipeline/follow-results.ts'
import type { Gate } from '../../pipeline/gate.ts'
import { type PlanFile, readPlanFile } from '../../pipeline/run-files.ts'
import { readGate } from '../../pipeline/verify-run.ts'
import type { Execution, Executions, MapRun } from './executions.ts'
import { figuresOf, type Pace, Pacer, type RunFigures } from './run-figures.ts'

/** Time between two looks. A look lists the results, a request per thousand tasks: large runs are looked at less often. */
const LOOK_MS = 2000
const LOOK_MS_PER_TASK = 2
const LOOK_MS_MAX = 60_000

export interface WatchEffects {
  readonly executions: Executions
  readonly store: ObjectStore
}

export interface WatchOptions {
  /** Ends the watching; the run goes on. */
  readonly signal: AbortSignal
  /** The plan, as soon as it is made. */
  onPlan?(plan: PlanFile): void
  onLook(figures: RunFigures, pace: Pace | undefined): void
}

/** Looks at a run until it has ended, and gives how; undefined where the watching was ended before. */
export async function watchRun(
  run: string,
  effects: WatchEffects,
  { signal, onPlan, onLook }: WatchOptions,
): Promise<Execution | undefined> {
  const watcher = new RunWatcher(run, effects, onPlan)
  const pacer = new Pacer()
  while (!signal.aborted) {
    const execution = await effects.executions.describe(run)
    const figures = await watcher.look(execution)
    onLook(figures, pacer.add(performance.now(), figures))
    if (execution.status !== 'RUNNING') return execution
    await sleep(waitMs(figures), undefined, { signal }).catch(() => undefined)
  }
  return undefined
}

/** Looks at one run several times; what cannot change any more is not asked for again. */
export class RunWatcher {
  readonly #run: string
  readonly #effects: WatchEffects
  readonly #results: FollowedResults
  readonly #onPlan: WatchOptions['onPlan']
  #plan: PlanFile | undefined
  #gate: Gate | undefined
  #maps: readonly MapRun[] = []

  constructor(run: string, effects: WatchEffects, onPlan?: WatchOptions['onPlan']) {
    this.#run = run
    this.#onPlan = onPlan
    this.#effects = effects
    this.#results = new FollowedResults(effects.store, run)
  }

  async look(execution: Execution): Promise<RunFigures> {
    if (!this.#plan) {
      this.#plan = await readPlanFile(this.#effects.store, this.#run)
      if (this.#plan) this.#onPlan?.(this.#plan)
    }
    if (this.#plan && !this.#gate) this.#gate = await readGate(this.#effects.store, this.#run)
    // No map begins before there is a plan.
    if (this.#plan) this.#maps = await this.#effects.executions.mapRuns(this.#run, this.#maps)
    return figuresOf({ execution, plan: this.#plan, maps: this.#maps, tally: await this.#results.look(), gate: this.#gate })
  }
}

function waitMs({ tasks }: RunFigures): number {
  return Math.min(LOOK_MS_MAX, LOOK_MS + tasks.of * LOOK_MS_PER_TASK)
}
