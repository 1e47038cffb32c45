import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, vi } from 'vitest'
import { stubClientSettings } from './client-settings.ts'
import { deployLake } from './deploy.ts'
import { type DeployedFunctions, openFunctions } from './deployed-functions.ts'
import { type Deployed, openDeployed } from './deployed-lake.ts'
import { type Emulator, startEmulator } from './emulator.ts'
import { type FaultyProxy, openFaultyProxy } from './faulty-proxy.ts'
import { type FunctionProcesses, openFunctionProcesses } from './function-processes.ts'
import { type Invocation, type LambdaRunner, openLambdaRunner } from './lambda-runner.ts'

export interface UseDeployedOptions {
  readonly definitions: Readonly<Record<string, string>>
  /** What the functions' clocks say, in milliseconds. */
  readonly now: number
  /** Runs the functions that work on partitions in processes of their own, as many as are called at once. */
  readonly processes?: boolean
}

/** What a test file has of its deployed lake; there from its first test on. */
export interface InUse {
  readonly deployed: Deployed
  readonly emulator: Emulator
  /** The folder of the definitions. */
  readonly definitions: string
  /** Throws instead of what a function would do, or waits before it; back to nothing after each test. */
  fault: (invocation: Invocation) => void | Promise<void>
  /** Milliseconds that a function has left when it asks; back to plenty after each test. */
  timeLeft: (invocation: Invocation) => number
  /** Calls of the transform function by this test. */
  calls: number
  /** What the processes logged. */
  readonly processes: FunctionProcesses | undefined
}

interface Opened {
  deployed?: Deployed
  emulator?: Emulator
  /** The way of the map's tasks: one request at a time, so that they leave the emulator to live as S3 would leave itself to all. */
  proxy?: FaultyProxy
  runner?: LambdaRunner
  here?: DeployedFunctions
  apart?: FunctionProcesses
}

const PLENTY_MS = 900_000
/** Two cores have to do for the functions and for the emulator. */
const TASKS_MAX = 2

/** Deploys these definitions before the tests of a file, and takes all down after them. */
export function useDeployed({ definitions: files, now, processes: apart = false }: UseDeployedOptions): InUse {
  const definitions = mkdtempSync(join(tmpdir(), 'hindcast-definitions-'))
  const opened: Opened = {}
  const use: InUse = {
    get deployed() {
      return there(opened.deployed)
    },
    get emulator() {
      return there(opened.emulator)
    },
    get processes() {
      return opened.apart
    },
    definitions,
    fault: () => undefined,
    timeLeft: () => PLENTY_MS,
    calls: 0,
  }
  const run = async (invocation: Invocation): Promise<unknown> => {
    if (invocation.functionName.includes('Transform')) use.calls++
    await use.fault(invocation)
    // The definitions of a test lie beside no bundle.
    const functions = invocation.functionName.includes('Register') ? opened.here : (opened.apart ?? opened.here)
    return there(functions).run(invocation)
  }

  beforeAll(async () => {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(definitions, file), text)
    opened.here = openFunctions({ definitions, now, timeLeft: (invocation) => use.timeLeft(invocation) })
    if (apart)
      opened.apart = openFunctionProcesses({
        moduleOf: sourceOf,
        now,
        tasksMax: TASKS_MAX,
        taskEndpoint: () => there(opened.proxy).endpoint,
      })
    opened.runner = await openLambdaRunner(run)
    opened.emulator = await startEmulator({ lambda: opened.runner.url })
    opened.proxy = await openFaultyProxy(opened.emulator.endpoint, { atMost: 1 })
    stubClientSettings(opened.emulator.endpoint)
    opened.deployed = await openDeployed(await deployLake(definitions), run)
  }, 900_000)
  beforeEach(() => {
    use.fault = () => undefined
    use.timeLeft = () => PLENTY_MS
    use.calls = 0
  })
  afterAll(async () => {
    opened.proxy?.close()
    opened.emulator?.close()
    opened.runner?.close()
    opened.apart?.close()
    await opened.here?.close()
    vi.unstubAllEnvs()
  })
  return use
}

/** The handler as it is written; `cdk-deploy.test.ts` runs the bundles. */
function sourceOf(verb: string): string {
  return join(import.meta.dirname, '../../functions', `${verb}.ts`)
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the lake is deployed before the first test')
  return value
}
