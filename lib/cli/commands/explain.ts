import { explainPartition } from '../../pipeline/explain.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openRegistered } from '../registered.ts'
import { renderExplanation } from '../render-explain.ts'

/** Says in words what stands at a partition and why. */
export async function explain(
  context: CliContext,
  options: { readonly view: string; readonly partition: string; readonly json?: boolean },
): Promise<number> {
  const { lake, catalog, engine } = await openRegistered(context, [options.view])
  try {
    const explained = await explainPartition(options, catalog, { lake, engine, now: context.now })
    context.out(options.json ? JSON.stringify(explained, null, 1) : renderExplanation(explained))
    return EXIT.ok
  } finally {
    await lake.close()
  }
}
