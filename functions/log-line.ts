import type { LogEvent } from '../lib/pipeline/effects.ts'

/** One JSON line on standard output, which CloudWatch Logs keeps and its queries read. */
export function logLine(event: LogEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
