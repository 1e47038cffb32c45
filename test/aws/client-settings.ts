import { vi } from 'vitest'

/** By which the AWS clients of a process find an emulator. */
export function clientSettings(endpoint: string): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
}

/** Puts them into the environment of this process, until `vi.unstubAllEnvs`. */
export function stubClientSettings(endpoint: string): void {
  for (const [name, value] of Object.entries(clientSettings(endpoint))) vi.stubEnv(name, value)
}
