import { App, Duration, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { expect, test } from 'vitest'
import { LakeStorage, type LakeStorageOptions } from '../../lib/stack/lake-storage.ts'

function template(options: LakeStorageOptions = {}): Template {
  const stack = new Stack(new App(), 'Test')
  new LakeStorage(stack, 'Lake', options)
  return Template.fromStack(stack)
}

test('the bucket is private, encrypted and announces its objects', () => {
  template().hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
    PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
  })
})

test('the bucket and its data outlive the stack', () => {
  template().hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
})

test('what runs leave and what was refused has an end, raw data only where it is asked for; features have none', () => {
  const rules = (options?: LakeStorageOptions) => {
    const [bucket] = Object.values(template(options).findResources('AWS::S3::Bucket'))
    const all = bucket?.Properties.LifecycleConfiguration.Rules as { Prefix?: string; ExpirationInDays?: number }[]
    return Object.fromEntries(all.flatMap(({ Prefix: prefix, ExpirationInDays: days }) => (days === undefined ? [] : [[prefix, days]])))
  }
  expect(rules()).toEqual({ 'runs/': 400, 'quarantine/': 90, 'athena/': 30 })
  expect(rules({ keepRuns: Duration.days(30), keepRaw: { 'flights/': Duration.days(800) } })).toEqual({
    ...{ 'runs/': 30, 'quarantine/': 90, 'athena/': 30, 'flights/': 800 },
  })
})

test('an end of raw data is none of features', () => {
  for (const prefix of ['', 'fea', 'features/airport_week/'])
    expect(() => template({ keepRaw: { [prefix]: Duration.days(1) } })).toThrow(/would remove (athena|features)\/ too; expected the folder/)
})

test('requests without TLS are refused', () => {
  const policies = Object.values(template().findResources('AWS::S3::BucketPolicy'))
  const statements = policies.flatMap((policy) => policy.Properties.PolicyDocument.Statement)
  expect(statements).toContainEqual(
    expect.objectContaining({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
  )
})
