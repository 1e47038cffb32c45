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
  const trino = await startTrino(emulator.endpoint)
  project.provide('servers', { endpoint: emulator.endpoint, trino: trino.uri })
  return async () => {
    await trino.close()
    emulator.close()
  }
}
