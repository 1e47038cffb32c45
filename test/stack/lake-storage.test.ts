import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { expect, test } from 'vitest'
import { LakeStorage } from '../../lib/stack/lake-storage.ts'

function template(): Template {
  const stack = new Stack(new App(), 'Test')
  new LakeStorage(stack, 'Lake')
  return Template.fromStack(stack)
}

test('the bucket is private, encrypted and announces its objects', () => {
  template().hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
    PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
  })
  template().hasResourceProperties('Custom::S3BucketNotifications', { NotificationConfiguration: { EventBridgeConfiguration: {} } })
})

test('the bucket and its data outlive the stack', () => {
  template().hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
})

test('requests without TLS are refused', () => {
  const policies = Object.values(template().findResources('AWS::S3::BucketPolicy'))
  const statements = policies.flatMap((policy) => policy.Properties.PolicyDocument.Statement)
  expect(statements).toContainEqual(
    expect.objectContaining({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
  )
})
