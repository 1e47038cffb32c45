import { CfnOutput, CustomResource, Duration, Stack } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Caps } from '../model/caps.ts'
import { InvalidInputError } from '../model/errors.ts'
import { FUNCTION_GB } from '../model/price.ts'
import { acknowledgeWildcards } from './acknowledge-wildcards.ts'
import { BackfillMachine } from './backfill-machine.ts'
import { HindcastFunction, type HindcastFunctionOptions } from './hindcast-function.ts'
import { LakeAlarms } from './lake-alarms.ts'
import { LakeCatalog } from './lake-catalog.ts'
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
const TIMEOUT = Duration.minutes(15)
/** Inputs of a task lie in `/tmp`, each object once: its budget is a few hundred MB, and the engine spills beside it. */
const DISK_MB = 4096

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
  readonly #functions: HindcastFunction[] = []

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
    const queue = new LiveQueue(this, 'LiveQueue', { timeout: TIMEOUT })
    this.queue = queue.queue
    this.transform = this.#makeTransform()
    const sweep = this.#makeSweep()
    const followed = this.#follow(definitions)
    new LivePipeline(this, 'Live', {
      ...{ queue, transform: this.transform, sweep, followed },
      concurrency: live,
      sweepEvery,
    })
    this.backfill = new BackfillMachine(this, 'Backfill', {
      plan: this.#makePlan(history),
      verify: this.#makeVerify(),
      transform: this.transform,
      publish: this.#makePublish(),
      report: this.#makeReport(),
      bucket: this.bucket,
    })
    this.#register(definitions, { live, backfill: history })
    this.#train = this.#makeTrain(definitions.folder)
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
    for (const made of this.#functions) if (WRITES_TABLES.has(made.verb)) this.catalog.allowTables(made)
    for (const one of followed) this.#allowRaw(one)
    this.#describe(history)
    acknowledgeWildcards(this, { ...WILDCARDS, ...rawWildcards(followed) })
  }

  /** All functions, for permissions that only their owner knows of: a key of the raw data. */
  get functions(): readonly HindcastFunction[] {
    return this.#functions
  }

  #makeTransform(): HindcastFunction {
    const transform = this.#make('Transform', { verb: 'transform', engine: true, memory: FUNCTION_GB * 1024, disk: DISK_MB }, true)
    transform.allowObjects(
      ['s3:PutObject'],
      this.#objects('landed/*', 'features/*', 'quarantine/*', 'registry/engine.json', 'runs/*/results/*'),
    )
    transform.allowObjects(['s3:DeleteObject'], this.#objects('landed/*', 'features/*'))
    return transform
  }

  #makeSweep(): HindcastFunction {
    const sweep = this.#make('Sweep', { verb: 'sweep' }, true)
    sweep.allowObjects(['s3:DeleteObject'], this.#objects('landed/*/_rejected/*'))
    return sweep
  }

  #makePlan(concurrency: number): HindcastFunction {
    const plan = this.#make('Plan', { verb: 'plan', memory: 2048, environment: { HINDCAST_MAP_CONCURRENCY: String(concurrency) } })
    plan.allowObjects(['s3:PutObject'], this.#objects('runs/*'))
    plan.allowObjects(['s3:DeleteObject'], this.#objects('runs/active/*'))
    return plan
  }

  /** It computes as transform does, and writes what it found. */
  #makeVerify(): HindcastFunction {
    const verify = this.#make('Verify', { verb: 'verify', engine: true, memory: FUNCTION_GB * 1024, disk: DISK_MB })
    verify.allowObjects(['s3:PutObject'], this.#objects('runs/active/*', 'runs/*/gate.json'))
    return verify
  }

  #makePublish(): HindcastFunction {
    const publish = this.#make('Publish', { verb: 'publish', memory: 2048 })
    publish.allowObjects(['s3:PutObject'], this.#objects('registry/*', 'runs/*/publish.json'))
    return publish
  }

  /** Its memory is for the processor that comes with it: results are read many at a time. */
  #makeReport(): HindcastFunction {
    const report = this.#make('Report', { verb: 'report', memory: 2048 })
    report.allowObjects(['s3:PutObject'], this.#objects('runs/*/report.json'))
    report.allowObjects(['s3:DeleteObject'], this.#objects('runs/active/*'))
    return report
  }

  /** Its disk holds what labels read and the set that is made of it. */
  #makeTrain(definitions: string): HindcastFunction {
    const environment = { HINDCAST_DISK_MB: String(DISK_MB) }
    const train = this.#make('Train', {
      ...{ verb: 'train', engine: true, memory: FUNCTION_GB * 1024, disk: DISK_MB, definitions, environment },
    })
    train.allowObjects(['s3:PutObject'], this.#objects('training/*'))
    return train
  }

  /** A deploy waits until the definitions are registered, and fails with their problems, or when the account has not the caps. */
  #register(definitions: DeployedDefinitions, caps: Caps): void {
    const { folder, digest } = definitions
    const register = this.#make('Register', { verb: 'register', engine: true, memory: FUNCTION_GB * 1024, definitions: folder })
    register.allowObjects(['s3:PutObject'], this.#objects('registry/*'))
    register.addToRolePolicy(new PolicyStatement({ actions: ['lambda:GetAccountSettings'], resources: ['*'] }))
    const resource = new CustomResource(this, 'Definitions', {
      serviceToken: register.functionArn,
      resourceType: 'Custom::HindcastDefinitions',
      serviceTimeout: Duration.minutes(16),
      properties: { digest, liveConcurrency: caps.live, backfillConcurrency: caps.backfill },
    })
    if (register.role) resource.node.addDependency(register.role)
  }

  #make(
    id: string,
    options: Omit<HindcastFunctionOptions, 'environment'> & Partial<HindcastFunctionOptions>,
    sends = false,
  ): HindcastFunction {
    const environment = {
      HINDCAST_LAKE: `s3://${this.bucket.bucketName}`,
      // Under which its figures stand: two lakes of an account are told apart.
      POWERTOOLS_SERVICE_NAME: this.bucket.bucketName,
      ...(sends && { HINDCAST_QUEUE_URL: this.queue.queueUrl }),
    }
    const made = new HindcastFunction(this, id, { timeout: TIMEOUT, ...options, environment: { ...environment, ...options.environment } })
    made.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }))
    made.allowObjects(['s3:GetObject'], this.#objects('*'))
    if (sends) this.queue.grantSendMessages(made)
    this.#functions.push(made)
    return made
  }

  #objects(...patterns: readonly string[]): string[] {
    return patterns.map((pattern) => this.bucket.arnForObjects(pattern))
  }

  #follow({ sources }: DeployedDefinitions): FollowedBucket[] {
    return [...sourcePrefixes(sources)].map(([name, prefixes]) => ({
      bucket: name === undefined ? this.bucket : Bucket.fromBucketName(this, `Raw-${name}`, name),
      prefixes,
    }))
  }

  /** A bucket of others is read below the sources' prefixes, by all functions. */
  #allowRaw({ bucket, prefixes }: FollowedBucket): void {
    if (bucket === this.bucket) return
    for (const made of this.#functions) {
      made.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }))
      made.allowObjects(
        ['s3:GetObject'],
        prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
      )
    }
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

