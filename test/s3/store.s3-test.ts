import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openS3Client } from '../../lib/lake/s3-client.ts'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { type FaultyProxy, openFaultyProxy } from '../aws/faulty-proxy.ts'
import { describeObjectStore } from '../unit/lake/object-store.contract.ts'
import { buildGateway, type Gateway, KEYS, startGateway } from './versitygw.ts'

const missing = await buildGateway()

describe.skipIf(missing !== undefined)(`S3 by versitygw${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let gateway: Gateway
  let proxy: FaultyProxy
  let client: S3Client
  let buckets = 0
  beforeAll(async () => {
    gateway = await startGateway()
    proxy = await openFaultyProxy(gateway.endpoint)
    client = openS3Client({ endpoint: gateway.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS })
  })
  afterAll(async () => {
    client?.destroy()
    proxy?.close()
    await gateway?.close()
  })
  const openBucket = async () => {
    const bucket = `lake-${buckets++}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    return { bucket, store: new S3Store(client, bucket), close: () => undefined }
  }

  // Beneath it are folders, so that `a/x` cannot stand beside `a/x/y`; the contract's keys know that.
  describeObjectStore('bucket', openBucket)

  it('refuses bytes that changed on their way to it, and keeps what stood there', async () => {
    const { bucket, store } = await openBucket()
    // Behind the proxy, whose name is signed along.
    const through = openS3Client({ endpoint: proxy.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS })
    const { etag } = await store.put('a', Buffer.from('before'))
    proxy.faults.push({ kind: 'corrupt request' })
    const put = new S3Store(through, bucket).put('a', Buffer.from('after'), { ifMatch: etag })
    await expect(put).rejects.toMatchObject({ name: 'TransientError', message: expect.stringMatching(/other bytes/) })
    expect(Buffer.from((await store.get('a'))?.bytes ?? []).toString()).toBe('before')
    through.destroy()
  })
})
