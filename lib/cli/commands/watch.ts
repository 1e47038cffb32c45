import { openLake } from '../../lake/open-lake.ts'
import { InvalidInputError } from '../../model/errors.ts'
import type { CliContext } from '../context.ts'
import { Executions } from '../deployed/executions.ts'
import { followRun } from '../deployed/follow-run.ts'
import { requireDeployed } from '../deployed/require-deployed.ts'

/** Shows how far a run of a stack is, the newest one unless it is named, and what came of it. */
export async function watch(given: CliContext, options: { readonly run?: string; readonly json?: boolean }): Promise<number> {
  const context = requireDeployed(given, 'watch')
  const run = options.run ?? (await newestRun(new Executions(context.deployed.machineArn)))
  const lake = await openLake(context.lake, { readOnly: true })
  try {
    return await followRun(context, { run, store: lake.store, json: options.json ?? false })
  } finally {
    await lake.close()
  }
}

async function newestRun(executions: Executions): Promise<string> {
  const [newest] = await executions.list(undefined, 1)
  if (newest) return newest.run
  throw new InvalidInputError('the stack has had no run yet; hindcast backfill starts one')
}