const NAMES = 'Names of partitions, runs and raw objects are not known before; the function has no other folder.'
const WILDCARDS: Readonly<Record<string, string>> = {
  '*': 'X-Ray’s segments and the account’s settings are no resources with names.',
  '/*': 'Every function lists the lake and reads what others wrote; raw data lies beside it.',
  '/landed/*': NAMES,
  '/landed/*/_rejected/*': NAMES,
  '/features/*': NAMES,
  '/quarantine/*': NAMES,
  '/registry/*': NAMES,
  '/runs/*': NAMES,
  '/runs/active/*': NAMES,
  '/runs/*/results/*': NAMES,
  '/runs/*/report.json': NAMES,
  '/runs/*/gate.json': NAMES,
  '/runs/*/publish.json': NAMES,
  '/training/*': NAMES,
}

function rawWildcards(followed: readonly FollowedBucket[]): Record<string, string> {
  const reason = 'Raw objects are read below the folders of their sources; their names are not known before.'
  return Object.fromEntries(followed.flatMap(({ prefixes }) => prefixes.map((prefix) => [`/${prefix}*`, reason])))
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency */
function requireConcurrency(live: number, history: number): void {
  if (Number.isInteger(live) && live >= 2 && live <= 1000 && Number.isInteger(history) && history >= 1 && history <= 10_000) return
  throw new InvalidInputError(
    `liveConcurrency is ${live} and backfillConcurrency ${history}; expected whole numbers from 2 to 1000 and from 1 to 10000`,
  )
}
