import { S3Client } from '@aws-sdk/client-s3'
import type { OpenLake } from './open-lake.ts'
import { S3Store } from './s3-store.ts'

/** Requests that are under way at once, over all of a process. */
const SOCKETS_MAX = 50

/** Opens a bucket as a lake, with the credentials and the region that the AWS SDK finds. Other buckets are reached by the same client. */
export function openBucketLake(bucket: string): OpenLake {
  // An endpoint of one's own (an emulator, another maker's S3) has no name per bucket.
  const forcePathStyle = (process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL) !== undefined
  const client = new S3Client({ forcePathStyle, followRegionRedirects: true, requestHandler: { httpsAgent: { maxSockets: SOCKETS_MAX } } })
  const store = new S3Store(client, bucket)
  return {
    store,
    bucket: (name) => (name === undefined ? store : new S3Store(client, name)),
    close: async () => client.destroy(),
  }
}
