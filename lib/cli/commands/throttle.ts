import { setTimeout as sleep } from 'node:timers/promises'
import { renewClaim } from '../../lake/claims.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { openLake } from '../../lake/open-lake.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { putThrottle } from '../../pipeline/begin-level.ts'
import { claimMsOf } from '../../pipeline/plan-run.ts'
import { readPlanFile } from '../../pipeline/run-files.ts'
import type { CliContext } from '../context.ts'
import { Executions, type MapRun } from '../deployed/executions.ts'
import { type DeployedContext, requireDeployed } from '../deployed/require-deployed.ts'
import { EXIT } from '../exit-codes.ts'
import { count } from '../table.ts'

/** How often it is looked for a level that began while the lake was told, and the time between two looks. */
const LOOKS = 3
const LOOK_MS = 1000

export interface ThrottleOptions {
  readonly run: string
  readonly tasks: number
  readonly json?: boolean
}

/** Changes how many tasks of a run that is under way are computed at a time: of the level that is at work, and of those after it. */
export async function throttle(given: CliContext, { run, tasks, json }: ThrottleOptions): Promise<number> {
  const context = requireDeployed(given, 'throttle')
  const { machineArn, concurrencyMax = Number.POSITIVE_INFINITY } = context.deployed
  if (tasks > concurrencyMax)
    throw new InvalidInputError(`${tasks} tasks at a time are above the cap of the stack; expected 1 to ${concurrencyMax}`)
  const executions = new Executions(machineArn)
  const { status } = await executions.describe(run)
  if (status !== 'RUNNING') throw new InvalidInputError(`run ${run} has ended (${status}); expected one that is running`)
  // Before the map that is at work: a level that begins meanwhile has read it.
  await tellLevels(context, run, tasks)
  const map = await mapAtWork(run, executions)
  if (map) await executions.throttle(map.arn, tasks)
  const before = map?.maxConcurrency
  const told = { run, ...(map && { mapRun: map.arn, before }), now: tasks }
  context.out(json ? JSON.stringify(told, null, 1) : describe(run, tasks, map))
  return EXIT.ok
}

async function tellLevels(context: DeployedContext, run: string, tasks: number): Promise<void> {
  const lake = await openLake(context.lake)
  try {
    await putThrottle(lake.store, run, tasks)
    await holdClaim(lake.store, run, { tasks, now: context.now() })
  } finally {
    await lake.close()
  }
}

/** The level at work may take longer now; its claim holds as long as the longest one may. */
async function holdClaim(store: ObjectStore, run: string, { tasks, now }: { readonly tasks: number; readonly now: number }): Promise<void> {
  const plan = await readPlanFile(store, run)
  if (plan) await renewClaim(store, run, now + claimMsOf(plan, tasks))
}

/** Undefined where no level is at work. */
async function mapAtWork(run: string, executions: Executions): Promise<MapRun | undefined> {
  for (let look = 1; ; look++) {
    const map = (await executions.mapRuns(run)).find(({ running }) => running)
    if (map || look === LOOKS) return map
    await sleep(LOOK_MS)
  }
}

function describe(run: string, tasks: number, map: MapRun | undefined): string {
  const most = `run ${run}: ${count(tasks, 'task')} at a time`
  if (!map) return `${most} in the levels that it will begin; none is at work now`
  // A level that has just begun has read it already.
  const before = map.maxConcurrency === tasks ? '' : ` instead of ${map.maxConcurrency || 'any number'}`
  return `${most}${before}, also in its later levels; those at work are finished`
}
