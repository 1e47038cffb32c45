import { describe, expect, test } from 'vitest'
import { awsError } from '../../../lib/cli/deployed/aws-error.ts'
import { athenaError } from '../../../lib/lake/athena-errors.ts'
import { glueError } from '../../../lib/lake/glue-errors.ts'
import { s3Error } from '../../../lib/lake/s3-errors.ts'

describe('without a region no service is asked, and waiting does not help', () => {
  const thrown = new Error('Region is missing')
  test.each([
    ['S3', s3Error(thrown, 's3://lake/a')],
    ['Glue', glueError(thrown, 'features.week', 'features')],
    ['Athena', athenaError(thrown, 'Athena')],
    ['another service', awsError(thrown, 'Step Functions')],
  ])('%s', (_, error) => {
    expect(error).toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining('expected AWS_REGION'), cause: thrown })
  })
})
