import type { Requests } from '../lake/counting-store.ts'
import type { PriceTable, Quote } from '../model/price.ts'
import { type Bill, makeBill } from './bill.ts'
import type { Gate } from './gate.ts'
import type { Plan, PlannedLandings, PlannedView } from './plan.ts'
import type { RunPublish } from './publish-run.ts'
import type { BackfillRequest } from './request.ts'
import type { Tally } from './run-tally.ts'
import type { Spent } from './run-task.ts'

/** What was planned, without the single tasks and objects. */
export interface PlanSummary {
  readonly views: readonly PlannedView[]
  readonly landings: readonly (Pick<PlannedLandings, 'source' | 'bytes'> & { readonly objects: number; readonly refused: number })[]
  readonly partitions: number
  readonly maybe: number
  readonly tasks: number
}

/** `runs/<run>/report.json`: what was asked for, planned, done and spent. Its size does not grow with the number of partitions. */
export interface RunReport extends Tally {
  readonly format: 1
  readonly run: string
  readonly reason: string
  readonly request: BackfillRequest
  readonly engine: string
  readonly started: string
  readonly ended: string
  /** By the machine's clock, which `started` and `ended` need not be; unknown of a run that left no report. */
  readonly wallMs?: number
  /** Ended before its last task, by whoever started it. */
  readonly aborted: boolean
  readonly plan: PlanSummary
  readonly quote: Quote
  readonly bill: Bill
  /** What was verified before; a difference stopped the run. */
  readonly gate?: Gate
  /** There where the request asked for it. */
  readonly publish?: RunPublish
}

/** Runs of what is left out that a report names per view. */
const LEFT_OUT_MAX = 20

export interface RunFacts {
  readonly run: string
  readonly plan: Plan
  readonly prices: PriceTable
  readonly planning: Spent
  /** Requests of the process that drove the run, planning left out. */
  readonly own: Requests
  readonly tally: Tally
  readonly started: string
  readonly ended: string
  readonly wallMs?: number
  readonly aborted: boolean
  readonly gate?: Gate
}

/** The report from what was planned and what came of it. */
export function reportOf({ plan, tally, prices, planning, own, ...facts }: RunFacts): RunReport {
  const { request, engine, quote, partitions, maybe } = plan
  return {
    format: 1,
    reason: request.reason,
    request,
    engine,
    ...facts,
    ...tally,
    plan: summaryOf(plan),
    quote,
    bill: makeBill({
      quote,
      prices,
      partitions,
      maybe,
      tally,
      planning,
      own,
      ...(facts.gate && { gate: facts.gate }),
    }),
  }
}

/** Tasks of each level, level 0 first. */
export function tasksPerLevel({ landings, levels }: Pick<Plan, 'landings' | 'levels'>): number[] {
  return [landings.reduce((sum, { keys }) => sum + keys.length, 0), ...levels.map(({ tasks }) => tasks.length)]
}

function summaryOf(plan: Plan): PlanSummary {
  return {
    views: plan.views.map((view) => ({ ...view, leftOut: view.leftOut.slice(0, LEFT_OUT_MAX) })),
    landings: plan.landings.map(({ source, keys, bytes, refused }) => ({ source, objects: keys.length, bytes, refused: refused.length })),
    partitions: plan.partitions,
    maybe: plan.maybe,
    tasks: tasksPerLevel(plan).reduce((sum, tasks) => sum + tasks, 0),
  }
}
