import type { Gate, GateEffects } from '../pipeline/gate.ts'
import type { CliContext } from './context.ts'
import { describeTrials } from './render-gate.ts'
import type { Session } from './session.ts'

/** How a run of the CLI verifies; what it takes is loaded when there is something to compare. */
export function lazyGateEffects(context: CliContext, session: Session): GateEffects {
  const effects = async () => (await import('./verify-effects.ts')).verifyEffects(context, session)
  return {
    lake: session.lake,
    engine: session.engine,
    now: context.now,
    recompute: async (...args) => (await effects()).recompute(...args),
    diff: async (pair) => (await effects()).diff(pair),
    compareVersions: async (question) => (await import('../pipeline/diff-outputs.ts')).diffOutputs(session.engine.engine, question),
  }
}

/** Tells of new versions before the run computes the rest of them. */
export function noteGate(context: CliContext, { trials }: Gate): void {
  for (const text of describeTrials(trials)) context.note(text)
}
