import { forget as forgetObjects } from '../../pipeline/forget.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openLive } from '../live-session.ts'
import { count } from '../table.ts'

export interface ForgetOptions {
  readonly source: string
  readonly keys: readonly string[]
  readonly yes?: boolean
  readonly json?: boolean
}

/** Shows what deleted raw objects left, and with `--yes` empties it. */
export async function forget(context: CliContext, { source, keys, yes = false, json }: ForgetOptions): Promise<number> {
  const live = await openLive(context, (text) => context.note(text))
  try {
    const { catalog, effects } = live.environment
    const forgotten = await forgetObjects({ source, keys, dryRun: !yes }, catalog, effects)
    if (json) context.out(JSON.stringify({ emptied: yes, objects: forgotten }, null, 1))
    else {
      for (const { key, rows, folders } of forgotten)
        context.out(
          `${yes ? 'emptied' : 'would empty'} ${count(folders.length, 'piece')} of ${key}: ${count(rows, 'row')} in ${folders.join(', ')}`,
        )
      context.out(yes ? 'their rows leave the features with the next sweep or backfill' : 'nothing was changed; add --yes to do it')
    }
    return EXIT.ok
  } finally {
    await live.close()
  }
}
