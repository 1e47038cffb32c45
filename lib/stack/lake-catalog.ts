import { Names, Stack } from 'aws-cdk-lib'
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena'
import { CfnDatabase } from 'aws-cdk-lib/aws-glue'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { ownWorkgroups, TRAINING_TABLES } from '../model/athena-names.ts'
import { SCAN_LIMIT_BYTES_MIN } from '../model/athena-price.ts'
import { InvalidInputError } from '../model/errors.ts'
import { acknowledgeWildcards } from './acknowledge-wildcards.ts'
import type { HindcastFunction } from './hindcast-function.ts'
import type { LakeBucket } from './lake-storage.ts'
import { QUERY_RESULTS } from './own-folders.ts'

export interface LakeCatalogOptions {
  readonly bucket: LakeBucket
  /** Name of the Glue database, as queries write it. Default: made of the construct's path, since Glue takes none without a name. */
  readonly database?: string
  /** The most that one query may scan, in GB of 10^9 bytes. Default: 100, for which Athena takes 0.50 USD. */
  readonly scanGbMax?: number
}

const SCAN_GB_MAX = 100
const GB = 1e9
/** UNLOAD puts what is large in parts. */
const UNLOADS = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']

/**
 * Where Athena finds the views: a Glue database, whose tables publishing writes, and a workgroup that ends a query which scans too much.
 * The tables follow from the lake's registry and can be made again from there.
 */
export class LakeCatalog extends Construct {
  /** Names, not references: those who write tables and queries write them out. */
  readonly database: string
  readonly workgroup: string
  readonly #bucket: LakeBucket

  /** @throws InvalidInputError for a name that a query would have to quote, and a limit that Athena does not take. */
  constructor(scope: Construct, id: string, options: LakeCatalogOptions) {
    super(scope, id)
    this.#bucket = options.bucket
    this.database = requireName(options.database ?? Names.uniqueResourceName(this, { maxLength: 80, separator: '_' }).toLowerCase())
    this.workgroup = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' })
    const { account: catalogId } = Stack.of(this)
    new CfnDatabase(this, 'Database', {
      catalogId,
      databaseInput: { name: this.database, description: 'Feature views of a hindcast lake' },
    })
    new CfnWorkGroup(this, 'Workgroup', {
      name: this.workgroup,
      description: 'Queries over a feature lake, with a limit on what one may scan',
      // Its query history goes with it; what it wrote is in the bucket.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        bytesScannedCutoffPerQuery: bytesOf(options.scanGbMax ?? SCAN_GB_MAX),
        publishCloudWatchMetricsEnabled: true,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${options.bucket.bucketName}/${QUERY_RESULTS}`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    })
  }

  /** Lets a function write the tables of this database, and tells it the names. */
  allowTables(writer: HindcastFunction): void {
    const arn = (resource: string, resourceName?: string) =>
      Stack.of(this).formatArn({ service: 'glue', resource, ...(resourceName !== undefined && { resourceName }) })
    writer.addToRolePolicy(
      new PolicyStatement({
        actions: ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable', 'glue:DeleteTable'],
        resources: [arn('catalog'), arn('database', this.database), arn('table', `${this.database}/*`)],
      }),
    )
    this.#tell(writer)
    if (writer.role) acknowledgeWildcards(writer.role, { [`/${this.database}/*`]: 'Tables are named after views, which come and go.' })
  }

  /**
   * Lets a function join training sets here: with tables of its own, in the workgroup, and in those that it makes of it for a budget, since
   * only a workgroup has a scan limit.
   */
  allowQueries(trainer: HindcastFunction): void {
    const arn = (service: string, resource: string, resourceName?: string) =>
      Stack.of(this).formatArn({ service, resource, ...(resourceName !== undefined && { resourceName }) })
    const allow = (actions: readonly string[], ...resources: readonly string[]) =>
      trainer.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }))
    const own = ownWorkgroups(this.workgroup)
    const [configured, made] = [arn('athena', 'workgroup', this.workgroup), arn('athena', 'workgroup', `${own}*`)]
    allow(
      ['glue:GetDatabase', 'glue:GetTable', 'glue:CreateTable', 'glue:DeleteTable'],
      ...[arn('glue', 'catalog'), arn('glue', 'database', this.database), arn('glue', 'table', `${this.database}/${TRAINING_TABLES}*`)],
    )
    allow(
      ['athena:StartQueryExecution', 'athena:StopQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults'],
      configured,
      made,
    )
    allow(['athena:GetWorkGroup'], configured)
    allow(['athena:CreateWorkGroup', 'athena:DeleteWorkGroup', 'athena:TagResource'], made)
    allow(['athena:ListWorkGroups'], '*')
    allow(['s3:GetBucketLocation'], this.#bucket.bucketArn)
    trainer.allowObjects(UNLOADS, [this.#bucket.arnForObjects('training/*'), this.#bucket.arnForObjects(`${QUERY_RESULTS}*`)])
    trainer.allowObjects(['s3:DeleteObject'], [this.#bucket.arnForObjects('training/*')])
    this.#tell(trainer)
    if (trainer.role)
      acknowledgeWildcards(trainer.role, {
        [`/${this.database}/${TRAINING_TABLES}*`]: 'Tables of a run are named after it, and end with it.',
        [`/${own}*`]: 'A workgroup of a run is named after it, and ends with it.',
        [`/${QUERY_RESULTS}*`]: 'Athena names what a query gave.',
      })
  }

  #tell(user: HindcastFunction): void {
    user.addEnvironment('HINDCAST_GLUE_DATABASE', this.database)
    user.addEnvironment('HINDCAST_ATHENA_WORKGROUP', this.workgroup)
  }
}

function requireName(name: string): string {
  if (/^[a-z][a-z0-9_]{0,127}$/.test(name)) return name
  throw new InvalidInputError(
    `'${name}' is no name of a database; expected up to 128 lower-case letters, digits and _, of which the first is a letter`,
  )
}

function bytesOf(scanGbMax: number): number {
  const bytes = Math.floor(scanGbMax * GB)
  if (bytes >= SCAN_LIMIT_BYTES_MIN) return bytes
  throw new InvalidInputError(`scanGbMax is ${scanGbMax}; expected at least ${SCAN_LIMIT_BYTES_MIN / GB}, which is what Athena takes`)
}
