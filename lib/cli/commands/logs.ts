import { durationMs, parseDuration } from '../../model/duration.ts'
import type { CliContext } from '../context.ts'
import { type Execution, Executions } from '../deployed/executions.ts'
import { EVENTS_MAX, type LoggedEvent, readLogs } from '../deployed/function-logs.ts'
import { requireDeployed } from '../deployed/require-deployed.ts'
import { EXIT } from '../exit-codes.ts'

export interface LogsOptions {
  readonly run?: string
  readonly since?: string
  readonly function?: string
  readonly json?: boolean
}

/** How far back where neither a run nor a length says it. */
const SINCE = '1h'
/** Lines reach CloudWatch some time after they were written, and clocks differ. */
const SPARE_MS = 60_000

/** Shows what the functions of a stack logged, newest last; of a run the lines that name it. */
export async function logs(given: CliContext, options: LogsOptions): Promise<number> {
  const context = requireDeployed(given, 'logs')
  const { run, since, function: only } = options
  const execution = run === undefined ? undefined : await new Executions(context.deployed.machineArn).describe(run)
  const start = startOf(execution, since, context.now())
  const events = await readLogs(context.deployed, { start, ...(run !== undefined && { text: run }), ...(only !== undefined && { only }) })
  for (const event of events) context.out(options.json ? JSON.stringify(parsedEvent(event)) : renderEvent(event))
  if (events.length === 0) context.note(`nothing was logged since ${new Date(start).toISOString()}`)
  if (events.length >= EVENTS_MAX) context.note(`at most ${EVENTS_MAX.toLocaleString('en-US')} lines of a function are shown, the newest`)
  return EXIT.ok
}

function startOf(execution: Execution | undefined, since: string | undefined, now: number): number {
  if (since === undefined && execution) return execution.started - SPARE_MS
  return now - durationMs(parseDuration(since ?? SINCE))
}

function renderEvent({ at, from, message }: LoggedEvent): string {
  return `${new Date(at).toISOString()} ${from.padEnd(9)} ${message}`
}

/** A line that is JSON is given as what it is. */
function parsedEvent({ at, from, message }: LoggedEvent): object {
  let logged: unknown
  try {
    logged = JSON.parse(message)
  } catch {
    logged = message
  }
  return { at: new Date(at).toISOString(), function: from, logged }
}
