import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'
import { type FaultyProxy, openFaultyProxy } from './faulty-proxy.ts'

const missing = missingEmulator()
const bytes = (text: string) => new TextEncoder().encode(text)
const SLOW_DOWN = { kind: 'refuse', status: 503, code: 'SlowDown' } as const

describe.skipIf(missing !== undefined)(`S3 behind a network that fails${missing === undefined ? '' : ` (${missing})`}`, () => {
  let emulator: Emulator
  let proxy: FaultyProxy
  let store: S3Store
  let buckets = 0
  beforeAll(async () => {
    emulator = await startEmulator()
    proxy = await openFaultyProxy(emulator.endpoint)
  }, 300_000)
  beforeEach(async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    const client = new S3Client({ endpoint: proxy.endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
    const bucket = `lake-${buckets++}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    store = new S3Store(client, bucket)
    proxy.seen.length = 0
  })
  afterAll(() => {
    proxy?.close()
    emulator?.close()
  })

  it('takes a conditional put whose answer was lost for done, since its bytes stand there', async () => {
    proxy.faults.push({ kind: 'lose' })
    const put = await store.put('a', bytes('mine'), { ifNoneMatch: '*' })
    expect(proxy.seen).toEqual(['PUT lost', 'PUT 412', 'HEAD 200'])
    expect(await store.head('a')).toMatchObject(put)

    proxy.faults.push({ kind: 'lose' })
    const over = await store.put('a', bytes('mine again'), { ifMatch: put.etag })
    expect(await store.head('a')).toMatchObject(over)
  })

  it('does not take the bytes of another writer for its own', async () => {
    proxy.faults.push(SLOW_DOWN)
    await store.put('a', bytes('theirs'))
    proxy.seen.length = 0
    proxy.faults.push(SLOW_DOWN)
    await expect(store.put('a', bytes('mine'), { ifNoneMatch: '*' })).rejects.toMatchObject({ name: 'ConflictError' })
    expect(proxy.seen).toEqual(['PUT 503', 'PUT 412', 'HEAD 200'])
    expect(new TextDecoder().decode((await store.get('a'))?.bytes)).toBe('theirs')
  })

  it('asks nothing after a refusal at the first try', async () => {
    await store.put('a', bytes('theirs'))
    proxy.seen.length = 0
    await expect(store.put('a', bytes('theirs'), { ifNoneMatch: '*' })).rejects.toMatchObject({ name: 'ConflictError' })
    expect(proxy.seen).toEqual(['PUT 412'])
  })

  it('gives way to another conditional put that is under way', async () => {
    proxy.faults.push({ kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' })
    await expect(store.put('a', bytes('mine'), { ifNoneMatch: '*' })).rejects.toMatchObject({ name: 'ConflictError' })
  })

  it('tries again after 500, 503 and a lost answer, and says what did not answer when it stays so', async () => {
    await store.put('a', bytes('x'))
    proxy.faults.push(SLOW_DOWN, { kind: 'refuse', status: 500, code: 'InternalError' })
    expect((await store.get('a'))?.info.size).toBe(1)
    proxy.faults.push({ kind: 'lose' })
    expect(await store.head('a')).toBeDefined()
    proxy.faults.push(SLOW_DOWN, SLOW_DOWN, SLOW_DOWN)
    await expect(store.get('a')).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringMatching(/^s3:\/\/lake-\d+\/a did not answer: SlowDown/),
    })
  })

  it('notices bytes that changed on their way', async () => {
    await store.put('a', bytes('hello'))
    proxy.faults.push({ kind: 'corrupt' })
    await expect(store.get('a')).rejects.toMatchObject({ message: expect.stringMatching(/checksum/i) })
  })

  it('says whose credentials are refused, and that a bucket is not there', async () => {
    proxy.faults.push({ kind: 'refuse', status: 403, code: 'AccessDenied' })
    await expect(store.put('a', bytes('x'))).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('AccessDenied'),
    })
    proxy.faults.push({ kind: 'refuse', status: 404, code: 'NoSuchBucket' })
    await expect(store.get('a')).rejects.toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining('NoSuchBucket') })
  })
})
