import { CfnOutput, CustomResource, Duration, Stack } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Caps } from '../model/caps.ts'
import { InvalidInputError } from '../model/errors.ts'
import { BackfillMachine } from './backfill-machine.ts'
import type { HindcastFunction } from './hindcast-function.ts'
import { LakeAlarms } from './lake-alarms.ts'
import { LakeCatalog } from './lake-catalog.ts'
import { FUNCTION_TIMEOUT, LakeFunctions } from './lake-functions.ts'
import { type LakeBucket, LakeStorage } from './lake-storage.ts'
import { watchedViews } from './late-views.ts'
import { type FollowedBucket, LivePipeline, LiveQueue } from './live-pipeline.ts'
import { type DeployedDefinitions, readDeployedDefinitions, sourcePrefixes } from './read-definitions.ts'

export interface FeatureLakeOptions {
  /** Folder of the definitions. */
  readonly definitions: string
  /** The lake's bucket, best from a stack of its own. Default: one is made. It has to send its events to EventBridge. */
  readonly bucket?: LakeBucket
  /** Live batches at a time, from 2 on. Default: 10. */
  readonly liveConcurrency?: number
  /** Tasks of a backfill at a time; a request may ask for fewer. Default: 200. */
  readonly backfillConcurrency?: number
  /** Name of the Glue database, as queries write it. Default: made of the construct's path. */
  readonly database?: string
  /** The most that one query of the lake's Athena workgroup may scan, in GB of 10^9 bytes. Default: 100. */
  readonly scanGbMax?: number
  /** Time between two sweeps. Default: an hour. */
  readonly sweepEvery?: Duration
  /** Alarms and a dashboard. Default: true. */
  readonly alarms?: boolean
}

const LIVE_CONCURRENCY = 10
const BACKFILL_CONCURRENCY = 200
/** Glue follows what is published; whoever registers may have a table to end. */
const WRITES_TABLES: ReadonlySet<string> = new Set(['publish', 'register'])

/**
 * A feature lake: live pipeline, sweep and backfill over one definitions folder. Deploying registers changed definitions as candidates;
 * what readers see changes only when they are published.
 */
export class FeatureLake extends Construct {
  readonly bucket: LakeBucket
  readonly queue: Queue
  readonly backfill: BackfillMachine
  readonly catalog: LakeCatalog
  readonly transform: HindcastFunction
  /** The alarms, where they are wanted. */
  readonly watch?: LakeAlarms
  readonly #train: HindcastFunction
  readonly #functions: LakeFunctions

  /**
   * @throws InvalidInputError for sources that cannot be followed and caps that AWS does not take; a deploy fails for caps that the
   * account does not have.
   */
  constructor(scope: Construct, id: string, options: FeatureLakeOptions) {
    super(scope, id)
    const live = options.liveConcurrency ?? LIVE_CONCURRENCY
    const history = options.backfillConcurrency ?? BACKFILL_CONCURRENCY
    requireConcurrency(live, history)
    const sweepEvery = options.sweepEvery ?? Duration.hours(1)
    const definitions = readDeployedDefinitions(options.definitions)
    this.bucket = options.bucket ?? new LakeStorage(this, 'Storage').bucket
    const queue = new LiveQueue(this, 'LiveQueue', { timeout: FUNCTION_TIMEOUT })
    this.queue = queue.queue
    this.#functions = new LakeFunctions(this, { bucket: this.bucket, queue: this.queue })
    this.transform = this.#functions.makeTransform()
    const sweep = this.#functions.makeSweep()
    const followed = this.#follow(definitions)
    new LivePipeline(this, 'Live', {
      ...{ queue, transform: this.transform, sweep, followed },
      concurrency: live,
      sweepEvery,
    })
    this.backfill = new BackfillMachine(this, 'Backfill', {
      plan: this.#functions.makePlan(history),
      verify: this.#functions.makeVerify(),
      transform: this.transform,
      publish: this.#functions.makePublish(),
      report: this.#functions.makeReport(),
      bucket: this.bucket,
    })
    this.#register(definitions, { live, backfill: history })
    this.#train = this.#functions.makeTrain(definitions.folder)
    if (options.alarms ?? true)
      this.watch = new LakeAlarms(this, 'Watch', {
        ...{ queue: queue.queue, deadLetters: queue.deadLetters, machine: this.backfill.machine, transform: this.transform, sweep },
        ...{ service: this.bucket.bucketName, sweepEvery },
        views: watchedViews(definitions.views, definitions.sources, sweepEvery.toSeconds()),
      })
    this.catalog = new LakeCatalog(this, 'Catalog', {
      bucket: this.bucket,
      ...(options.database !== undefined && { database: options.database }),
      ...(options.scanGbMax !== undefined && { scanGbMax: options.scanGbMax }),
    })
    for (const made of this.functions) if (WRITES_TABLES.has(made.verb)) this.catalog.allowTables(made)
    this.catalog.allowQueries(this.#train)
    for (const one of followed) this.#functions.allowRaw(one)
    this.#describe(history)
  }

  /** All functions, for permissions that only their owner knows of: a key of the raw data. */
  get functions(): readonly HindcastFunction[] {
    return this.#functions.all
  }

  /** A deploy waits until the definitions are registered, and fails with their problems, or when the account has not the caps. */
  #register(definitions: DeployedDefinitions, caps: Caps): void {
    const { folder, digest } = definitions
    const register = this.#functions.makeRegister(folder)
    const resource = new CustomResource(this, 'Definitions', {
      serviceToken: register.functionArn,
      resourceType: 'Custom::HindcastDefinitions',
      serviceTimeout: Duration.minutes(16),
      properties: { digest, liveConcurrency: caps.live, backfillConcurrency: caps.backfill },
    })
    if (register.role) resource.node.addDependency(register.role)
  }

  #follow({ sources }: DeployedDefinitions): FollowedBucket[] {
    return [...sourcePrefixes(sources)].map(([name, prefixes]) => ({
      bucket: name === undefined ? this.bucket : Bucket.fromBucketName(this, `Raw-${name}`, name),
      prefixes,
    }))
  }

  /** What `hindcast --stack` finds the lake by, and a command line that starts a dry run as it stands. */
  #describe(concurrency: number): void {
    const example = JSON.stringify(JSON.stringify({ last: '30d', dryRun: true }))
    const { stateMachineArn } = this.backfill.machine
    new CfnOutput(this, 'Place', { value: `s3://${this.bucket.bucketName}` })
    new CfnOutput(this, 'QueueUrl', { value: this.queue.queueUrl })
    new CfnOutput(this, 'MachineArn', { value: stateMachineArn })
    new CfnOutput(this, 'Database', { value: this.catalog.database })
    new CfnOutput(this, 'Workgroup', { value: this.catalog.workgroup })
    new CfnOutput(this, 'TrainFunction', { value: this.#train.functionName })
    new CfnOutput(this, 'BackfillConcurrency', { value: String(concurrency) })
    new CfnOutput(this, 'StartBackfill', {
      value: `aws stepfunctions start-execution --region ${Stack.of(this).region} --state-machine-arn ${stateMachineArn} --input ${example}`,
    })
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency */
function requireConcurrency(live: number, history: number): void {
  if (Number.isInteger(live) && live >= 2 && live <= 1000 && Number.isInteger(history) && history >= 1 && history <= 10_000) return
  throw new InvalidInputError(
    `liveConcurrency is ${live} and backfillConcurrency ${history}; expected whole numbers from 2 to 1000 and from 1 to 10000`,
  )
}
