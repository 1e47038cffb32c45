import { readJson } from '../../lake/json-object.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { readPlanFile, reportKey } from '../../pipeline/run-files.ts'
import type { RunReport } from '../../pipeline/run-report.ts'
import { EXIT } from '../exit-codes.ts'
import { hindcastOn } from '../hindcast-on.ts'
import { exitCodeOfRun, renderRun } from '../render-run.ts'
import type { Execution } from './executions.ts'
import type { DeployedContext } from './require-deployed.ts'
import { type EndedBy, endOf, errorNamed, exitCodeOfEnd } from './run-ends.ts'

/**
 * Says what came of a run that has ended, and gives the exit code that the same run would have on this machine.
 * @throws what ended a run that left no report, by the kind of its error.
 */
export async function tellEnd(
  context: DeployedContext,
  { execution, store, json }: { readonly execution: Execution; readonly store: ObjectStore; readonly json: boolean },
): Promise<number> {
  const [plan, report] = [await readPlanFile(store, execution.run), await readReport(store, execution.run)]
  if (!plan || !report) return tellPlanned(context, execution)
  // What fails is in the report as the failures of its tasks; only a run that was stopped is one that somebody ended.
  const told = execution.status === 'FAILED' ? { ...report, aborted: false } : report
  const { run, status, error = 'Error' } = execution
  const failed = status === 'FAILED'
  const wallMs = (execution.stopped ?? execution.started) - execution.started
  if (json) context.out(JSON.stringify({ execution: { run, status, ...(failed && { error }) }, quote: plan.quote, report }, null, 1))
  else {
    const by = { hindcast: hindcastOn(context), run, views: plan.request.views }
    context.out([renderRun(told, wallMs, by), ...whyEnded(execution, by)].join('\n'))
  }
  if (status === 'TIMED_OUT') return EXIT.retry
  const code = exitCodeOfRun(told, plan)
  return failed ? exitCodeOfEnd(error, code) : code
}

async function readReport(store: ObjectStore, run: string): Promise<RunReport | undefined> {
  return (await readJson<RunReport>(store, reportKey(run)))?.value
}

function whyEnded({ status, error = 'Error' }: Execution, by: EndedBy): string[] {
  if (status === 'TIMED_OUT') return ['  it ran out of time; the same command goes on with the rest']
  return status === 'FAILED' ? [`  the run failed with ${error}: ${endOf(error).advice(by)}`] : []
}

/** A dry run has its price as its output; anything else without a report was refused, or stopped before it had a plan. */
function tellPlanned(context: DeployedContext, execution: Execution): number {
  const { run, status, output, error = 'Error', cause } = execution
  if (status === 'SUCCEEDED') {
    context.out(output ?? `run ${run} has ended`)
    return EXIT.ok
  }
  if (status === 'FAILED') throw errorNamed(error, `run ${run} failed: ${messageOf(cause)}`)
  context.out(`run ${run} was stopped before it had a plan; nothing was computed`)
  return EXIT.interrupted
}

/** The cause of a function's error is JSON with the message in it. */
function messageOf(cause = 'no cause was told'): string {
  try {
    const parsed: unknown = JSON.parse(cause)
    return parsed !== null && typeof parsed === 'object' && 'errorMessage' in parsed ? String(parsed.errorMessage) : cause
  } catch {
    return cause
  }
}
