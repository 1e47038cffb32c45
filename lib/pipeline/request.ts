import type { PeriodRequest } from '../model/period.ts'
import type { PriceTable } from '../model/price.ts'
import type { Reprocess } from '../model/states.ts'

/** What a backfill asks for. A view is named alone, which means its candidate, or as `view@version`. Plain data: a dry run, the console and the state machine take the same. */
export interface BackfillRequest {
  readonly views: readonly string[]
  readonly period: PeriodRequest
  /** Also compute what the views read, or what reads them, over the partitions that follow from the period. */
  readonly with: 'none' | 'upstream' | 'downstream'
  readonly reprocess: Reprocess
  readonly missingInputs: 'block' | 'allow'
  /** US dollars; a plan whose high price is above it is refused. */
  readonly maxCost?: number
  /** Publish all versions that the plan computes, once they are computed. */
  readonly publish?: boolean
  /** Runs without the gate, and lets what was not verified be published. */
  readonly unverified?: boolean
  readonly reason: string
}

export interface PlanSettings {
  readonly prices: PriceTable
  /** Seconds of expected work in one task. */
  readonly taskSeconds: number
  /** At least this many tasks per level where there is work for them: the workers that stand ready, a few times over. */
  readonly tasksWanted: number
}

/** Tasks of about five minutes: long enough that starting one costs nothing, short enough to end well inside a function's 15. */
export const TASK_SECONDS = 300
