/** What the functions of a stack logged. Log groups are found among the resources of the stack: they have no names of their own. */
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation'
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs'
import { InvalidInputError } from '../../model/errors.ts'
import { awsError, isNamed } from './aws-error.ts'
import type { DeployedLake } from './deployed-lake.ts'

export interface LogQuestion {
  /** Milliseconds since 1970 UTC, from `start` on. */
  readonly start: number
  readonly end?: number
  /** Only events with this text in them. */
  readonly text?: string
  /** Of this function only, such as `transform`. */
  readonly only?: string
}

export interface LoggedEvent {
  readonly at: number
  readonly from: string
  readonly message: string
}

/** Events of one group that are shown at most, the newest ones: a run of a million partitions logs as many lines. */
export const EVENTS_MAX = 10_000

/** What was logged, oldest first. @throws InvalidInputError for a function that the stack does not have. */
export async function readLogs(lake: DeployedLake, question: LogQuestion): Promise<LoggedEvent[]> {
  const groups = await logGroups(lake)
  const { only } = question
  if (only !== undefined && !groups.has(only))
    throw new InvalidInputError(`the stack has no function '${only}'; expected one of ${[...groups.keys()].sort().join(', ')}`)
  const wanted = [...groups].filter(([name]) => only === undefined || name === only)
  const found = await Promise.all(wanted.map(([name, group]) => readGroup(name, group, question)))
  return found.flat().sort((a, b) => a.at - b.at)
}

/** The log group of each function by the function's verb. Beside `<Lake>Transform<hash>` there is `<Lake>TransformLog<hash>`. */
async function logGroups({ stack, id }: DeployedLake): Promise<Map<string, string>> {
  const [functions, groups] = [new Set<string>(), new Map<string, string>()]
  try {
    const client = new CloudFormationClient()
    for await (const { StackResourceSummaries: all = [] } of paginateListStackResources({ client }, { StackName: stack }))
      for (const { LogicalResourceId: logical = '', ResourceType: type, PhysicalResourceId: physical = '' } of all) {
        const name = logical.slice(id.length).replace(/[0-9A-F]{8}$/, '')
        if (!logical.startsWith(id)) continue
        if (type === 'AWS::Lambda::Function') functions.add(name)
        if (type === 'AWS::Logs::LogGroup') groups.set(name.replace(/Log$/, ''), physical)
      }
  } catch (error) {
    throw awsError(error, 'CloudFormation')
  }
  return new Map([...groups].filter(([name]) => functions.has(name)).map(([name, group]) => [name.toLowerCase(), group]))
}

async function readGroup(from: string, logGroupName: string, { start, end, text }: LogQuestion): Promise<LoggedEvent[]> {
  const client = new CloudWatchLogsClient()
  const input = {
    logGroupName,
    startTime: start,
    ...(end !== undefined && { endTime: end }),
    ...(text !== undefined && { filterPattern: `"${text.replaceAll('"', '\\"')}"` }),
  }
  const found: LoggedEvent[] = []
  try {
    for await (const { events = [] } of paginateFilterLogEvents({ client }, input)) {
      for (const { timestamp: at = 0, message = '' } of events) found.push({ at, from, message: message.trimEnd() })
      if (found.length > 2 * EVENTS_MAX) found.splice(0, found.length - EVENTS_MAX)
    }
  } catch (error) {
    // A function that never ran may have no group yet.
    if (!isNamed(error, 'ResourceNotFoundException')) throw awsError(error, 'CloudWatch Logs')
  }
  return found.slice(-EVENTS_MAX)
}
