import { Duration } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { FUNCTION_GB, FUNCTION_SECONDS_MAX } from '../model/price.ts'
import { acknowledgeWildcards } from './acknowledge-wildcards.ts'
import { HindcastFunction, type HindcastFunctionOptions } from './hindcast-function.ts'
import type { LakeBucket } from './lake-storage.ts'
import type { FollowedBucket } from './live-pipeline.ts'

export interface LakeFunctionsOptions {
  readonly bucket: LakeBucket
  /** The live queue; backfills do without. */
  readonly queue?: Queue
}

/** The longest that a function of a lake works on one call. */
export const FUNCTION_TIMEOUT = Duration.seconds(FUNCTION_SECONDS_MAX)
/** Inputs of a task lie in `/tmp`, each object once: its budget is a few hundred MB, and the engine spills beside it. */
const DISK_MB = 4096
const COMPUTES = { engine: true, memory: FUNCTION_GB * 1024, disk: DISK_MB }

/**
 * Makes the functions of one lake, each with what its verb may do there and no more: all read the lake, each writes below folders of its
 * own. They are made in the scope that is given, one of each verb at most.
 */
export class LakeFunctions {
  readonly #scope: Construct
  readonly #options: LakeFunctionsOptions
  readonly #made: HindcastFunction[] = []

  constructor(scope: Construct, options: LakeFunctionsOptions) {
    this.#scope = scope
    this.#options = options
    acknowledgeWildcards(scope, WILDCARDS)
  }

  /** Those that were made so far. */
  get all(): readonly HindcastFunction[] {
    return this.#made
  }

  makeTransform(): HindcastFunction {
    const transform = this.#make('Transform', { verb: 'transform', ...COMPUTES }, true)
    transform.allowObjects(
      ['s3:PutObject'],
      this.#objects('landed/*', 'features/*', 'quarantine/*', 'registry/engine.json', 'runs/*/results/*'),
    )
    transform.allowObjects(['s3:DeleteObject'], this.#objects('landed/*', 'features/*'))
    return transform
  }

  makeSweep(): HindcastFunction {
    const sweep = this.#make('Sweep', { verb: 'sweep' }, true)
    sweep.allowObjects(['s3:DeleteObject'], this.#objects('landed/*/_rejected/*'))
    return sweep
  }

  /** `concurrency`: tasks of a run at a time; a request may ask for fewer. */
  makePlan(concurrency: number): HindcastFunction {
    const plan = this.#make('Plan', { verb: 'plan', memory: 2048, environment: { HINDCAST_MAP_CONCURRENCY: String(concurrency) } })
    plan.allowObjects(['s3:PutObject'], this.#objects('runs/*'))
    plan.allowObjects(['s3:DeleteObject'], this.#objects('runs/active/*'))
    return plan
  }

  /** It computes as transform does, and writes what it found. */
  makeVerify(): HindcastFunction {
    const verify = this.#make('Verify', { verb: 'verify', ...COMPUTES })
    verify.allowObjects(['s3:PutObject'], this.#objects('runs/active/*', 'runs/*/gate.json'))
    return verify
  }

  makePublish(): HindcastFunction {
    const publish = this.#make('Publish', { verb: 'publish', memory: 2048 })
    publish.allowObjects(['s3:PutObject'], this.#objects('registry/*', 'runs/*/publish.json'))
    return publish
  }

  /** Its memory is for the processor that comes with it: results are read many at a time. */
  makeReport(): HindcastFunction {
    const report = this.#make('Report', { verb: 'report', memory: 2048 })
    report.allowObjects(['s3:PutObject'], this.#objects('runs/*/report.json'))
    report.allowObjects(['s3:DeleteObject'], this.#objects('runs/active/*'))
    return report
  }

  /** Its disk holds what labels read and the set that is made of it. */
  makeTrain(definitions: string): HindcastFunction {
    const environment = { HINDCAST_DISK_MB: String(DISK_MB) }
    const train = this.#make('Train', { verb: 'train', ...COMPUTES, definitions, environment })
    train.allowObjects(['s3:PutObject'], this.#objects('training/*'))
    return train
  }

  /** It asks what the account has of concurrent executions, too. */
  makeRegister(definitions: string): HindcastFunction {
    const register = this.#make('Register', { verb: 'register', engine: true, memory: FUNCTION_GB * 1024, definitions })
    register.allowObjects(['s3:PutObject'], this.#objects('registry/*'))
    register.addToRolePolicy(new PolicyStatement({ actions: ['lambda:GetAccountSettings'], resources: ['*'] }))
    return register
  }

  /** A raw bucket of others is read below the sources' prefixes, by all functions that were made so far. */
  allowRaw({ bucket, prefixes }: FollowedBucket): void {
    if (bucket === this.#options.bucket) return
    for (const made of this.#made) {
      made.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }))
      made.allowObjects(
        ['s3:GetObject'],
        prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
      )
    }
    const reason = 'Raw objects are read below the folders of their sources; their names are not known before.'
    acknowledgeWildcards(this.#scope, Object.fromEntries(prefixes.map((prefix) => [`/${prefix}*`, reason])))
  }

  #make(
    id: string,
    options: Omit<HindcastFunctionOptions, 'environment'> & Partial<HindcastFunctionOptions>,
    sends = false,
  ): HindcastFunction {
    const { bucket, queue } = this.#options
    const environment = {
      HINDCAST_LAKE: `s3://${bucket.bucketName}`,
      // Under which its figures stand: two lakes of an account are told apart.
      POWERTOOLS_SERVICE_NAME: bucket.bucketName,
      ...(sends && queue && { HINDCAST_QUEUE_URL: queue.queueUrl }),
      ...options.environment,
    }
    const made = new HindcastFunction(this.#scope, id, { timeout: FUNCTION_TIMEOUT, ...options, environment })
    made.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }))
    made.allowObjects(['s3:GetObject'], this.#objects('*'))
    if (sends) queue?.grantSendMessages(made)
    this.#made.push(made)
    return made
  }

  #objects(...patterns: readonly string[]): string[] {
    return patterns.map((pattern) => this.#options.bucket.arnForObjects(pattern))
  }
}

const NAMES = 'Names of partitions, runs and raw objects are not known before; the function has no other folder.'
const WILDCARDS: Readonly<Record<string, string>> = {
  '*': 'X-Ray’s segments, the account’s settings and the list of workgroups are no resources with names.',
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
