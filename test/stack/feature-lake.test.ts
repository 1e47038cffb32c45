import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duration, Stack, Validations } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import { expect, test } from 'vitest'
import { FeatureLake } from '../../lib/stack/feature-lake.ts'
import { openApp, resourcesOf, violationsOf } from './open-app.ts'

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
}

function statementsOf(stack: Stack, role: RegExp): Statement[] {
  return Object.entries(resourcesOf(stack))
    .filter(([id, { Type }]) => Type === 'AWS::IAM::Policy' && role.test(id))
    .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
}

/** Hashes of assets, of policies and of logical ids change with the code that they are of. */
function masked(template: object): unknown {
  return JSON.parse(
    JSON.stringify(template)
      .replace(/[0-9a-f]{64}/g, '<hash>')
      .replace(/"digest":"[0-9a-f]+"/, '"digest":"<hash>"'),
  )
}

test('the templates are these', async () => {
  const { stack, storage } = openApp()
  await expect(JSON.stringify(masked(Template.fromStack(storage).toJSON()), null, 1)).toMatchFileSnapshot('snapshots/storage.template')
  await expect(JSON.stringify(masked(Template.fromStack(stack).toJSON()), null, 1)).toMatchFileSnapshot('snapshots/lake.template')
})

test('nothing has a physical name', () => {
  const { stack, storage } = openApp()
  const names = /^(BucketName|FunctionName|QueueName|StateMachineName|RoleName|PolicyName|LogGroupName|AlarmName|DashboardName|Name)$/
  for (const [id, { Type, Properties }] of [...Object.entries(resourcesOf(stack)), ...Object.entries(resourcesOf(storage))]) {
    // These have to have one, which is made from the construct's path.
    if (Type === 'AWS::IAM::Policy' || Type === 'AWS::Athena::WorkGroup') continue
    expect(
      Object.entries(Properties ?? {}).filter(([key, value]) => names.test(key) && typeof value === 'string'),
      id,
    ).toEqual([])
  }
})

test('live takes batches with partial answers, capped, and what fails every time is kept', () => {
  const template = Template.fromStack(openApp({ liveConcurrency: 7 }).stack)
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumBatchingWindowInSeconds: 5,
    ScalingConfig: { MaximumConcurrency: 7 },
  })
  template.hasResourceProperties('AWS::SQS::Queue', { RedrivePolicy: { maxReceiveCount: 4 }, SqsManagedSseEnabled: true })
  template.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ prefix: 'airports/dt=' }, { prefix: 'flight_events/dt=' }, { prefix: 'flights/dt=' }] } },
    },
  })
})

test('functions run on arm64 with a time limit that the queue waits for, and none reserves concurrency', () => {
  const functions = Object.values(resourcesOf(openApp().stack)).filter(({ Type }) => Type === 'AWS::Lambda::Function')
  expect(functions).toHaveLength(8)
  for (const { Properties } of functions) {
    expect(Properties).toMatchObject({ Architectures: ['arm64'], Runtime: 'nodejs24.x', Timeout: 900 })
    expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions')
  }
  Template.fromStack(openApp().stack).hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 965 })
})

