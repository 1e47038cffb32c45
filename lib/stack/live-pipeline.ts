import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { LakeBucket } from './lake-storage.ts'

/** A message that was received this often is a dead letter. */
const RECEIVES_MAX = 4
const BATCH = 10
const WINDOW = Duration.seconds(5)
/** A pattern of EventBridge has at most 2,048 characters. */
const PREFIXES_PER_RULE = 20

export interface LiveQueueOptions {
  /** The longest that the function works on a batch. */
  readonly timeout: Duration
}

/** The live queue, and the one for what failed every time. Apart from the rest, since the function that reads it also sends to it. */
export class LiveQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { timeout }: LiveQueueOptions) {
    super(scope, id)
    const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) }
    this.deadLetters = new Queue(this, 'DeadLetters', common)
    this.queue = new Queue(this, 'Queue', {
      ...common,
      // As long as a batch can take. Not six times that, as is advised where a function may be throttled: the mapping is capped.
      visibilityTimeout: Duration.seconds(timeout.toSeconds() + WINDOW.toSeconds() + 60),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: RECEIVES_MAX },
    })
  }
}

/** Objects of sources by bucket: the beginnings of their keys. */
export interface FollowedBucket {
  readonly bucket: LakeBucket
  readonly prefixes: readonly string[]
}

export interface LivePipelineOptions {
  readonly queue: LiveQueue
  readonly transform: IFunction
  readonly sweep: IFunction
  readonly followed: readonly FollowedBucket[]
  /** Batches at a time, from 2 on. */
  readonly concurrency: number
  readonly sweepEvery: Duration
}

/** Raw objects become features: their events go to the queue, the function takes batches from it, and a sweep finds what events missed. */
export class LivePipeline extends Construct {
  constructor(scope: Construct, id: string, options: LivePipelineOptions) {
    super(scope, id)
    const target = new SqsQueue(options.queue.queue)
    for (const [at, { bucket, prefixes }] of options.followed.entries()) {
      for (let from = 0; from < prefixes.length; from += PREFIXES_PER_RULE) {
        const keys = prefixes.slice(from, from + PREFIXES_PER_RULE).map((prefix) => ({ prefix }))
        new Rule(this, `Objects${at}x${from / PREFIXES_PER_RULE}`, {
          description: 'Raw objects of the sources of a feature lake',
          eventPattern: {
            source: ['aws.s3'],
            detailType: ['Object Created'],
            detail: { bucket: { name: [bucket.bucketName] }, object: { key: keys } },
          },
          targets: [target],
        })
      }
    }
    options.transform.addEventSource(
      new SqsEventSource(options.queue.queue, {
        batchSize: BATCH,
        maxBatchingWindow: WINDOW,
        reportBatchItemFailures: true,
        maxConcurrency: options.concurrency,
      }),
    )
    new Rule(this, 'SweepEvery', { schedule: Schedule.rate(options.sweepEvery), targets: [new LambdaFunction(options.sweep)] })
  }
}
