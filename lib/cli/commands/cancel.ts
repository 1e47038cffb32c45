import { setTimeout as sleep } from 'node:timers/promises'
import { readClaims, removeClaim } from '../../lake/claims.ts'
import { type OpenLake, openLake } from '../../lake/open-lake.ts'
import { InvalidInputError, TransientError } from '../../model/errors.ts'
import { endRun } from '../../pipeline/end-run.ts'
import { readPlanFile } from '../../pipeline/run-files.ts'
import type { CliContext } from '../context.ts'
import { type Execution, Executions } from '../deployed/executions.ts'
import { type DeployedContext, requireDeployed } from '../deployed/require-deployed.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../table.ts'

/** How long Step Functions may take to stop an execution, and how often it is asked. */
const STOP_MS_MAX = 60_000
const ASK_MS = 500

export interface CancelOptions {
  readonly run: string
  readonly reason: string
  readonly json?: boolean
}

/**
 * Stops a run and releases what it holds: its claim ends, so that the sweep and other runs go on, and its report says what was done. The
 * stack's own rule does the same; here it is certain and at once.
 */
export async function cancel(given: CliContext, { run, reason, json }: CancelOptions): Promise<number> {
  const context = requireDeployed(given, 'cancel')
  const executions = new Executions(context.deployed.machineArn)
  const lake = await openLake(context.lake)
  try {
    const found = await executions.describe(run)
    if (found.status !== 'RUNNING') await requireClaimed(found, lake, context)
    else await executions.stop(run, `cancelled: ${reason}`)
    const { status } = await ended(run, executions)
    const done = status === 'SUCCEEDED' ? undefined : await release(run, lake, context)
    context.out(json ? JSON.stringify({ run, status, ...(done && { report: done }) }, null, 1) : describeCancelled(run, status, done))
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

/** A run that ended without its report still holds its claim. @throws InvalidInputError for one that holds nothing. */
async function requireClaimed({ run, status }: Execution, lake: OpenLake, context: DeployedContext): Promise<void> {
  const claims = await readClaims(lake.store, context.now())
  if (!claims.some((claim) => claim.run === run))
    throw new InvalidInputError(`run ${run} has ended (${status}); expected one that is running`)
}

async function ended(run: string, executions: Executions): Promise<Execution> {
  for (let waited = 0; waited < STOP_MS_MAX; waited += ASK_MS) {
    const execution = await executions.describe(run)
    if (execution.status !== 'RUNNING') return execution
    await sleep(ASK_MS)
  }
  throw new TransientError(`run ${run} was told to stop and has not; its claim is left as it is`)
}

/** What was done of the run; undefined where it had no plan yet. */
async function release(run: string, lake: OpenLake, { now }: DeployedContext) {
  if (await readPlanFile(lake.store, run)) return endRun({ run, aborted: true }, { lake, now })
  await removeClaim(lake.store, run)
  return undefined
}

function describeCancelled(run: string, status: string, done: Awaited<ReturnType<typeof release>>): string {
  if (status === 'SUCCEEDED') return `run ${run} had ended before it was stopped`
  if (!done) return `stopped run ${run} before it had a plan; nothing was computed`
  const outcomes = Object.entries(done.outcomes).map(([kind, amount]) => `${amount.toLocaleString('en-US')} ${kind.replace('_', ' ')}`)
  const landed = done.landed > 0 ? [`${count(done.landed, 'object')} landed`] : []
  return [
    `stopped run ${run}: ${[...landed, ...outcomes].join(', ') || 'nothing computed'}; its claim is removed`,
    '  tasks that were at work end by themselves, and what they finish is kept; the same request goes on with the rest',
  ].join('\n')
}
