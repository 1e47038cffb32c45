import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { InvalidInputError } from '../model/errors.ts'
import { ownFolderAt, QUERY_RESULTS } from './own-folders.ts'

export interface LakeStorageOptions {
  /** How long plans, results and reports of runs are kept. Default: 400 days. */
  readonly keepRuns?: Duration
  /** How long refused outputs are kept. Default: 90 days. */
  readonly keepQuarantine?: Duration
  /** How long results of Athena's queries are kept. Default: 30 days. */
  readonly keepQueryResults?: Duration
  /** Raw objects of a source, by the beginning of their keys, that are removed at this age. Default: all are kept. */
  readonly keepRaw?: Readonly<Record<string, Duration>>
}

/** What the stack needs of a bucket. */
export type LakeBucket = Pick<IBucket, 'bucketName' | 'bucketArn' | 'arnForObjects'>

/**
 * The stateful part of a deployed lake: its bucket, private, encrypted, TLS only, and kept when the stack goes. EventBridge hears of
 * every object, so that live can follow.
 */
export class LakeStorage extends Construct {
  readonly bucket: Bucket

  /** @throws InvalidInputError for an end of raw data that would be one of features too. */
  constructor(scope: Construct, id: string, options: LakeStorageOptions = {}) {
    super(scope, id)
    const raw = Object.entries(options.keepRaw ?? {}).map(([prefix, expiration]) => ({ prefix: requireRaw(prefix), expiration }))
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { prefix: 'runs/', expiration: options.keepRuns ?? Duration.days(400) },
        { prefix: 'quarantine/', expiration: options.keepQuarantine ?? Duration.days(90) },
        { prefix: QUERY_RESULTS, expiration: options.keepQueryResults ?? Duration.days(30) },
        ...raw,
      ],
    })
    // CloudFormation's own property: the CDK's switch for it deploys a function that sets the same.
    const resource = this.bucket.node.defaultChild
    if (resource instanceof CfnBucket) resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } }
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'A log of every request would outgrow the lake: each output is a few requests. CloudTrail data events are the place for it.',
    })
  }
}

function requireRaw(prefix: string): string {
  const own = ownFolderAt(prefix)
  if (own === undefined) return prefix
  throw new InvalidInputError(`keepRaw '${prefix}' would remove ${own} too; expected the folder of a source, such as flights/`)
}
