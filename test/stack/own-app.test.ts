import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import type { Resource } from './open-app.ts'

const APP = fileURLToPath(new URL('own-app/app.ts', import.meta.url))
let assembly: string

/** As `cdk synth` runs an app: a process of its own in a folder of its own. Code is not bundled, which `bundle.test.ts` does. */
beforeAll(async () => {
  assembly = mkdtempSync(join(tmpdir(), 'hindcast-own-app-'))
  const context = JSON.stringify({ 'aws:cdk:bundling-stacks': [] })
  const env = { PATH: process.env.PATH, CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: context }
  await promisify(execFile)(process.execPath, [APP], { cwd: tmpdir(), env })
})

function resourcesOf(stack: string): Resource[] {
  return Object.values(JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), 'utf8')).Resources)
}

const ofType = (stack: string, type: string) =>
  resourcesOf(stack)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties)

test('a whole lake stands in a stack of theirs, over a raw bucket that was there before', () => {
  expect(ofType('Shop', 'AWS::S3::Bucket')).toHaveLength(1)
  expect(ofType('Shop', 'AWS::Events::Rule')).toContainEqual(
    expect.objectContaining({
      EventPattern: expect.objectContaining({
        detail: { bucket: { name: ['acme-raw-events'] }, object: { key: [{ prefix: 'clicks/dt=' }] } },
      }),
    }),
  )
  expect(ofType('Shop', 'AWS::Lambda::EventSourceMapping')).toMatchObject([{ ScalingConfig: { MaximumConcurrency: 4 } }])
  expect(ofType('Shop', 'AWS::Glue::Database')).toMatchObject([{ DatabaseInput: { Name: 'shop_features' } }])
  const policies = ofType('Shop', 'AWS::IAM::Policy').map((policy) => JSON.stringify(policy))
  const functions = ofType('Shop', 'AWS::Lambda::Function')
  expect(functions.length).toBeGreaterThanOrEqual(7)
  // Each function may read what lies below the source's folder, and decrypt it.
  expect(policies.filter((policy) => policy.includes(':s3:::acme-raw-events/clicks/dt=*"'))).toHaveLength(functions.length)
  expect(policies.filter((policy) => policy.includes('kms:Decrypt'))).toHaveLength(functions.length)
  const alarms = ofType('Shop', 'AWS::CloudWatch::Alarm')
  expect(alarms).toContainEqual(expect.objectContaining({ MetricName: 'NewestAge', Period: 1800 }))
  for (const { AlarmActions: actions } of alarms) expect(actions).toHaveLength(1)
})

test('each part stands alone', () => {
  expect(ofType('Archive', 'AWS::Lambda::Function')).toEqual([])
  expect(ofType('Archive', 'AWS::Athena::WorkGroup')).toHaveLength(1)
  expect(JSON.stringify(ofType('Archive', 'AWS::S3::Bucket'))).toContain('{"ExpirationInDays":30,"Prefix":"clicks/","Status":"Enabled"}')
  expect(ofType('LiveOnly', 'AWS::StepFunctions::StateMachine')).toEqual([])
  expect(ofType('LiveOnly', 'AWS::SQS::Queue')).toContainEqual(expect.objectContaining({ VisibilityTimeout: 965 }))
  expect(ofType('LiveOnly', 'AWS::Lambda::EventSourceMapping')).toHaveLength(1)
  expect(JSON.stringify(ofType('LiveOnly', 'AWS::IAM::Policy'))).toContain(':s3:::acme-raw-events/clicks/dt=*"')
  expect(ofType('HistoryOnly', 'AWS::SQS::Queue')).toEqual([])
  expect(JSON.stringify(ofType('HistoryOnly', 'AWS::Lambda::Function'))).not.toContain('HINDCAST_QUEUE_URL')
  expect(ofType('HistoryOnly', 'AWS::StepFunctions::StateMachine')).toHaveLength(1)
})
