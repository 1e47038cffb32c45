import type { VersionRef } from '../model/catalog.ts'
import { type Gate, verifyVersions } from '../pipeline/gate.ts'
import type { Verified } from '../pipeline/publish.ts'
import type { CliContext } from './context.ts'
import { renderGate } from './render-gate.ts'
import type { Session } from './session.ts'
import { verifyEffects } from './verify-effects.ts'

/** What a comparison before a publish found: a difference is never published. */
export type LiveVerification = { readonly found: Gate; readonly verified: Verified | 'different' }

/** Holds what live wrote against a backfill, as the gate of a run does. Nothing to compare is verified by nobody, unless that is waived. */
export async function verifyLive(
  context: CliContext,
  session: Session,
  wanted: readonly VersionRef[],
  unverified: boolean,
): Promise<LiveVerification> {
  const found = await verifyVersions(wanted, session.catalog, verifyEffects(context, session), { replaced: true })
  if (found.verdict === 'different') return { found, verified: 'different' }
  if (found.verdict === 'verified') return { found, verified: 'yes' }
  return { found, verified: unverified ? 'unverified_allowed' : 'nothing_compared' }
}

/** What was compared before a publish, for a person. */
export function renderLiveVerification({ found }: LiveVerification): string {
  return renderGate(found).join('\n')
}
