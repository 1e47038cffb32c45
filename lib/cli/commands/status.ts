import type { ObjectStore } from '../../lake/object-store.ts'
import { readEngine } from '../../lake/registry.ts'
import { readStatus, type Status } from '../../pipeline/status.ts'
import type { CliContext } from '../context.ts'
import type { DeployedContext } from '../deployed/require-deployed.ts'
import { openRegistered } from '../registered.ts'
import { exitCodeOfStatus, renderStatus } from '../render-status.ts'
import { type PeriodOptions, periodOf } from '../request.ts'

export interface StatusOptions extends PeriodOptions {
  readonly views: readonly string[]
  /** Also tell of each repair, and which training sets are outdated by it. */
  readonly repairs?: boolean
  readonly json?: boolean
}

/** How far back to look where the request does not say. */
const LAST = '30d'

/** Shows the registered views of the lake: what is fresh, what is not, and why. */
export async function status(context: CliContext, options: StatusOptions): Promise<number> {
  const named = options.from !== undefined || options.to !== undefined || options.last !== undefined
  const period = periodOf(named ? options : { last: LAST })
  const { lake, catalog, engine } = await openRegistered(context, options.views)
  try {
    // A stack writes with the engine build of its functions, whatever this machine's is.
    const build = context.deployed ? await readEngine(lake.store) : engine.build
    const asked = { views: options.views, period, repairs: options.repairs ?? false }
    const found = await readStatus(asked, catalog, { lake, engine: { build }, now: context.now })
    const { deployed } = context
    if (deployed) await tellDeployed({ ...context, deployed }, { found, store: lake.store, json: options.json ?? false })
    else context.out(options.json ? JSON.stringify(found, null, 1) : renderStatus(found, options.repairs))
    return exitCodeOfStatus(found)
  } finally {
    await lake.close()
  }
}

/** The status of a stack's lake, with the runs and the queue of the stack. */
async function tellDeployed(
  context: DeployedContext,
  {
    found,
    store,
    json,
    repairs,
  }: { readonly found: Status; readonly store: ObjectStore; readonly json: boolean; readonly repairs?: boolean },
): Promise<void> {
  const { readAtWork, renderAtWork } = await import('../deployed/at-work.ts')
  const { runs, queue } = await readAtWork(context, store)
  context.out(
    json
      ? JSON.stringify({ ...found, runs, queue }, null, 1)
      : `${renderStatus(found, repairs)}\n${renderAtWork(context, { runs, queue })}`,
  )
}
