import { expect, test } from 'vitest'
import * as errors from '../../lib/model/errors.ts'
import { renderMachine } from '../../lib/stack/render-machine.ts'
import { machinesOf, openApp } from './open-app.ts'

const PARTS = {
  plan: '<LakePlan.Arn>',
  verify: '<LakeVerify.Arn>',
  transform: '<LakeTransform.Arn>',
  publish: '<LakePublish.Arn>',
  report: '<LakeReport.Arn>',
  bucket: '<Imported>',
}

/** Every object of a definition that has this key. */
function withKey(value: unknown, key: string): Record<string, unknown>[] {
  if (value === null || typeof value !== 'object') return []
  const below = Object.values(value).flatMap((inner) => withKey(inner, key))
  return key in value ? [value as Record<string, unknown>, ...below] : below
}

/** Names that Step Functions and Lambda give, from their documentation. */
const AWS_NAMES = [
  'States.ALL',
  'States.Timeout',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'Lambda.Unknown',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
]

/** The names that our errors really carry, as the function's runtime reports them. */
const OUR_NAMES = [
  errors.TransientError,
  errors.InvalidInputError,
  errors.DataError,
  errors.ConflictError,
  errors.InternalError,
  errors.Unfinished,
  errors.LiveDiffers,
  errors.NotVerified,
  errors.NotPublished,
].map((Kind) => new Kind('x').name)

test('the template has the definition as it is rendered', () => {
  expect(machinesOf(openApp().stack)).toEqual([renderMachine(PARTS)])
})

test('every error name of the definition exists', () => {
  const named = withKey(renderMachine(PARTS), 'ErrorEquals').flatMap(({ ErrorEquals: names }) => names as string[])
  expect(named.length).toBeGreaterThan(20)
  for (const name of named) expect([...AWS_NAMES, ...OUR_NAMES]).toContain(name)
})

test('bad data and bad requests are never tried again; unfinished work has an entry of its own', () => {
  const tasks = withKey(renderMachine(PARTS), 'Retry')
  expect(tasks).toHaveLength(7)
  for (const { Retry: entries } of tasks as unknown as { Retry: { ErrorEquals: string[]; JitterStrategy?: string }[] }[]) {
    const names = entries.flatMap(({ ErrorEquals }) => ErrorEquals)
    for (const never of [
      'DataError',
      'InvalidInputError',
      'InternalError',
      'LiveDiffers',
      'NotVerified',
      'NotPublished',
      'States.ALL',
      'States.TaskFailed',
    ])
      expect(names).not.toContain(never)
    expect(entries.filter(({ ErrorEquals }) => ErrorEquals.includes('Unfinished'))).toEqual([
      { ErrorEquals: ['Unfinished'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 20 },
    ])
    const transient = entries.find(({ ErrorEquals }) => ErrorEquals.includes('TransientError'))
    expect(transient).toMatchObject({ BackoffRate: 2, JitterStrategy: 'FULL' })
  }
})

test('levels run one after the other, their tasks in standard children that are read from and told to the lake', () => {
  const { States: states } = renderMachine(PARTS) as { States: Record<string, Record<string, unknown>> }
  expect(states.Levels).toMatchObject({ MaxConcurrency: 1, ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' } }, ResultPath: null })
  expect(states.Levels).toMatchObject({ ItemProcessor: { StartAt: 'Claim', States: { Claim: { ResultPath: '$.begun', Next: 'Tasks' } } } })
  const [tasks] = withKey(states.Levels, 'ItemReader')
  expect(tasks).toMatchObject({
    MaxConcurrencyPath: '$.begun.maxConcurrency',
    ToleratedFailurePercentagePath: '$.level.toleratedFailures',
    ItemReader: { ReaderConfig: { InputType: 'JSON', ItemsPointer: '/tasks' }, Parameters: { 'Key.$': '$.level.manifest' } },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
    ResultWriter: { Parameters: { 'Prefix.$': '$.level.record' } },
  })
})

test('the gate is passed before anything is computed, and what ends a run early has a report', () => {
  const { States: states } = renderMachine(PARTS) as { States: Record<string, Record<string, unknown>> }
  expect(states.DryRun).toMatchObject({ Default: 'Verify' })
  expect(states.Verify).toMatchObject({ ResultPath: null, Next: 'Levels' })
  expect(states.Levels).toMatchObject({ Next: 'Publishing' })
  expect(states.Publishing).toMatchObject({ Choices: [{ Variable: '$.publish', Next: 'Publish' }], Default: 'Report' })
  expect(states.Publish).toMatchObject({ ResultPath: null, Next: 'Report' })
  for (const name of ['Verify', 'Levels', 'Publish'])
    expect(states[name]?.Catch).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'ReportFailure' }])
  expect(states.Failed).toMatchObject({ ErrorPath: '$.error.Error', CausePath: '$.report.text' })
})
