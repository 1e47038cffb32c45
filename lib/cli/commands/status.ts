import { readStatus } from '../../pipeline/status.ts'
import type { CliContext } from '../context.ts'
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
    const found = await readStatus({ views: options.views, period, repairs: options.repairs ?? false }, catalog, {
      lake,
      engine,
      now: context.now,
    })
    context.out(options.json ? JSON.stringify(found, null, 1) : renderStatus(found, options.repairs))
    return exitCodeOfStatus(found)
  } finally {
    await lake.close()
  }
}
