import { HindcastError, renderError } from '../model/errors.ts'
import type { Gate } from './gate.ts'
import type { Plan } from './plan.ts'
import { type PublishEffects, publish, type Verified } from './publish.ts'
import type { PublishReport } from './publish-rules.ts'
import type { BackfillRequest } from './request.ts'

/** How the publish of a run ended; one that was refused says why, and its run stands. */
export type RunPublish =
  | ({ readonly kind: 'published' } & PublishReport)
  | { readonly kind: 'refused' | 'conflict'; readonly reason: string }
  | { readonly kind: 'not_verified'; readonly reason: string }

export interface RunState {
  readonly run: string
  readonly aborted: boolean
  /** Tasks that gave no report. */
  readonly failures: number
  readonly verified: Verified
}

/** Publishes all versions that a plan computed, at once. A run that was ended early or lost tasks publishes nothing. */
export async function publishRun(
  { views }: Plan,
  { run, aborted, failures, verified }: RunState,
  effects: PublishEffects,
): Promise<RunPublish> {
  if (aborted) return { kind: 'refused', reason: 'the run was interrupted' }
  if (failures > 0) return { kind: 'refused', reason: `${failures} task(s) of the run failed` }
  const names = views.map(({ view }) => view).join(', ')
  if (verified === 'nothing_compared') {
    return { kind: 'not_verified', reason: `${names}: nothing was compared, so nothing is verified; --unverified publishes all the same` }
  }
  try {
    const refs = views.map(({ view, version }) => ({ view, version }))
    return { kind: 'published', ...(await publish({ views: refs, verified, run }, effects)) }
  } catch (error) {
    if (!(error instanceof HindcastError)) throw error
    if (error.name === 'InvalidInputError') return { kind: 'refused', reason: renderError(error) }
    if (error.name === 'ConflictError') return { kind: 'conflict', reason: renderError(error) }
    throw error
  }
}

/** What publishing has to know of the gate. */
export function verifiedBy(request: BackfillRequest, gate: Gate | undefined): Verified {
  if (gate?.verdict === 'verified') return 'yes'
  return request.unverified ? 'unverified_allowed' : 'nothing_compared'
}
