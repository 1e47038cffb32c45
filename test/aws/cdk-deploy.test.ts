/**
 * `cdk deploy` of the house's own app into emulated AWS, and the flights through what was deployed: the bundles that were published run as
 * processes, called by the state machine and with the queue's batches. Not shown here: permissions (IAM is not enforced, so a missing one
 * is never found), arm64 (the bundles run with the engine's binding for this machine), what CloudFormation does with an update, and
 * queue policies, bucket policies, alarms and the mapping from queue to function, which the emulator leaves out of a template.
 */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { deployAssembly, type SynthesisedApp, synthesise } from './cdk.ts'
import { deployedLake, settingsOf } from './deploy.ts'
import { type Deployed, openDeployed } from './deployed-lake.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'
import { type FunctionProcesses, openFunctionProcesses } from './function-processes.ts'
import { type LambdaRunner, openLambdaRunner } from './lambda-runner.ts'

const NOW = '2001-01-15T06:00:00Z'
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const missing = missingEmulator()

/** The code of a function as it was published, beside the binding for this machine. */
function runnable(app: SynthesisedApp, verb: string): string {
  const folder = join(app.assembly, 'run', verb)
  mkdirSync(folder, { recursive: true })
  cpSync(app.code.get(verb)?.folder ?? '', folder, { recursive: true, filter: (file) => !file.includes('/node_modules') })
  symlinkSync(NODE_MODULES, join(folder, 'node_modules'))
  return join(folder, 'index.mjs')
}

describe.skipIf(missing !== undefined)(`cdk deploy, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  let app: SynthesisedApp
  let functions: FunctionProcesses
  let runner: LambdaRunner
  let emulator: Emulator
  let deployed: Deployed
  let printed: string

  beforeAll(async () => {
    app = await synthesise()
    const modules = new Map([...app.code.keys()].map((verb) => [verb, runnable(app, verb)]))
    functions = openFunctionProcesses({ moduleOf: (verb) => modules.get(verb) ?? '', now: Date.parse(NOW) })
    runner = await openLambdaRunner(functions.run)
    emulator = await startEmulator({ lambda: runner.url })
    for (const [name, value] of Object.entries(settingsOf(emulator.endpoint))) vi.stubEnv(name, value)
    printed = await deployAssembly(emulator.endpoint, app.assembly)
    deployed = await openDeployed(await deployedLake(), functions.run)
  }, 300_000)
  afterAll(() => {
    emulator?.close()
    runner?.close()
    functions?.close()
    vi.unstubAllEnvs()
  })

  it('publishes the code, creates the stacks, and registers the definitions', async () => {
    expect(printed).toMatch(/Hindcast\.LakeStartBackfill\w+ = aws stepfunctions start-execution --state-machine-arn arn:/)
    const client = new S3Client({ forcePathStyle: true })
    for (const { asset } of app.code.values()) {
      const found = await client.send(new HeadObjectCommand({ Bucket: 'cdk-hnb659fds-assets-123456789012-us-east-1', Key: asset }))
      expect(found.ContentLength).toBeGreaterThan(100_000)
    }
    expect(await deployed.keys('registry/')).toEqual(expect.arrayContaining(['registry/airport_week.json', 'registry/engine.json']))
    expect(await deployed.keys('registry/published')).toEqual([])
    expect(functions.lines.filter(({ event }) => event === 'registered').length).toBeGreaterThanOrEqual(5)
  })
})
