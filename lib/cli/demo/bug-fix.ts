import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { featureNamed } from '../../model/catalog.ts'
import { InternalError } from '../../model/errors.ts'
import type { Diff } from '../../pipeline/diff.ts'
import { diffVersions } from '../../pipeline/diff-versions.ts'
import { publish } from '../../pipeline/publish.ts'
import { rollback } from '../../pipeline/rollback.ts'
import type { TaskMap } from '../../pipeline/run.ts'
import { effectsOf } from '../commands/backfill.ts'
import type { CliContext } from '../context.ts'
import { openSession } from '../session.ts'
import { localSettings } from '../usual-workers.ts'
import { type BackfilledAll, backfillAll } from './backfill-all.ts'

const VIEW = 'airport_30d'
const PERIOD = { from: '2001-06-01', to: '2001-06-30' }

/** The past thirty days, to midnight in Los Angeles; somebody counted 29. */
function definition(days: number): string {
  return `/* ---
description: How busy and how late each airport has run over the past thirty days, as seen from Los Angeles.
entity: origin
grain: day
zone: America/Los_Angeles
inputs: {flights: ${days} days}
--- */
SELECT origin, count(*) AS departures_30d, avg(delay) AS mean_delay_30d
FROM flights
GROUP BY origin
`
}

export interface BugFix {
  readonly wrong: string
  readonly fixed: BackfilledAll & { readonly version: string }
  readonly diff: Diff
  /** Milliseconds of each switch: the fix published, rolled back, published again. */
  readonly switches: readonly [number, number, number]
}

/**
 * A view with a bug is in use; the fix becomes a version beside it, is compared, published, rolled back and published again. The definitions
 * are a copy of the example's with one more view.
 */
export async function fixBug(context: CliContext, features: string, tell: (text: string) => void): Promise<BugFix> {
  await cp(context.features, features, { recursive: true })
  const own = { ...context, features }
  const before = await computed(own, 29, tell)
  await publish(toPublish(before.version), effectsOf(own, before.session))
  await before.session.close()
  const { session, ...fixed } = await computed(own, 30, tell)
  try {
    const effects = effectsOf(own, session)
    const diff = await diffVersions(
      { view: VIEW, period: PERIOD },
      { store: session.lake.store, engine: session.engine.engine, now: own.now },
    )
    const forward = () => publish(toPublish(fixed.version), effects)
    const back = () => rollback([VIEW], effects, NOTHING_LACKS, { newRun: () => 'demo-rollback', settings: localSettings(1) })
    const switches = [await timed(forward), await timed(back), await timed(forward)] as const
    return { wrong: before.version, fixed, diff, switches }
  } finally {
    await session.close()
  }
}

/** The version before covers what the fix does, so a rollback has nothing to compute. */
const NOTHING_LACKS: TaskMap = {
  concurrency: 1,
  runTask: () => Promise.reject(new InternalError('a version that covers everything was to be computed')),
}

/** Writes the definition, registers it, and backfills June with it. */
async function computed(context: CliContext, days: number, tell: (text: string) => void) {
  await writeFile(join(context.features, `${VIEW}.sql`), definition(days))
  const session = await openSession(context, { write: true })
  const { version } = featureNamed(session.catalog, VIEW).version
  return { session, version, ...(await backfillAll(context, session, tell, { period: PERIOD, views: [VIEW] })) }
}

/** Live never wrote this view, so there is nothing to verify it by. */
function toPublish(version: string) {
  return { views: [{ view: VIEW, version }], verified: 'unverified_allowed' } as const
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
