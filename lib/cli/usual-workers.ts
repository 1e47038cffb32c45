import { availableParallelism } from 'node:os'
import { PRICES } from '../model/price.ts'
import { type PlanSettings, TASK_SECONDS } from '../pipeline/request.ts'

/** One more than there are cores: while one brings inputs or puts outputs, the others compute. A sixth less wall time than without it. */
export function usualWorkers(): number {
  return availableParallelism() + 1
}

/**
 * How a run on this machine is planned: a few tasks for each worker, so that the last one does not run alone; few, since neighbours both read
 * what lies at their border.
 */
export function localSettings(workers: number, prices = PRICES): PlanSettings {
  return { prices, taskSeconds: TASK_SECONDS, tasksWanted: workers * 3 }
}
