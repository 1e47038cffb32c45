/**
 * Deploy, change, go back: the custom resource's function is called as CloudFormation calls it, the history is computed by the state
 * machine. Not shown here: that an update of the stack calls it, which the emulator leaves out of a template.
 */
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Registered } from '../../lib/lake/registry.ts'
import type { Quote } from '../../lib/model/price.ts'
import type { KeptVersion } from '../../lib/pipeline/versions.ts'
import { runCli } from '../e2e/run-cli.ts'
import { TICKS_FILES } from '../support/ticks.ts'
import { missingEmulator } from './emulator.ts'
import { days, tickKey, ticks } from './orders.ts'
import { useDeployed } from './use-deployed.ts'

/** When the month that is laid has just ended. */
const NOW = Date.parse('2001-04-01T00:00:00Z')
const missing = missingEmulator()
const ALL = { views: ['busy', 'busier'], from: '2001-03-01', to: '2001-03-31', toleratedFailures: 0 }
const AT = ['--stack', 'Hindcast', '--now', new Date(NOW).toISOString()]
const CHANGED = (TICKS_FILES['busy.sql'] ?? '').replace('count(*) AS n', 'count(*) + 1 AS n')

describe.skipIf(missing !== undefined)(`definitions that go back, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: TICKS_FILES, now: NOW })
  const answers: string[] = []
  let server: Server
  beforeAll(() => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      answers.push((JSON.parse(Buffer.concat(chunks).toString()) as { readonly Status: string }).Status)
      response.end()
    })
    return new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => server.close())

  /** What the deploy changed. */
  async function deploy(busy: string): Promise<Record<string, Registered['change']>> {
    writeFileSync(join(use.definitions, 'busy.sql'), busy)
    const ResponseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`
    const ResourceProperties = { liveConcurrency: '10', backfillConcurrency: '50' }
    const event = { RequestType: 'Update', ResponseURL, StackId: 's', RequestId: 'r', LogicalResourceId: 'l', ResourceProperties }
    const registered = (await use.deployed.call('LakeRegister', event)) as readonly Registered[]
    expect(answers.at(-1)).toBe('SUCCESS')
    return Object.fromEntries(registered.map(({ view, change }) => [view, change]))
  }

  async function json<T>(...args: readonly string[]): Promise<T> {
    const { code, out, err } = await runCli([...AT, '--features', use.definitions, ...args, '--json'])
    expect(code, err).toBe(0)
    return JSON.parse(out) as T
  }

  /** The versions that there are, with how many of their partitions stand, by view. */
  async function standing(): Promise<Record<string, Record<string, number>>> {
    const found: Record<string, Record<string, number>> = {}
    for (const { view, version, coverage } of await json<readonly KeptVersion[]>('versions'))
      found[view] = { ...found[view], [version]: coverage.partitions }
    return found
  }

  it('deploy, change, go back: no new version, the old one complete, nothing to compute, nothing to pay', async () => {
    const { deployed } = use
    for (const day of days('2001-03-01', 31)) await deployed.store.put(tickKey(day), ticks(day))
    await deployed.purge()
    // The stack's own deploy registered them.
    expect(await deploy(TICKS_FILES['busy.sql'] ?? '')).toEqual({ busier: 'none', busy: 'none' })
    const first = await deployed.backfill({ ...ALL, publish: true, unverified: true }, 'first')
    expect(first, first.cause).toMatchObject({ status: 'SUCCEEDED', output: { outcomes: { written: 62 }, publish: { kind: 'published' } } })
    const [before, outputs] = [await standing(), await deployed.outputs()]
    expect(Object.values(before).map((versions) => Object.values(versions))).toEqual([[31], [31]])

    expect(await deploy(CHANGED)).toEqual({ busier: 'candidate', busy: 'candidate' })
    // Live computes both versions of what arrives meanwhile.
    await deployed.store.put(tickKey('2001-03-31'), Buffer.from('at,id\n2001-03-31 03:00:00,c\n'))
    await deployed.drain()
    await deployed.call('LakeSweep', {})
    await deployed.drain()
    const between = await standing()
    expect(Object.values(between).map((versions) => Object.keys(versions).length)).toEqual([2, 2])

    expect(await deploy(TICKS_FILES['busy.sql'] ?? '')).toEqual({ busier: 'candidate', busy: 'candidate' })
    expect(await standing()).toEqual(between)
    expect(between).toMatchObject(before)
    const plan = await json<{ readonly partitions: number; readonly maybe: number; readonly quote: Quote }>(
      ...['plan', 'busy', 'busier', '--from', '2001-03-01', '--to', '2001-03-31'],
    )
    expect(plan).toMatchObject({ partitions: 0, maybe: 0, quote: { lowUsd: 0 } })
    // Comparing what live wrote is all that a run would take.
    expect(plan.quote.lines.filter(({ high }) => high > 0).map(({ line }) => line)).toEqual([
      'lambda verification',
      's3 get',
      's3 put and list',
      's3 read',
    ])
    const dry = await deployed.backfill({ ...ALL, dryRun: true, unverified: true })
    expect(dry.output).toMatchObject({ partitions: 0, maybe: 0, landings: 0, highUsd: 0, levels: [] })
    use.calls = 0
    expect(await deployed.backfill(ALL)).toMatchObject({ status: 'SUCCEEDED', output: { outcomes: {}, failed: 0 } })
    expect(use.calls).toBe(0)
    // All that stood before stands as it was, but for what arrived.
    const now = await deployed.outputs()
    const changed = Object.keys(outputs).filter((key) => now[key] !== outputs[key])
    expect(changed.every((key) => key.includes('dt=2001-03-31/'))).toBe(true)
  })
})
