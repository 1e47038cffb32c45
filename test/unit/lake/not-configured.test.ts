import { describe, expect, test } from 'vitest'
import { awsError } from '../../../lib/cli/deployed/aws-error.ts'
import { athenaError } from '../../../lib/lake/athena-errors.ts'
import { glueError } from '../../../lib/lake/glue-errors.ts'
import { s3Error } from '../../../lib/lake/s3-errors.ts'

const named = (name: string, message: string) => Object.assign(new Error(message), { name })

describe.each([
  ['without a region', new Error('Region is missing'), 'expected AWS_REGION'],
  ['without credentials', named('CredentialsProviderError', 'Could not load credentials'), 'no AWS credentials were found'],
  ['with an SSO session that ended', named('TokenProviderError', 'Token is expired'), 'Token is expired; expected what the AWS CLI uses'],
])('%s no service is asked, and waiting does not help', (_, thrown, told) => {
  test.each([
    ['S3', s3Error(thrown, 's3://lake/a')],
    ['Glue', glueError(thrown, 'features.week', 'features')],
    ['Athena', athenaError(thrown, 'Athena')],
    ['another service', awsError(thrown, 'Step Functions')],
  ])('%s', (_, error) => {
    expect(error).toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining(told), cause: thrown })
  })
})
