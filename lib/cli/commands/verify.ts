import { openLake } from '../../lake/open-lake.ts'
import { compareLakes, verify as verifyOutputs } from '../../pipeline/verify.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { type PeriodOptions, periodOf } from '../request.ts'
import { openSession } from '../session.ts'
import { renderVerification, verifyEffects } from '../verify-effects.ts'

export interface VerifyOptions extends PeriodOptions {
  readonly views: readonly string[]
  readonly against?: string
  readonly json?: boolean
}

/** Recomputes partitions in scratch, or opens another lake, and compares byte by byte. Writes nothing to the lake. */
export async function verify(context: CliContext, options: VerifyOptions): Promise<number> {
  const session = await openSession(context, { write: false, views: options.views })
  const other = options.against === undefined ? undefined : await openLake(options.against, { readOnly: true })
  try {
    const { catalog } = session
    const request = { views: options.views.length > 0 ? options.views : [...catalog.candidates.keys()], period: periodOf(options) }
    const effects = verifyEffects(context, session)
    const found = other ? await compareLakes(request, catalog, effects, other.store) : await verifyOutputs(request, catalog, effects)
    context.out(options.json ? JSON.stringify(found, null, 1) : renderVerification(found, options.against))
    if (found.different.length > 0) return EXIT.different
    return found.compared === 0 ? EXIT.nothingCompared : EXIT.ok
  } finally {
    await other?.close()
    await session.close()
  }
}
