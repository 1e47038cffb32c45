import { vi } from 'vitest'
import { type AthenaLake, openAthenaLake } from './athena-lake.ts'
import { type AthenaShim, startAthenaShim } from './athena-shim.ts'
import type { Servers } from './global-setup.ts'
import { TrinoClient } from './trino-client.ts'

/** A lake whose training sets Trino joins, through the shim that speaks Athena's API; closing the lake closes both. */
export async function openShimmedLake(name: string, servers: Servers): Promise<{ readonly lake: AthenaLake; readonly shim: AthenaShim }> {
  const lake = await openAthenaLake(name, servers)
  const shim = await startAthenaShim(new TrinoClient(servers.trino))
  vi.stubEnv('AWS_ENDPOINT_URL_ATHENA', shim.endpoint)
  const close = async () => {
    shim.close()
    await lake.close()
  }
  return { lake: { ...lake, close }, shim }
}
