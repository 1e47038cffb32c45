import { NO_REQUESTS } from '../../lake/counting-store.ts'
import { makeBill } from '../../pipeline/bill.ts'
import type { Gate } from '../../pipeline/gate.ts'
import type { PlanFile } from '../../pipeline/run-files.ts'
import { tasksPerLevel } from '../../pipeline/run-report.ts'
import type { Tally } from '../../pipeline/run-tally.ts'
import type { Execution, MapRun } from './executions.ts'

/** How far a run is. */
export interface RunFigures {
  readonly run: string
  readonly status: Execution['status']
  /** `before`: no task has begun. `after`: all levels are done. */
  readonly stage: 'planning' | 'before' | 'landing' | 'computing' | 'after'
  readonly tasks: {
    readonly of: number
    readonly done: number
    readonly failed: number
    readonly atWork: number
    readonly atWorkMax: number
  }
  readonly partitions: { readonly of: number; readonly done: number }
  readonly landed: number
  readonly rows: number
  /** As counted so far, and as quoted. */
  readonly usd: number
  readonly lowUsd: number
  readonly highUsd: number
}

/** What is known of a run at one look; the plan is there once it is made. */
export interface RunLook {
  readonly execution: Execution
  readonly plan: PlanFile | undefined
  readonly maps: readonly MapRun[]
  readonly tally: Tally
  /** What was compared before the run; there once it has ended. */
  readonly gate?: Gate | undefined
}

/** The figures of one look. Tasks are those that Step Functions counts, partitions and the price those of the results that were read. */
export function figuresOf({ execution, plan, maps, tally, gate }: RunLook): RunFigures {
  const sum = (pick: (map: MapRun) => number) => maps.reduce((total, map) => total + pick(map), 0)
  const levels = plan ? tasksPerLevel(plan) : []
  const failed = sum((map) => map.failed)
  return {
    run: execution.run,
    status: execution.status,
    stage: stageOf(plan, maps),
    tasks: {
      of: levels.reduce((total, tasks) => total + tasks, 0),
      done: failed + sum((map) => map.succeeded),
      failed,
      atWork: sum((map) => (map.running ? map.atWork : 0)),
      atWorkMax: sum((map) => (map.running ? map.maxConcurrency : 0)),
    },
    partitions: { of: plan?.partitions ?? 0, done: Object.values(tally.outcomes).reduce((total, count) => total + count, 0) },
    landed: tally.landed,
    rows: tally.rows,
    usd: plan ? costOf(plan, tally, gate) : 0,
    lowUsd: plan?.quote.lowUsd ?? 0,
    highUsd: plan?.quote.highUsd ?? 0,
  }
}

/** The first map lands where there is something to land; levels without tasks have no map. */
function stageOf(plan: PlanFile | undefined, maps: readonly MapRun[]): RunFigures['stage'] {
  if (!plan) return 'planning'
  const levels = [...tasksPerLevel(plan).entries()].filter(([, tasks]) => tasks > 0)
  if (levels.length === maps.length && !maps.some(({ running }) => running)) return 'after'
  const [level] = levels[maps.length - 1] ?? []
  if (level === undefined) return 'before'
  return level === 0 ? 'landing' : 'computing'
}

function costOf({ quote, prices, partitions, maybe, planning }: PlanFile, tally: Tally, gate: Gate | undefined): number {
  return makeBill({ quote, prices, partitions, maybe, tally, planning, own: NO_REQUESTS, ...(gate && { gate }) }).usd
}

/** Partitions per second, and milliseconds that the rest takes at that rate; undefined before there is a rate. */
export interface Pace {
  readonly perSecond: number
  readonly leftMs: number
}

/** The window over which a rate is taken: long enough for a few tasks to end in it. */
const WINDOW_MS = 180_000

/** Tells the pace of a run from looks at it; times are of one clock, in milliseconds. */
export class Pacer {
  #looks: { readonly at: number; readonly done: number }[] = []

  add(at: number, { partitions: { done, of } }: RunFigures): Pace | undefined {
    this.#looks = [...this.#looks.filter((look) => at - look.at <= WINDOW_MS), { at, done }]
    const [first] = this.#looks
    if (!first || at === first.at || done <= first.done) return undefined
    const perSecond = ((done - first.done) * 1000) / (at - first.at)
    return { perSecond, leftMs: Math.max(0, (of - done) / perSecond) * 1000 }
  }
}
