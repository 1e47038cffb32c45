import { InvalidInputError } from '../../model/errors.ts'
import type { CliContext } from '../context.ts'
import { Executions } from '../deployed/executions.ts'
import { requireDeployed } from '../deployed/require-deployed.ts'
import { EXIT } from '../exit-codes.ts'

/** Changes how many tasks of a running run are computed at a time: of the level that is under way, since later ones are not begun. */
export async function throttle(
  given: CliContext,
  { run, tasks, json }: { readonly run: string; readonly tasks: number; readonly json?: boolean },
): Promise<number> {
  const context = requireDeployed(given, 'throttle')
  const { machineArn, concurrencyMax = Number.POSITIVE_INFINITY } = context.deployed
  if (tasks > concurrencyMax)
    throw new InvalidInputError(`${tasks} tasks at a time are above the cap of the stack; expected 1 to ${concurrencyMax}`)
  const executions = new Executions(machineArn)
  const { status } = await executions.describe(run)
  const [map] = (await executions.mapRuns(run)).filter(({ running }) => running)
  if (!map) throw new InvalidInputError(`run ${run} computes nothing now (${status}); expected one whose tasks are at work`)
  await executions.throttle(map.arn, tasks)
  const before = map.maxConcurrency
  context.out(
    json
      ? JSON.stringify({ run, mapRun: map.arn, before, now: tasks }, null, 1)
      : `run ${run}: ${tasks} tasks at a time instead of ${before || 'any number'}, until this level is done; those at work are finished`,
  )
  return EXIT.ok
}
