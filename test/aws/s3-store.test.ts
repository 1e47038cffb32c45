import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe } from 'vitest'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { describeObjectStore } from '../unit/lake/object-store.contract.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'

const missing = missingEmulator()

/** Its threads check and write in two steps, so that on a busy machine two writers may win there; S3 itself lets one. */
const EMULATED = { races: 3, retry: 3, isSlow: true }

/**
 * The emulator never answers 409 or 503, accepts a wrong checksum, and takes minutes for listings of thousands: `s3-store-faults.test.ts` has
 * the first, `npm run test:s3` the others.
 */
describe.skipIf(missing !== undefined)(`S3, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  let emulator: Emulator
  let client: S3Client
  let buckets = 0
  beforeAll(async () => {
    emulator = await startEmulator()
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    client = new S3Client({ endpoint: emulator.endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  })
  afterAll(() => {
    client?.destroy()
    emulator?.close()
  })

  describeObjectStore(
    'bucket',
    async () => {
      const bucket = `lake-${buckets++}`
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      return { store: new S3Store(client, bucket), close: () => undefined }
    },
    EMULATED,
  )
})
