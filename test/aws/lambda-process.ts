/**
 * One process of a function, as Lambda runs it: the module is imported once, then events come one after the other. Started by
 * `function-processes.ts` with the module's file; a clock of its own, `HINDCAST_TEST_CLOCK_MS`, begins at that time.
 */
import { pathToFileURL } from 'node:url'

type Handler = (event: unknown, context: object) => Promise<unknown>

/** An event with the time that the function has for it. */
export interface Asked {
  readonly event: unknown
  readonly timeoutMs: number
}

/** `importMs` once, then an answer for each event. */
export type Told =
  | { readonly importMs: number }
  | { readonly payload: unknown }
  | { readonly failed: { readonly errorType: string; readonly errorMessage: string; readonly trace: readonly string[] } }

const [file = ''] = process.argv.slice(2)
setClock(process.env.HINDCAST_TEST_CLOCK_MS)
const began = performance.now()
const { handler } = (await import(pathToFileURL(file).href)) as { readonly handler: Handler }
tell({ importMs: performance.now() - began })
process.on('message', async ({ event, timeoutMs }: Asked) => tell(await answer(event, timeoutMs)))

async function answer(event: unknown, timeoutMs: number): Promise<Told> {
  const end = performance.now() + timeoutMs
  try {
    return { payload: (await handler(event, { getRemainingTimeInMillis: () => end - performance.now() })) ?? null }
  } catch (error) {
    const [errorType, errorMessage] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
    return { failed: { errorType, errorMessage, trace: [] } }
  }
}

function tell(told: Told): void {
  process.send?.(told)
}

function setClock(start: string | undefined): void {
  if (start === undefined) return
  const real = Date.now.bind(Date)
  const ahead = Number(start) - real()
  Date.now = () => real() + ahead
}
