import { sweep } from '../../pipeline/sweep.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openLive } from '../live-session.ts'
import { count } from '../table.ts'

/** One sweep, and the work that it finds. */
export async function sweepLake(context: CliContext, options: { readonly json?: boolean }): Promise<number> {
  const live = await openLive(context, (text) => context.note(text))
  try {
    const report = await sweep(live.environment.catalog, live.environment.effects)
    await live.queue.drain(live.environment)
    const { counts, problems } = live
    if (options.json) context.out(JSON.stringify({ ...report, outcomes: counts, problems }, null, 1))
    else {
      context.out(
        `sweep: ${count(report.landings, 'object')} to land, ${count(report.partitions, 'partition')} missing or stale${report.claimed > 0 ? `, ${report.claimed} more left to a running run` : ''}`,
      )
      context.out(
        `  ${
          Object.entries(counts)
            .map(([kind, amount]) => `${amount} ${kind}`)
            .join(', ') || 'nothing computed'
        }`,
      )
    }
    return problems.length > 0 ? EXIT.data : EXIT.ok
  } finally {
    await live.close()
  }
}
