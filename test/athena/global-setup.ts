import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { TestProject } from 'vitest/node'
import { missingEmulator, startEmulator } from '../aws/emulator.ts'
import { missingTrino, startTrino } from './trino.ts'

/** Where the emulator and Trino listen, or why there are none. */
export interface Servers {
  readonly missing?: string
  readonly endpoint: string
  readonly trino: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    servers: Servers
  }
}

/** One emulator and one Trino for all files; each has a bucket and a database of its own. */
// biome-ignore lint/style/noDefaultExport: vitest calls it from there
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = missingEmulator() ?? missingTrino()
  if (missing !== undefined) {
    project.provide('servers', { missing, endpoint: '', trino: '' })
    return undefined
  }
  const emulator = await startEmulator()
  await createScratch(emulator.endpoint)
  const trino = await startTrino(emulator.endpoint)
  project.provide('servers', { endpoint: emulator.endpoint, trino: trino.uri })
  return async () => {
    await trino.close()
    emulator.close()
  }
}

/** The bucket of Trino's second catalog, which stands for what UNLOAD needs no catalog for. */
async function createScratch(endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  await s3.send(new CreateBucketCommand({ Bucket: 'scratch' }))
  s3.destroy()
}
