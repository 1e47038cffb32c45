import type { Context } from 'aws-lambda'
import type { Effects } from '../lib/pipeline/effects.ts'

/** The effects of a call that is cut off when its function's time is over. */
export function withDeadline<E extends object>(effects: E, context: Partial<Context>): E & Pick<Effects, 'timeLeftMs'> {
  const left = context.getRemainingTimeInMillis
  return left ? { ...effects, timeLeftMs: () => left() } : effects
}
