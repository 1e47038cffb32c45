import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openS3Client } from '../../lib/lake/s3-client.ts'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { SparseCopy } from '../../lib/lake/sparse-copy.ts'
import { buildGateway, type Gateway, KEYS, startGateway } from './versitygw.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const missing = await buildGateway()
const MB = 1024 * 1024
const SIZE_MB = 400

describe.skipIf(missing !== undefined)(`a large object${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let gateway: Gateway
  let folder: string
  let store: S3Store
  beforeAll(async () => {
    gateway = await startGateway()
    folder = await mkdtemp(join(tmpdir(), 'memory-'))
    const client = openS3Client({ endpoint: gateway.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS })
    await client.send(new CreateBucketCommand({ Bucket: 'lake' }))
    store = new S3Store(client, 'lake')
    const handle = await open(join(folder, 'large'), 'wx')
    for (let at = 0; at < SIZE_MB; at++) await handle.write(randomBytes(MB))
    await handle.close()
  })
  afterAll(async () => {
    await gateway?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('goes to a bucket and comes from it, whole and in parts, in a quarter of its size of memory', async () => {
    const put = await growth(() => store.put('large', { file: join(folder, 'large') }))
    const { etag, size } = put.value
    const whole = await growth(() => store.download('large', join(folder, 'whole'), { ifMatch: etag }))
    const copy = new SparseCopy({ store, key: 'large', etag, size, file: join(folder, 'parts') })
    const parts = await growth(() => copy.fetch([{ start: 0, end: size }]))
    const expected = await digest(join(folder, 'large'))
    expect(await digest(join(folder, 'whole'))).toBe(expected)
    expect(await digest(join(folder, 'parts'))).toBe(expected)
    for (const { bytes } of [put, whole, parts]) expect(bytes / MB).toBeLessThan(SIZE_MB / 4)
  })
})

/** What the work gives, and by how much buffers outside the heap grew at most meanwhile: that is where bytes on their way lie. */
async function growth<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly bytes: number }> {
  const before = held()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, held())
  }, 1000)
  try {
    return { value: await work(), bytes: most - before }
  } finally {
    clearInterval(timer)
  }
}

/** Bytes of buffers that somebody still holds; what is garbage already says how busy the collector was. */
function held(): number {
  collect()
  return process.memoryUsage().arrayBuffers
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
