import { parseRecord } from '../../../functions/work-from-event.ts'
import { openLake } from '../../lake/open-lake.ts'
import { InvalidInputError, renderError } from '../../model/errors.ts'
import type { Message } from '../../pipeline/task.ts'
import { type UnfinishedTask, unfinishedTasks } from '../../pipeline/unfinished-tasks.ts'
import type { CliContext } from '../context.ts'
import { Executions } from '../deployed/executions.ts'
import { describeDetached, followRun } from '../deployed/follow-run.ts'
import { type DeadLetter, LiveQueues } from '../deployed/live-queues.ts'
import { type RunInput, redriveRequests } from '../deployed/redrive-requests.ts'
import { type DeployedContext, requireDeployed } from '../deployed/require-deployed.ts'
import { runNameOf } from '../deployed/run-request.ts'
import { EXIT } from '../exit-codes.ts'
import { runId } from '../run-id.ts'
import { count } from '../table.ts'

export interface RedriveOptions {
  readonly run?: string
  readonly deadLetters?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Dead letters that are looked at to be shown, and lines of any list. */
const PEEK_MAX = 100
const SHOWN_MAX = 10

/**
 * Does again what failed: the rest of a run, by runs of what did not finish, or the messages that live gave up. Not by RedriveExecution:
 * a run's failure is caught for the sake of its report, so a redrive of the execution would find nothing to do.
 */
export async function redrive(given: CliContext, options: RedriveOptions): Promise<number> {
  const context = requireDeployed(given, 'redrive')
  const { run, deadLetters = false } = options
  if ((run !== undefined) === deadLetters) throw new InvalidInputError('redrive is of one thing; expected a RUN, or --dead-letters')
  return run === undefined ? redriveLetters(context, options) : redriveRun(context, run, options)
}

async function redriveLetters(context: DeployedContext, { dryRun, json }: RedriveOptions): Promise<number> {
  const queues = new LiveQueues(context.deployed.queueUrl)
  const letters: DeadLetter[] = []
  let moved = 0
  if (dryRun) letters.push(...(await queues.peek(PEEK_MAX)))
  else
    await queues.redrive((batch) => {
      moved += batch.length
      letters.push(...batch.slice(0, PEEK_MAX - letters.length))
    })
  const amount = dryRun ? Math.max(letters.length, (await queues.counts()).dead) : moved
  const named = letters.map(describeLetter)
  if (json) context.out(JSON.stringify({ dryRun: dryRun ?? false, messages: amount, named }, null, 1))
  else context.out([`${dryRun ? 'would move' : 'moved'} ${count(amount, 'message')} to the live queue`, ...shown(named, amount)].join('\n'))
  return EXIT.ok
}

/** A message as live reads it. */
function describeLetter({ id, body }: DeadLetter): string {
  const item = parseRecord({ messageId: id, body }, undefined)
  if ('error' in item) return `message ${id} that cannot be read: ${renderError(item.error)}`
  if ('skip' in item) return `message ${id}: ${item.skip}`
  return describeWork(item.message)
}

function describeWork(work: Message): string {
  if (work.kind === 'object') return `object ${work.bucket === undefined ? '' : `s3://${work.bucket}/`}${work.key}`
  if (work.kind === 'land') return `landing of ${work.key} of ${work.source}`
  return `${work.view}@${work.version} ${work.first}..${work.last}`
}

async function redriveRun(context: DeployedContext, run: string, { dryRun, json = false }: RedriveOptions): Promise<number> {
  const executions = new Executions(context.deployed.machineArn)
  const execution = await executions.describe(run)
  if (execution.status === 'RUNNING') throw new InvalidInputError(`run ${run} is running; expected one that has ended, or hindcast cancel`)
  const lake = await openLake(context.lake, { readOnly: true })
  try {
    const unfinished = await unfinishedTasks(lake.store, run)
    const whole = unfinished.length === 0 && execution.status !== 'SUCCEEDED'
    const requests = unfinished.length > 0 || whole ? redriveRequests(run, inputOf(run, execution.input), unfinished) : []
    if (dryRun || requests.length === 0) {
      context.out(
        json ? JSON.stringify({ dryRun: dryRun ?? false, unfinished, requests }, null, 1) : describeRedrive(run, unfinished, requests),
      )
      return EXIT.ok
    }
    const runs: string[] = []
    for (const request of requests) runs.push(await start(context, executions, request))
    const [only] = runs
    if (only !== undefined && runs.length === 1) {
      context.note('Ctrl-C ends the watching, not the run')
      return await followRun(context, { run: only, store: lake.store, json })
    }
    context.out(json ? JSON.stringify({ runs }, null, 1) : runs.map((one) => describeDetached(context, one)).join('\n'))
    return EXIT.ok
  } finally {
    await lake.close()
  }
}

async function start(context: DeployedContext, executions: Executions, request: RunInput): Promise<string> {
  const views = Array.isArray(request.views) ? request.views.map(String) : request.view === undefined ? [] : [String(request.view)]
  const run = runNameOf(runId(context.now()), views)
  await executions.start(run, JSON.stringify(request))
  context.note(`started run ${run}`)
  return run
}

/** @throws InvalidInputError for an execution whose input was no object, which no planner took. */
function inputOf(run: string, text = '{}'): RunInput {
  const input: unknown = JSON.parse(text)
  if (input === null || typeof input !== 'object' || Array.isArray(input))
    throw new InvalidInputError(`run ${run} was started with ${text}; expected an object`)
  return { ...input }
}

function describeRedrive(run: string, unfinished: readonly UnfinishedTask[], requests: readonly RunInput[]): string {
  if (requests.length === 0) return `run ${run} has no task that did not finish; nothing to do`
  const named = unfinished.map(({ task, error }) => `${describeWork(task)}${error === undefined ? '' : `: ${error}`}`)
  return [
    unfinished.length === 0 ? `run ${run} ended before it had a plan` : `${count(unfinished.length, 'task')} of run ${run} did not finish`,
    ...shown(named, named.length),
    `would start ${count(requests.length, 'run')}:`,
    ...requests.map((request) => `  ${JSON.stringify(request)}`),
  ].join('\n')
}

function shown(lines: readonly string[], inAll: number): string[] {
  const first = lines.slice(0, SHOWN_MAX).map((line) => `  ${line}`)
  return inAll > first.length ? [...first, `  and ${(inAll - first.length).toLocaleString('en-US')} more`] : first
}
