import type { MiddlewareObj } from '@middy/core'
import type { LogEvent } from '../lib/pipeline/effects.ts'

/** Takes note of an event, with what is known of the call that it belongs to. */
export async function tellOfProcess(): Promise<(event: LogEvent) => void> {
  return (await import('./telemetry.ts')).tell
}

/** Around a deployed handler: its calls are logged, measured and traced. A handler that a command runs has none of it. */
export function observed(): MiddlewareObj {
  return {
    before: async (request) => {
      for (const { before } of await load()) await before?.(request)
    },
    after: async (request) => {
      for (const { after } of (await load()).toReversed()) await after?.(request)
    },
    onError: async (request) => {
      for (const { onError } of (await load()).toReversed()) await onError?.(request)
    },
  }
}

async function load(): Promise<readonly MiddlewareObj[]> {
  return (await import('./telemetry.ts')).middlewares
}
