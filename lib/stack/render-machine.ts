/**
 * The state machine of a backfill, in the Amazon States Language. What grows with the number of partitions lies in the lake: the plan and a
 * manifest of tasks per level, a result per task, the map's own record.
 *
 *     Plan -> dry run? -> Verify -> for each level, one after the other: map over its tasks -> publish? -> Publish -> Report
 *                           |                   | more failed than tolerated                              |
 *                           +-------------------+---------- not verified, refused ------------------------+-> ReportFailure -> Failed
 */
import { CUT_OFF, CUT_OFF_RETRIES } from '../model/cut-off.ts'
import type { ErrorName } from '../model/errors.ts'

/** What the definition refers to; ARNs may be tokens of a template. */
export interface MachineParts {
  readonly plan: string
  readonly verify: string
  readonly transform: string
  readonly publish: string
  readonly report: string
  readonly bucket: string
}

/** Nothing of ours was wrong, or someone else was faster: the same call may work. */
const PASSING: readonly ErrorName[] = ['TransientError', 'ConflictError']
const UNFINISHED: ErrorName = 'Unfinished'

/** https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception */
const LAMBDA_ERRORS = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
]

const RETRY = [
  // Each try finishes partitions, which the next one finds fresh: this many tries are hours of work in one task.
  { ErrorEquals: [UNFINISHED], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 20 },
  { ErrorEquals: CUT_OFF, IntervalSeconds: 5, BackoffRate: 2, MaxAttempts: CUT_OFF_RETRIES, JitterStrategy: 'FULL' },
  {
    ErrorEquals: [...LAMBDA_ERRORS, ...PASSING],
    IntervalSeconds: 2,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    MaxAttempts: 6,
    JitterStrategy: 'FULL',
  },
]

/** Whatever ends a run early, it has a report. */
const CATCH = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'ReportFailure' }]

/** The definition as an object. */
export function renderMachine(parts: MachineParts): object {
  return {
    Comment: 'Computes the history of features. Its input: hindcast backfill --schema',
    StartAt: 'Plan',
    States: {
      Plan: { ...call(parts.plan, { 'run.$': '$$.Execution.Name', 'request.$': '$' }), OutputPath: '$.Payload', Next: 'DryRun' },
      DryRun: {
        Type: 'Choice',
        Choices: [{ Variable: '$.dryRun', BooleanEquals: true, Next: 'Planned' }],
        Default: 'Verify',
      },
      Planned: { Type: 'Succeed' },
      Verify: { ...call(parts.verify, { 'run.$': '$.run' }), ResultPath: null, Catch: CATCH, Next: 'Levels' },
      Levels: renderLevels(parts),
      Publishing: {
        Type: 'Choice',
        Choices: [{ Variable: '$.publish', BooleanEquals: true, Next: 'Publish' }],
        Default: 'Report',
      },
      Publish: { ...call(parts.publish, { 'run.$': '$.run' }), ResultPath: null, Catch: CATCH, Next: 'Report' },
      Report: { ...call(parts.report, { 'run.$': '$.run' }), OutputPath: '$.Payload', End: true },
      ReportFailure: {
        ...call(parts.report, { 'run.$': '$.run', 'error.$': '$.error.Error' }),
        ResultSelector: { 'text.$': 'States.JsonToString($.Payload)' },
        ResultPath: '$.report',
        Next: 'Failed',
      },
      Failed: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.report.text' },
    },
  }
}

/** Level 0 lands; each later one reads what the ones before it wrote. Each renews the claim of the run, and asks how many tasks may be at work. */
function renderLevels(parts: MachineParts): object {
  return {
    Type: 'Map',
    ItemsPath: '$.levels',
    ItemSelector: { 'run.$': '$.run', 'level.$': '$$.Map.Item.Value' },
    MaxConcurrency: 1,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: 'Claim',
      States: {
        Claim: {
          ...call(parts.plan, {
            'run.$': '$.run',
            'claimMs.$': '$.level.claimMs',
            'maxConcurrency.$': '$.level.maxConcurrency',
          }),
          Comment: 'The sweep leaves the partitions of this run alone for as long as the level may take; a person may have throttled it',
          ResultSelector: { 'maxConcurrency.$': '$.Payload.maxConcurrency' },
          ResultPath: '$.begun',
          Next: 'Tasks',
        },
        Tasks: renderTasks(parts),
      },
    },
    ResultPath: null,
    Catch: CATCH,
    Next: 'Publishing',
  }
}

/** Children are STANDARD: one lives longer than the five minutes of an EXPRESS one, and starts exactly once. */
function renderTasks({ transform, bucket }: MachineParts): object {
  return {
    Type: 'Map',
    Label: 'Tasks',
    MaxConcurrencyPath: '$.begun.maxConcurrency',
    ToleratedFailurePercentagePath: '$.level.toleratedFailures',
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig: { InputType: 'JSON', ItemsPointer: '/tasks' },
      Parameters: { Bucket: bucket, 'Key.$': '$.level.manifest' },
    },
    ItemSelector: {
      'task.$': '$$.Map.Item.Value',
      place: { 'run.$': '$.run', 'level.$': '$.level.level', 'index.$': '$$.Map.Item.Index' },
    },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'Transform',
      States: { Transform: { ...call(transform, TRIED_TASK), OutputPath: '$.Payload', End: true } },
    },
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      Parameters: { Bucket: bucket, 'Prefix.$': '$.level.record' },
    },
    End: true,
  }
}

/** A later try counts what the ones before it did: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
const TRIED_TASK = { 'task.$': '$.task', 'place.$': '$.place', 'triesBefore.$': '$$.State.RetryCount' }

function call(arn: string, payload: object): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: arn, Payload: payload },
    Retry: RETRY,
  }
}
