/**
 * `cdk deploy` of the house's own app into emulated AWS, and the flights through what was deployed: the bundles that were published run as
 * processes, called by the state machine and with the queue's batches. Not shown here: permissions (IAM is not enforced, so a missing one
 * is never found), arm64 (the bundles run with the engine's binding for this machine), what CloudFormation does with an update, and
 * queue policies, bucket policies, alarms and the mapping from queue to function, which the emulator leaves out of a template.
 */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { literal } from '../../lib/engine/quote.ts'
import { openLake } from '../../lib/lake/open-lake.ts'
import { runCli, temporaryFolder } from '../e2e/run-cli.ts'
import { openTestEngine } from '../support/house.ts'
import { deployAssembly, type SynthesisedApp, synthesise } from './cdk.ts'
import { stubClientSettings } from './client-settings.ts'
import { deployedLake } from './deploy.ts'
import { type Deployed, openDeployed, outputsOf } from './deployed-lake.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'
import { type FunctionProcesses, openFunctionProcesses } from './function-processes.ts'
import { type LambdaRunner, openLambdaRunner } from './lambda-runner.ts'

/** A week of flights has just become due. */
const NOW = '2001-01-08T06:00:00Z'
const WEEK = { from: '2001-01-01', to: '2001-01-07' }
const FLIGHTS = fileURLToPath(new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url))
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const missing = missingEmulator()

/** Raw objects of the week by key. */
async function cutWeek(): Promise<Map<string, Buffer>> {
  const engine = openTestEngine()
  // The engine reads below its own folder only.
  const [file, folder] = [join(engine.scratch, 'flights.parquet'), join(engine.scratch, 'flights')]
  await mkdir(engine.scratch, { recursive: true })
  await copyFile(FLIGHTS, file)
  const week = `date < TIMESTAMP '2001-01-08'`
  await engine.engine.session('UTC', async (session) => {
    await session.run(
      `COPY (SELECT *, strftime(date, '%Y-%m-%d') AS dt FROM read_parquet(${literal(file)}) WHERE ${week}) TO ${literal(folder)} (FORMAT parquet, PARTITION_BY (dt), FILENAME_PATTERN 'part')`,
    )
  })
  const found = new Map<string, Buffer>()
  for (const day of (await readdir(folder)).sort())
    for (const file of await readdir(join(folder, day))) found.set(`flights/${day}/${file}`, await readFile(join(folder, day, file)))
  await engine.close()
  return found
}

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
    stubClientSettings(emulator.endpoint)
    printed = await deployAssembly(emulator.endpoint, app.assembly)
    deployed = await openDeployed(await deployedLake(), functions.run)
  }, 900_000)
  afterAll(() => {
    emulator?.close()
    runner?.close()
    functions?.close()
    vi.unstubAllEnvs()
  })

  it('publishes the code, creates the stacks, and registers the definitions', async () => {
    expect(printed).toMatch(
      /Hindcast\.LakeStartBackfill\w+ = aws stepfunctions start-execution --region us-east-1 --state-machine-arn arn:/,
    )
    const client = new S3Client({ forcePathStyle: true })
    for (const { asset } of app.code.values()) {
      const found = await client.send(new HeadObjectCommand({ Bucket: 'cdk-hnb659fds-assets-123456789012-us-east-1', Key: asset }))
      expect(found.ContentLength).toBeGreaterThan(100_000)
    }
    expect(await deployed.keys('registry/')).toEqual(expect.arrayContaining(['registry/airport_week.json', 'registry/engine.json']))
    expect(await deployed.keys('registry/published')).toEqual([])
    expect(functions.lines.filter(({ event }) => event === 'registered').length).toBeGreaterThanOrEqual(5)
  })

  it('runs the flights end to end: live, the state machine and the command line give the same bytes', { timeout: 600_000 }, async () => {
    const week = await cutWeek()
    expect(week.size).toBe(7)
    const folder = await temporaryFolder()
    const here = await openLake(folder)
    for (const [key, bytes] of week) {
      await deployed.store.put(key, bytes)
      await here.store.put(key, bytes)
    }
    await deployed.drain()
    const live = await deployed.outputs('features/airport_week/')
    expect(Object.keys(live)).toHaveLength(7)
    expect(await deployed.deadLetters()).toEqual([])

    await deployed.remove('features/airport_week/')
    const { status, output, cause } = await deployed.backfill({ view: 'airport_week', ...WEEK, maxConcurrency: 2 }, 'week')
    expect({ status, output }, cause).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0, outcomes: { written: 7 } } })
    expect(await deployed.outputs('features/airport_week/')).toEqual(live)

    const args = ['backfill', 'airport_week', '--from', WEEK.from, '--to', WEEK.to]
    expect(await runCli(['--lake', folder, '--features', 'features', '--now', NOW, ...args])).toMatchObject({ code: 0 })
    expect(await outputsOf(here.store, 'features/airport_week/')).toEqual(live)
    await here.close()
  })

  it('starts each function from its bundle, whose import and size are these', () => {
    for (const [verb, { bytes }] of app.code) {
      const imports = functions.imports.get(verb) ?? []
      const [ms] = imports.toSorted((a, b) => a - b)
      const said = ms === undefined ? 'not called' : `imported in ${Math.round(ms)} ms`
      console.log(`${verb}: ${said}, ${(bytes / 2 ** 20).toFixed(1)} MB unzipped`)
      // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
      expect(bytes).toBeLessThan(250 * 2 ** 20)
    }
    expect([...functions.imports.keys()]).toEqual(expect.arrayContaining(['plan', 'register', 'report', 'transform']))
  })
})
