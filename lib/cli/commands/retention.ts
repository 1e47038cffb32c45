import { join } from 'node:path'
import { InvalidInputError } from '../../model/errors.ts'
import { blockedByRule, type Retention, readRetention } from '../../pipeline/retention/retention.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { writeKeep } from '../keep-line.ts'
import { openRegistered } from '../registered.ts'
import { renderRetention } from '../render-retention.ts'

export interface RetentionOptions {
  readonly source?: string
  readonly raw?: number
  readonly set?: number
  /** Published views that may be blocked, by name: the second time that a person says it. */
  readonly block: readonly string[]
  readonly json?: boolean
}

/** Shows what raw data costs and who needs it; with `--set` writes the decision into the source's definition. */
export async function retention(context: CliContext, options: RetentionOptions): Promise<number> {
  const { source, set } = options
  if (set !== undefined && source === undefined) throw new InvalidInputError('--set is for one source; expected its name before it')
  if (set !== undefined && options.raw !== undefined) throw new InvalidInputError('--raw asks and --set decides; expected one of them')
  const raw = set ?? options.raw
  const { lake, catalog, engine } = await openRegistered(context)
  try {
    const request = { ...(source !== undefined && { source }), ...(raw !== undefined && { raw }) }
    const found = await readRetention(request, catalog, { lake, engine, now: context.now })
    context.out(options.json ? JSON.stringify(found, null, 1) : renderRetention(found))
    if (set !== undefined && source !== undefined) await decide(context, { source, set, block: options.block }, found)
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

async function decide(
  context: CliContext,
  { source, set, block }: { readonly source: string; readonly set: number; readonly block: readonly string[] },
  found: Retention,
): Promise<void> {
  const blocked = [...new Set(blockedByRule(found).map(({ view }) => view))]
  const idle = block.filter((view) => !blocked.includes(view))
  if (idle.length > 0)
    throw new InvalidInputError(`--block names ${idle.join(', ')}, which ${set} days would not block; nothing was written`)
  const untold = blocked.filter((view) => !block.includes(view))
  if (untold.length > 0) {
    const again = untold.map((view) => `--block ${view}`).join(' ')
    throw new InvalidInputError(
      `${set} days of ${source} would block published ${untold.join(', ')}; nothing was written. Keep it longer, let them read a pre-aggregate, or say it again with ${again}`,
    )
  }
  const file = join(context.features, `${source}.source.yaml`)
  await writeKeep(file, set)
  const prefix = found.sources[0]?.key.replace(/\{.*$/, '')
  context.note(`wrote keep: ${set} days into ${file}; hindcast register makes it count`)
  context.note(`what deletes the objects is the bucket's own rule, in the stack: keepRaw: { '${prefix}': Duration.days(${set}) }`)
}
