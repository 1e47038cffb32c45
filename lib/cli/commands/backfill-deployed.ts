import type { OpenLake } from '../../lake/open-lake.ts'
import { readEngine } from '../../lake/registry.ts'
import type { Catalog } from '../../model/catalog.ts'
import { planBackfill } from '../../pipeline/plan.ts'
import { type ReadRequest, readRequest } from '../../pipeline/run-request.ts'
import { scopeOf } from '../../pipeline/scope.ts'
import { Executions } from '../deployed/executions.ts'
import { describeDetached, followRun } from '../deployed/follow-run.ts'
import type { DeployedContext } from '../deployed/require-deployed.ts'
import { runNameOf, runRequestOf } from '../deployed/run-request.ts'
import { EXIT } from '../exit-codes.ts'
import { openRegistered } from '../registered.ts'
import { renderPlan } from '../render-plan.ts'
import { settingsOf } from '../request.ts'
import { runId } from '../run-id.ts'
import type { BackfillOptions } from './backfill.ts'

/**
 * Runs a backfill of what is registered where the lake is deployed, and watches it. The request is held against its schema, the registered
 * views and their calendars before anything is started; the stack's planner prices it and refuses what is too dear.
 */
export async function backfillDeployed(context: DeployedContext, options: BackfillOptions): Promise<number> {
  const request = runRequestOf(options)
  const { lake, catalog } = await openRegistered(context, options.views)
  try {
    const read = readRequest(request, catalog, context.deployed.concurrencyMax ?? Number.POSITIVE_INFINITY)
    scopeOf(read.request, catalog, context.now())
    if (options.dryRun) return await planHere(context, options, { lake, catalog, read })
    if (context.fixedNow !== undefined) context.note('note: the deployed functions have a clock of their own; --now is not theirs')
    const run = runNameOf(runId(context.now()), options.views)
    await new Executions(context.deployed.machineArn).start(run, JSON.stringify(request))
    if (!options.detach) {
      context.note(`started run ${run}; Ctrl-C ends the watching, not the run`)
      const code = await followRun(context, { run, store: lake.store, json: options.json ?? false })
      if (options.report && code !== EXIT.interrupted)
        await (await import('./report.ts')).report({ ...context, out: context.note }, { run })
      return code
    }
    context.out(options.json ? JSON.stringify({ run }, null, 1) : describeDetached(context, run))
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

/** A plan lists and computes nothing, so it is made here, for the engine build that writes the lake. */
async function planHere(
  context: DeployedContext,
  options: BackfillOptions,
  { lake, catalog, read }: { readonly lake: OpenLake; readonly catalog: Catalog; readonly read: ReadRequest },
): Promise<number> {
  const engine = { build: await readEngine(lake.store) }
  const settings = { ...(await settingsOf(options)), tasksWanted: read.maxConcurrency }
  const planned = await planBackfill(read.request, catalog, { lake, engine, now: context.now }, settings)
  context.out(options.json ? JSON.stringify(planned, null, 1) : renderPlan(planned))
  return EXIT.ok
}
