/**
 * Deploys the house's own templates into the emulator: CloudFormation makes the resources of the real templates, and stands for what
 * `cdk deploy` does after it has put the code into its bucket. The code itself runs in the test's process.
 */
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { openApp } from '../stack/open-app.ts'

const ASSETS = 'assets'
/** The shortest zip file: an empty one. */
const EMPTY_ZIP = Buffer.from('504b0506000000000000000000000000000000000000', 'hex')

export interface DeployedLake {
  readonly bucket: string
  readonly queueUrl: string
  readonly machineArn: string
}

/** Creates both stacks from the templates, with definitions of a test and code that runs elsewhere: `cdk-deploy.test.ts` has the real ones. */
export async function deployLake(definitions: string): Promise<DeployedLake> {
  const s3 = new S3Client({ forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: ASSETS }))
  await s3.send(new PutObjectCommand({ Bucket: ASSETS, Key: 'code.zip', Body: EMPTY_ZIP }))
  // The tests of the stack have the templates validated, which takes 3.5 s of CPU.
  process.env.CDK_VALIDATION = 'false'
  const { stack, storage } = openApp({ definitions, backfillConcurrency: 50 })
  await createStack(storage)
  await createStack(stack)
  return deployedLake()
}

/** What the deployed stack says of itself. From here on its bucket raises events. */
export async function deployedLake(): Promise<DeployedLake> {
  const [made] = (await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: 'Hindcast' }))).Stacks ?? []
  const outputs = Object.fromEntries((made?.Outputs ?? []).map(({ OutputKey: key = '', OutputValue: value = '' }) => [key, value]))
  const value = (name: RegExp) => Object.entries(outputs).find(([key]) => name.test(key))?.[1] ?? ''
  const bucket = value(/^LakePlace/).replace('s3://', '')
  // The emulator does not take this from a template.
  const NotificationConfiguration = { EventBridgeConfiguration: {} }
  await new S3Client({ forcePathStyle: true }).send(
    new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }),
  )
  return { bucket, queueUrl: value(/^LakeQueueUrl/), machineArn: value(/^LakeMachineArn/) }
}

async function createStack(stack: Stack): Promise<void> {
  const client = new CloudFormationClient()
  const StackName = stack.stackName
  const TemplateBody = JSON.stringify(deployable(Template.fromStack(stack).toJSON()))
  await client.send(new CreateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_IAM'] }))
  for (;;) {
    const [made] = (await client.send(new DescribeStacksCommand({ StackName }))).Stacks ?? []
    if (made?.StackStatus === 'CREATE_COMPLETE') return
    if (made?.StackStatus !== 'CREATE_IN_PROGRESS')
      throw new Error(`stack ${StackName} is ${made?.StackStatus}: ${made?.StackStatusReason}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Code comes from the test's bucket; the version of the bootstrap stack, which is not there, is not asked for. */
function deployable(template: Record<string, unknown>): unknown {
  const { Parameters: _parameters, Rules: _rules, ...rest } = template
  return JSON.parse(JSON.stringify(rest), (key, value) =>
    key === 'Code' && value !== null && typeof value === 'object' ? { S3Bucket: ASSETS, S3Key: 'code.zip' } : value,
  )
}
