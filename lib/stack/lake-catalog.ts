import { Names, Stack } from 'aws-cdk-lib'
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena'
import { CfnDatabase } from 'aws-cdk-lib/aws-glue'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
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

/**
 * Where Athena finds the views: a Glue database, whose tables publishing writes, and a workgroup that ends a query which scans too much.
 * The tables follow from the lake's registry and can be made again from there.
 */
export class LakeCatalog extends Construct {
  /** Names, not references: those who write tables and queries write them out. */
  readonly database: string
  readonly workgroup: string

  /** @throws InvalidInputError for a name that a query would have to quote, and a limit that Athena does not take. */
  constructor(scope: Construct, id: string, options: LakeCatalogOptions) {
    super(scope, id)
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
    writer.addEnvironment('HINDCAST_GLUE_DATABASE', this.database)
    writer.addEnvironment('HINDCAST_ATHENA_WORKGROUP', this.workgroup)
    if (writer.role) acknowledgeWildcards(writer.role, { [`/${this.database}/*`]: 'Tables are named after views, which come and go.' })
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
