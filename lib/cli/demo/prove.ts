import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { outputKey } from '../../lake/keys.ts'
import { featureNamed } from '../../model/catalog.ts'
import { compareLakes, type Verification } from '../../pipeline/verify.ts'
import type { CliContext } from '../context.ts'
import { openSession, type Session } from '../session.ts'
import { verifyEffects } from '../verify-effects.ts'
import { backfillAll, viewsOf } from './backfill-all.ts'
import { LIVE_FIRST, LIVE_LAST } from './flights.ts'
import { tamper } from './tamper.ts'

/** The file in which the demo changes one value. */
const TAMPERED = { view: 'airport_week', partition: '2001-06-24' }

export interface Proof {
  /** The live lake against a backfill into an empty one. */
  readonly honest: Verification
  /** The same after one value of one file was changed. */
  readonly tampered: Verification
}

/** Backfills the live weeks into an empty lake over the same raw objects and compares every file; then once more with one changed. */
export async function prove(live: CliContext, empty: CliContext, session: Session): Promise<Proof> {
  for (const raw of ['flights', 'flight_events', 'airports']) {
    await cp(join(live.lake, raw), join(empty.lake, raw), { recursive: true, preserveTimestamps: true })
  }
  const period = { from: LIVE_FIRST, to: LIVE_LAST }
  const proof = await openSession(empty, { write: true })
  try {
    await backfillAll(empty, proof, () => undefined, { period })
    const views = viewsOf(session, period)
    const compare = () => compareLakes({ views, period }, session.catalog, verifyEffects(live, session), proof.lake.store)
    const honest = await compare()
    const { version } = featureNamed(session.catalog, TAMPERED.view)
    await tamper(session.engine, proof.lake.store, outputKey(version.view, version.version, TAMPERED.partition))
    return { honest, tampered: await compare() }
  } finally {
    await proof.close()
  }
}
