/** The runs of a deployed lake as Step Functions tells of them. A run is one execution of the lake's state machine, by its name. */
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type DescribeMapRunOutput,
  paginateListExecutions,
  paginateListMapRuns,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateMapRunCommand,
} from '@aws-sdk/client-sfn'
import { InvalidInputError } from '../../model/errors.ts'
import { awsError, isNamed } from './aws-error.ts'

/** One execution. */
export interface Execution {
  readonly run: string
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE'
  readonly started: number
  readonly stopped?: number
  /** As it was given, JSON. */
  readonly input?: string
  readonly output?: string
  readonly error?: string
  readonly cause?: string
}

/** The map over the tasks of one level. */
export interface MapRun {
  readonly arn: string
  readonly running: boolean
  readonly maxConcurrency: number
  readonly tasks: number
  readonly succeeded: number
  /** Failed and timed out. */
  readonly failed: number
  readonly atWork: number
}

/** How many of the newest runs an error names. */
const NAMED_MAX = 5

export class Executions {
  readonly #client = new SFNClient()
  readonly #machineArn: string

  constructor(machineArn: string) {
    this.#machineArn = machineArn
  }

  /** @throws InvalidInputError where a run of this name exists. */
  async start(run: string, input: string): Promise<void> {
    await this.#ask(async () => {
      try {
        await this.#client.send(new StartExecutionCommand({ stateMachineArn: this.#machineArn, name: run, input }))
      } catch (error) {
        if (isNamed(error, 'ExecutionAlreadyExists')) throw new InvalidInputError(`there is a run ${run} already; try again`)
        throw error
      }
    })
  }

  /** @throws InvalidInputError for a run that is unknown, naming the newest ones. */
  async describe(run: string): Promise<Execution> {
    return this.#ask(async () => {
      try {
        const found = await this.#client.send(new DescribeExecutionCommand({ executionArn: this.#arnOf(run) }))
        const { status = 'RUNNING', startDate, stopDate, input, output, error, cause } = found
        return { run, status, ...times(startDate, stopDate), ...given({ input, output, error, cause }) }
      } catch (error) {
        if (!isNamed(error, 'ExecutionDoesNotExist') && !isNamed(error, 'InvalidArn')) throw error
        throw await this.#unknown(run)
      }
    })
  }

  /** Newest first. */
  async list(status?: Execution['status'], max = Number.POSITIVE_INFINITY): Promise<Execution[]> {
    const input = { stateMachineArn: this.#machineArn, ...(status && { statusFilter: status }) }
    return this.#ask(async () => {
      const found: Execution[] = []
      for await (const { executions = [] } of paginateListExecutions({ client: this.#client }, input)) {
        for (const { name: run = '', status: is = 'RUNNING', startDate, stopDate } of executions)
          found.push({ run, status: is, ...times(startDate, stopDate) })
        if (found.length >= max) break
      }
      return found.sort((a, b) => b.started - a.started).slice(0, max)
    })
  }

  async stop(run: string, cause: string): Promise<void> {
    await this.#ask(() => this.#client.send(new StopExecutionCommand({ executionArn: this.#arnOf(run), cause })))
  }

  /** The maps that a run has begun, in order. Those that are among `ended` are not asked for again. */
  async mapRuns(run: string, ended: readonly MapRun[] = []): Promise<MapRun[]> {
    return this.#ask(async () => {
      const found: { arn: string; started: number }[] = []
      for await (const { mapRuns = [] } of paginateListMapRuns({ client: this.#client }, { executionArn: this.#arnOf(run) }))
        for (const { mapRunArn: arn = '', startDate } of mapRuns) found.push({ arn, started: startDate?.getTime() ?? 0 })
      const described: MapRun[] = []
      for (const { arn } of found.sort((a, b) => a.started - b.started))
        described.push(ended.find((one) => one.arn === arn && !one.running) ?? (await this.#describeMap(arn)))
      return described
    })
  }

  /** Changes how many tasks of a map run at a time. */
  async throttle(mapRunArn: string, maxConcurrency: number): Promise<void> {
    await this.#ask(() => this.#client.send(new UpdateMapRunCommand({ mapRunArn, maxConcurrency })))
  }

  async #describeMap(arn: string): Promise<MapRun> {
    return mapRunOf(await this.#client.send(new DescribeMapRunCommand({ mapRunArn: arn })))
  }

  async #unknown(run: string): Promise<InvalidInputError> {
    const newest = (await this.list(undefined, NAMED_MAX)).map((one) => one.run)
    const known = newest.length > 0 ? `one of ${newest.join(', ')}` : 'the name of a run, which hindcast backfill tells'
    return new InvalidInputError(`the stack has no run '${run}'; expected ${known}`)
  }

  #arnOf(run: string): string {
    return `${this.#machineArn.replace(':stateMachine:', ':execution:')}:${run}`
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw awsError(error, 'Step Functions')
    }
  }
}

function mapRunOf({ mapRunArn: arn = '', status, maxConcurrency = 0, itemCounts }: Partial<DescribeMapRunOutput>): MapRun {
  const { total = 0, succeeded = 0, failed = 0, timedOut = 0, running: atWork = 0 } = itemCounts ?? {}
  return { arn, running: status === 'RUNNING', maxConcurrency, tasks: total, succeeded, failed: failed + timedOut, atWork }
}

function times(started: Date | undefined, stopped: Date | undefined) {
  return { started: started?.getTime() ?? 0, ...(stopped && { stopped: stopped.getTime() }) }
}

type Given = Pick<Execution, 'input' | 'output' | 'error' | 'cause'>

function given(values: { readonly [key in keyof Given]: string | undefined }): Given {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
