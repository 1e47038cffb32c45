/** Calls of a function that were cut off, or whose process died: what Step Functions calls them, and how often they are tried again. */

/** The call met its time limit. */
export const TIMED_OUT = ['States.Timeout', 'Sandbox.Timedout'] as const

/** A call that met its limit, or whose process died, out of memory or otherwise. */
export const CUT_OFF = [...TIMED_OUT, 'Lambda.Unknown', 'Runtime.ExitError'] as const

/** Further tries of one: few, since each may take all of the function's time. */
export const CUT_OFF_RETRIES = 2

/** Whether an error, told as `name: message`, is of one of these names. */
export function isNamed(error: string, names: readonly string[]): boolean {
  return names.some((name) => error.startsWith(`${name}:`))
}
