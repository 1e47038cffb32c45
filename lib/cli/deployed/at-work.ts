import type { ObjectStore } from '../../lake/object-store.ts'
import { hindcastOn } from '../hindcast-on.ts'
import { count } from '../table.ts'
import { Executions } from './executions.ts'
import { LiveQueues, type QueueCounts } from './live-queues.ts'
import type { DeployedContext } from './require-deployed.ts'
import type { RunFigures } from './run-figures.ts'
import { renderFigures } from './show-figures.ts'
import { RunWatcher } from './watch-run.ts'

/** What a stack is doing now. */
export interface AtWork {
  readonly runs: readonly RunFigures[]
  readonly queue: QueueCounts
}

/** Runs that are under way, newest first, and the messages of the live queue. */
export async function readAtWork({ deployed }: DeployedContext, store: ObjectStore): Promise<AtWork> {
  const executions = new Executions(deployed.machineArn)
  const runs: RunFigures[] = []
  for (const execution of await executions.list('RUNNING'))
    runs.push(await new RunWatcher(execution.run, { executions, store }).look(execution))
  return { runs, queue: await new LiveQueues(deployed.queueUrl).counts() }
}

/** The same for a person. */
export function renderAtWork(context: DeployedContext, { runs, queue }: AtWork): string {
  const { waiting, atWork, dead } = queue
  return [
    ...runs.map((figures) => `run ${figures.run}: ${renderFigures(figures)}`),
    `live queue: ${count(waiting, 'message')} waiting, ${atWork} at work`,
    ...(dead > 0
      ? [`dead letters: ${count(dead, 'message')} failed every time; ${hindcastOn(context)} redrive --dead-letters --dry-run shows them`]
      : []),
  ].join('\n')
}
