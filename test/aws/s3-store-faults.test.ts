import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChecksumAlgorithm, CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openS3Client } from '../../lib/lake/s3-client.ts'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { SparseCopy } from '../../lib/lake/sparse-copy.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'
import { type FaultyProxy, openFaultyProxy } from './faulty-proxy.ts'

const missing = missingEmulator()
const bytes = (text: string) => new TextEncoder().encode(text)
/** Those of whole objects; of one in parts S3 gives a checksum of the parts' checksums, which nobody can check. */
const ALGORITHMS = [ChecksumAlgorithm.CRC32, ChecksumAlgorithm.CRC32C, ChecksumAlgorithm.CRC64NVME, ChecksumAlgorithm.SHA256]
const SLOW_DOWN = { kind: 'refuse', status: 503, code: 'SlowDown' } as const

describe.skipIf(missing !== undefined)(`S3 behind a network that fails${missing === undefined ? '' : ` (${missing})`}`, () => {
  let emulator: Emulator
  let proxy: FaultyProxy
  let store: S3Store
  let client: S3Client
  let bucket: string
  let scratch: string
  let buckets = 0
  beforeAll(async () => {
    emulator = await startEmulator()
    proxy = await openFaultyProxy(emulator.endpoint)
    scratch = await mkdtemp(join(tmpdir(), 'faults-'))
  })
  beforeEach(async () => {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    client = openS3Client({ endpoint: proxy.endpoint, region: 'us-east-1', forcePathStyle: true, credentials, idleMsMax: 1000 })
    bucket = `lake-${buckets++}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    store = new S3Store(client, bucket)
    proxy.seen.length = 0
  })
  afterAll(async () => {
    proxy?.close()
    emulator?.close()
    await rm(scratch, { recursive: true, force: true })
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
    proxy.faults.push(SLOW_DOWN, SLOW_DOWN, SLOW_DOWN, SLOW_DOWN, SLOW_DOWN)
    await expect(store.get('a')).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringMatching(/^s3:\/\/lake-\d+\/a did not answer: SlowDown/),
    })
  })

  it('notices bytes that changed on their way', async () => {
    // What others put has the checksum that their client or S3 itself chose.
    for (const algorithm of [undefined, ...ALGORITHMS]) {
      if (algorithm === undefined) await store.put('a', bytes('hello'))
      else await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'hello', ChecksumAlgorithm: algorithm }))
      const { etag: ifMatch } = (await store.head('a')) ?? { etag: '' }
      for (const read of [() => store.get('a'), () => store.download('a', join(scratch, 'a'), { ifMatch })]) {
        proxy.seen.length = 0
        proxy.faults.push({ kind: 'corrupt' }, { kind: 'corrupt' }, { kind: 'corrupt' })
        await expect(read(), algorithm).rejects.toMatchObject({ name: 'TransientError', message: expect.stringMatching(/checksum/i) })
        expect(proxy.seen).toEqual(['GET 200', 'GET 200', 'GET 200'])
        proxy.faults.push({ kind: 'corrupt' })
        expect(await read()).toBeTruthy()
      }
      expect(await readFile(join(scratch, 'a'), 'utf8')).toBe('hello')
      await rm(join(scratch, 'a'))
    }
  })

  it('reads again what breaks off or stands still in the middle', async () => {
    const content = randomBytes(3_000_000)
    const { etag: ifMatch } = await store.put('a', new Uint8Array(content))
    for (const kind of ['cut', 'stall'] as const) {
      proxy.faults.push({ kind }, { kind })
      expect(Buffer.compare((await store.get('a'))?.bytes ?? bytes(''), content)).toBe(0)
      proxy.faults.push({ kind })
      const range = { start: 100, length: 2_000_000, ifMatch }
      expect(Buffer.compare((await store.getRange('a', range)) ?? bytes(''), content.subarray(100, 2_000_100))).toBe(0)
      proxy.faults.push({ kind })
      expect(await store.download('a', join(scratch, kind), { ifMatch })).toBe(true)
      expect(Buffer.compare(await readFile(join(scratch, kind)), content)).toBe(0)

      proxy.faults.push({ kind }, { kind }, { kind })
      await expect(store.download('a', join(scratch, 'never'), { ifMatch })).rejects.toMatchObject({ name: 'TransientError' })
      await expect(readFile(join(scratch, 'never'))).rejects.toThrow('ENOENT')
    }
  })

  it('copies parts of an object to their places, whatever fails between, as long as it is that object', async () => {
    const content = randomBytes(24_000_000)
    const { etag, size } = await store.put('big', new Uint8Array(content))
    const copyTo = (name: string) => new SparseCopy({ store, key: 'big', etag, size, file: join(scratch, name) })
    const parts = [
      { start: 23_900_000, end: size },
      { start: 100, end: 2_000_000 },
      { start: 2_500_000, end: 14_000_000 },
    ]
    const copy = copyTo('parts')
    proxy.seen.length = 0
    proxy.faults.push(SLOW_DOWN, { kind: 'cut' }, { kind: 'stall' }, { kind: 'lose' })
    expect(await copy.fetch(parts.slice(0, 1))).toBe(true)
    expect(await copy.fetch(parts)).toBe(true)
    // What is there is not fetched again; the gap of half a megabyte is fetched along, in two pieces with what it joins.
    expect(proxy.seen.filter((one) => one === 'GET 206')).toHaveLength(5)
    const copied = await readFile(join(scratch, 'parts'))
    expect(copied.length).toBe(size)
    for (const { start, end } of parts) expect(Buffer.compare(copied.subarray(start, end), content.subarray(start, end))).toBe(0)
    expect(copied.subarray(15_000_000, 23_800_000).every((byte) => byte === 0)).toBe(true)
    expect((await stat(join(scratch, 'parts'))).blocks * 512).toBeLessThan(16_000_000)

    await store.put('big', new Uint8Array(randomBytes(size)))
    await expect(copy.fetch([{ start: 0, end: size }])).rejects.toMatchObject({ name: 'ConflictError' })
    await store.delete('big')
    expect(await copyTo('gone').fetch(parts)).toBe(false)
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
