import type { ObjectStore } from '../../lake/object-store.ts'
import { EXIT } from '../exit-codes.ts'
import { hindcastOn } from '../hindcast-on.ts'
import { renderPlan } from '../render-plan.ts'
import { Executions } from './executions.ts'
import type { DeployedContext } from './require-deployed.ts'
import { FiguresView } from './show-figures.ts'
import { tellEnd } from './tell-end.ts'
import { watchRun } from './watch-run.ts'

/** Shows how far a run is until it has ended, then what came of it. Ctrl-C ends the watching, not the run. */
export async function followRun(
  context: DeployedContext,
  { run, store, json }: { readonly run: string; readonly store: ObjectStore; readonly json: boolean },
): Promise<number> {
  const executions = new Executions(context.deployed.machineArn)
  const abort = new AbortController()
  const detach = () => abort.abort()
  process.once('SIGINT', detach)
  const view = new FiguresView(context.note)
  try {
    const execution = await watchRun(
      run,
      { executions, store },
      { signal: abort.signal, onPlan: (plan) => context.note(renderPlan(plan)), onLook: (figures, pace) => view.show(figures, pace) },
    )
    view.stop()
    if (execution) return await tellEnd(context, { execution, store, json })
    context.note(describeDetached(context, run))
    return EXIT.interrupted
  } finally {
    view.stop()
    process.off('SIGINT', detach)
  }
}

/** How to look at a run again that goes on. */
export function describeDetached(context: DeployedContext, run: string): string {
  const hindcast = hindcastOn(context)
  return [
    `run ${run} goes on in ${context.deployed.stack}`,
    `  ${hindcast} watch ${run}    shows how far it is`,
    `  ${hindcast} cancel ${run}   stops it`,
  ].join('\n')
}
