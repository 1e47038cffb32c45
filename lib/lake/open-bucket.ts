import type { OpenLake } from './open-lake.ts'
import { openS3Client } from './s3-client.ts'
import { S3Store } from './s3-store.ts'

/** Opens a bucket as a lake, with the credentials and the region that the AWS SDK finds. Other buckets are reached by the same client. */
export function openBucketLake(bucket: string): OpenLake {
  // An endpoint of one's own (an emulator, another maker's S3) has no name per bucket.
  const forcePathStyle = (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL) !== undefined
  const client = openS3Client({ forcePathStyle })
  const store = new S3Store(client, bucket)
  return {
    store,
    bucket: (name) => (name === undefined ? store : new S3Store(client, name)),
    close: async () => client.destroy(),
  }
}