test('each function writes only where it has to', () => {
  const { stack } = openApp()
  const written = (role: RegExp) =>
    statementsOf(stack, role)
      .filter(({ Action: action }) => [action].flat().some((one) => /s3:(Put|Delete)/.test(one)))
      .flatMap(({ Resource: resource }) => [resource].flat().map((one) => JSON.stringify(one).replace(/^.*"(\/[^"]*)".*$/, '$1')))
  expect(written(/^LakeRegisterRole/)).toEqual(['/registry/*'])
  expect(written(/^LakeSweepRole/)).toEqual(['/landed/*/_rejected/*'])
  expect(written(/^LakeReportRole/)).toEqual(['/runs/*/report.json', '/runs/active/*'])
  expect(written(/^LakeVerifyRole/)).toEqual(['/runs/active/*', '/runs/*/gate.json'])
  expect(written(/^LakePublishRole/)).toEqual(['/registry/*', '/runs/*/publish.json'])
  expect(new Set(written(/^LakeTrainRole/))).toEqual(new Set(['/training/*', '/athena/*']))
  expect(written(/^LakePlanRole/)).toEqual(['/runs/*', '/runs/active/*'])
  expect(written(/^LakeTransformRole/)).toContain('/registry/engine.json')
  for (const { Action: action } of statementsOf(stack, /./)) for (const one of [action].flat()) expect(one).not.toMatch(/:\*$|Bucket\*/)
})

test('a source in a bucket of its own is followed there and read below its folder only', () => {
  const definitions = mkdtempSync(join(tmpdir(), 'hindcast-definitions-'))
  const source =
    'description: Ticks.\nbucket: theirs\nkey: ticks/dt={yyyy}-{MM}-{dd}/\nformat: csv\nevent_time: at\ncolumns: {at: TIMESTAMP}\n'
  writeFileSync(join(definitions, 'ticks.source.yaml'), source)
  const { stack } = openApp({ definitions })
  Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', { EventPattern: { detail: { bucket: { name: ['theirs'] } } } })
  const reads = JSON.stringify(statementsOf(stack, /^LakeTransformRole/))
  expect(reads).toContain(':s3:::theirs/ticks/dt=*')
  writeFileSync(
    join(definitions, 'ticks.source.yaml'),
    source.replace('bucket: theirs\n', '').replace(/key: .*/, 'sorted: false\nkey: "{kind}/dt={yyyy}-{MM}-{dd}/"'),
  )
  expect(() => openApp({ definitions })).toThrow(/source ticks has keys that begin with a column/)
  writeFileSync(join(definitions, 'ticks.source.yaml'), source.replace('bucket: theirs\n', '').replace('ticks/dt', 'features/ticks/dt'))
  expect(() => openApp({ definitions })).toThrow(/source ticks has keys that may lie in features\/, where hindcast writes/)
  writeFileSync(join(definitions, 'ticks.source.yaml'), 'key: 1\n')
  expect(() => openApp({ definitions })).toThrow(/the definitions have \d+ problem/)
})

test('each view has an alarm on its age, in the figures of this lake', () => {
  const { stack, lake } = openApp({ sweepEvery: Duration.minutes(30) })
  const views = readdirSync('features').filter((name) => name.endsWith('.sql'))
  expect(lake.watch?.alarms).toHaveLength(5 + views.length)
  const service = { Name: 'service', Value: expect.objectContaining({ 'Fn::ImportValue': expect.any(String) }) }
  const alarms = Object.values(resourcesOf(stack)).map(({ Properties }) => Properties)
  expect(alarms).toContainEqual(
    expect.objectContaining({
      ...{ Namespace: 'Hindcast', MetricName: 'NewestAge', Statistic: 'Maximum', Period: 1800, TreatMissingData: 'ignore' },
      ...{ Dimensions: [service, { Name: 'view', Value: 'airport_week' }], Threshold: (25 + 25 + 24 + 1) * 3600 },
    }),
  )
  expect(openApp({ alarms: false }).lake.watch).toBeUndefined()
})

test('caps that no account can have are refused at once, the others by the deploy', () => {
  expect(() => openApp({ liveConcurrency: 1 })).toThrow(/liveConcurrency is 1 .* expected whole numbers from 2 to 1000/)
  expect(() => openApp({ backfillConcurrency: 10_001 })).toThrow(/backfillConcurrency 10001/)
  Template.fromStack(openApp({ liveConcurrency: 3, backfillConcurrency: 4 }).stack).hasResourceProperties('Custom::HindcastDefinitions', {
    liveConcurrency: 3,
    backfillConcurrency: 4,
  })
})

test('cdk-nag finds nothing, and would find what is open', () => {
  const clean = openApp()
  Validations.of(clean.app).addPlugins(new AwsSolutionsChecks(clean.app))
  clean.app.synth()
  expect(violationsOf(clean.app)).toEqual([])

  const whole = openApp()
  new FeatureLake(new Stack(whole.app, 'Whole'), 'Lake', { definitions: 'test/stack/own-app/features' })
  Validations.of(whole.app).addPlugins(new AwsSolutionsChecks(whole.app))
  whole.app.synth()
  expect(violationsOf(whole.app)).toEqual([])

  const open = openApp()
  new Bucket(open.stack, 'Open')
  Validations.of(open.app).addPlugins(new AwsSolutionsChecks(open.app))
  expect(() => open.app.synth()).toThrow(/AwsSolutions-S10/)
  expect(violationsOf(open.app)).toEqual(['AwsSolutions-S1', 'AwsSolutions-S10'])
})
