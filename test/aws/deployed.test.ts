/**
 * The deployed shape, whole: the real templates in emulated AWS, the real definition executed, the real handlers run in this process. Not
 * shown here, since the emulator does not have it: permissions (IAM is not enforced), quotas and the ramp-up of concurrency, the event
 * source mapping's own polling (the test takes the batches), redelivery by time, a map run whose results fill several files, the limit of
 * 256 KiB on states, and whether AWS delivers an event twice or late.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { DeleteMessageCommand, GetQueueAttributesCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'
import { openLake } from '../../lib/lake/open-lake.ts'
import { DataError, TransientError } from '../../lib/model/errors.ts'
import { sha256 } from '../../lib/model/hash.ts'
import type { EndedRun } from '../../lib/pipeline/end-run.ts'
import { forgeOutput } from '../support/forge-receipt.ts'
import { openHouse, openTestEngine } from '../support/house.ts'
import { layTicks, TICKS_FILES, ticksCatalog } from '../support/ticks.ts'
import { type DeployedLake, deployLake } from './deploy.ts'
import { type DeployedFunctions, openFunctions } from './deployed-functions.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'
import { type Invocation, type LambdaRunner, openLambdaRunner } from './lambda-runner.ts'

const NOW = Date.parse('2001-05-01T00:00:00Z')
const missing = missingEmulator()

/** An arrival source, whose objects level 0 lands. */
const MORE_FILES: Readonly<Record<string, string>> = {
  'orders.source.yaml': `description: Orders, as they come.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
folders: arrival
columns: {placed: TIMESTAMP, shop: VARCHAR, amount: DOUBLE}
start: 2001-04-01
`,
  'shop_orders.sql': `/* ---
description: What each shop sold in two days.
entity: shop
grain: day
inputs: {orders: 2 days}
warm_up: compute
--- */
SELECT shop, sum(amount) AS total FROM orders GROUP BY shop
`,
}

/** Days from the first of March on. */
function days(count: number): string[] {
  return Array.from({ length: count }, (_, at) => new Date(Date.parse('2001-03-01') + at * 86_400_000).toISOString().slice(0, 10))
}

describe.skipIf(missing !== undefined)(`deployed, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  let runner: LambdaRunner
  let emulator: Emulator
  let functions: DeployedFunctions
  let deployed: DeployedLake
  let store: ObjectStore
  const engine = openTestEngine()
  /** Throws instead of what the function would do. */
  let fault: (invocation: Invocation) => void = () => undefined
  let calls = 0

  beforeAll(async () => {
    const definitions = mkdtempSync(join(tmpdir(), 'hindcast-definitions-'))
    for (const [file, text] of Object.entries({ ...TICKS_FILES, ...MORE_FILES })) writeFileSync(join(definitions, file), text)
    functions = openFunctions({ definitions, now: NOW })
    runner = await openLambdaRunner(async (invocation) => {
      if (invocation.functionName.includes('Transform')) calls++
      fault(invocation)
      return functions.run(invocation)
    })
    emulator = await startEmulator({ lambda: runner.url })
    const settings = {
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    }
    for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
    deployed = await deployLake(definitions)
    store = (await openLake(`s3://${deployed.bucket}`)).store
  }, 120_000)
  beforeEach(() => {
    fault = () => undefined
    calls = 0
  })
  afterAll(async () => {
    emulator?.close()
    runner?.close()
    await functions?.close()
    await engine.close()
    vi.unstubAllEnvs()
  })

  /** Starts an execution and waits for its end. */
  async function backfill(request: object, name?: string) {
    const client = new SFNClient()
    const { machineArn: stateMachineArn } = deployed
    const input = JSON.stringify(request)
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input, ...(name !== undefined && { name }) }))
    return ended(executionArn ?? '')
  }

  async function ended(executionArn: string) {
    const client = new SFNClient()
    for (;;) {
      const { status, output, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }))
      if (status !== 'RUNNING') return { status, error, cause, output: JSON.parse(output ?? 'null') as EndedRun }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async function layInBucket(names: readonly string[]): Promise<void> {
    for (const day of names) await store.put(tickKey(day), Buffer.from(`at,id\n${day} 01:00:00,a\n${day} 02:00:00,b\n`))
  }

  const tickKey = (day: string) => `ticks/dt=${day}/ticks.csv`

  /** Takes batches as the mapping would: what is not named as failed is deleted, the rest comes again. */
  async function drain(): Promise<Message[]> {
    const client = new SQSClient({ useQueueUrlAsEndpoint: false })
    const { queueUrl: QueueUrl } = deployed
    const failed: Message[] = []
    for (;;) {
      const { Messages: messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
      if (messages.length === 0) return failed
      const Records = messages.map(({ MessageId: messageId, Body: body }) => ({ messageId, body }))
      const environment = { HINDCAST_LAKE: `s3://${deployed.bucket}`, HINDCAST_QUEUE_URL: QueueUrl }
      const answer = await functions.run({ functionName: 'LakeTransform', environment, event: { Records } })
      const { batchItemFailures } = answer as { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }
      const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
      for (const message of messages) {
        if (again.has(message.MessageId ?? '')) failed.push(message)
        else await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
      }
    }
  }

  async function outputs(from: ObjectStore = store): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const { key } of await listAll(from, { prefix: 'features/' }))
      if (key.endsWith('.parquet')) found[key] = sha256((await from.get(key))?.bytes ?? new Uint8Array())
    return found
  }

  const keys = async (prefix: string) => (await listAll(store, { prefix })).map(({ key }) => key)

  it('registers the definitions as it is deployed', async () => {
    expect(await keys('registry/')).toEqual(expect.arrayContaining(['registry/busy.json', 'registry/busier.json', 'registry/engine.json']))
    expect(await keys('registry/published')).toEqual([])
  })

  it('computes what arrives: object, event, queue, function, Parquet', async () => {
    await store.put(tickKey('2001-04-29'), Buffer.from('at,id\n2001-04-29 01:00:00,a\n'))
    await store.put('elsewhere/ticks.csv', Buffer.from('no event of ours'))
    const client = new SQSClient({ useQueueUrlAsEndpoint: false })
    const AttributeNames = ['ApproximateNumberOfMessages' as const]
    const count = async () => (await client.send(new GetQueueAttributesCommand({ QueueUrl: deployed.queueUrl, AttributeNames }))).Attributes
    expect(await count()).toMatchObject({ ApproximateNumberOfMessages: '1' })
    await store.put(tickKey('2001-04-30'), Buffer.from('at,id\n2001-04-30 01:00:00,a\n'))
    expect(await drain()).toEqual([])
    // Three days of ticks are needed, and two are there.
    expect(Object.keys(await outputs())).toEqual([])
    await store.put(tickKey('2001-04-28'), Buffer.from('at,id\n2001-04-28 01:00:00,a\n'))
    expect(await drain()).toEqual([])
    expect(Object.keys(await outputs())).toContainEqual(expect.stringMatching(/^features\/busy\/.*dt=2001-04-30\/features.parquet$/))
  })

  it('lets a broken object fail alone', async () => {
    await store.put(orderKey('2001-04-28'), Buffer.from('placed,shop,amount\n2001-04-28T10:00:00,north,10\n'))
    await store.put(orderKey('2001-04-29'), Buffer.from('placed,shop,amount\nnever,north,much\n'))
    const failed = await drain()
    expect(failed.map(({ Body: body = '' }) => JSON.parse(body).detail.object.key)).toEqual([orderKey('2001-04-29')])
    expect(await keys('landed/orders/dt=')).toHaveLength(1)
    await store.delete(orderKey('2001-04-29'))
    for (const prefix of ['orders/', 'landed/', 'features/shop_orders/']) for (const key of await keys(prefix)) await store.delete(key)
  })

  it('computes history through the definition, with the bytes of the command line', { timeout: 300_000 }, async () => {
    const names = days(61)
    await layInBucket(names)
    const request = { views: ['busy', 'busier'], from: '2001-03-01', to: '2001-04-30', maxConcurrency: 20, toleratedFailures: 0 }
    const began = performance.now()
    const { status, output } = await backfill(request, 'history')
    console.log(`${Object.keys(await outputs()).length} partitions in ${Math.round(performance.now() - began)} ms, ${calls} calls`)
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { run: 'history', failed: 0, aborted: false } })
    expect(output.outcomes.written).toBeGreaterThanOrEqual(100)
    expect(await keys('runs/active/')).toEqual([])

    const catalog = await ticksCatalog(engine)
    const house = await openHouse(catalog, engine)
    house.now = NOW
    await layTicks(house, names)
    await house.backfill({ from: '2001-03-01', to: '2001-04-30' })
    expect(await outputs()).toEqual(await outputs(house.store))

    const again = await backfill(request)
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: { outcomes: {}, failed: 0 } })
  })

  const orderKey = (day: string) => `orders/dt=${day}/a.csv`

  it('lands what is not landed before it computes, and names the object that it cannot read', { timeout: 120_000 }, async () => {
    for (const day of ['2001-04-10', '2001-04-11', '2001-04-12'])
      await store.put(orderKey(day), Buffer.from(`placed,shop,amount\n${day}T10:00:00,north,10\n`))
    await store.put(orderKey('2001-04-13'), Buffer.from('placed,shop,amount\nyesterday,north,much\n'))
    const request = { view: 'shop_orders', from: '2001-04-10', to: '2001-04-12', toleratedFailures: 30 }
    const { status, output } = await backfill(request, 'landing')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { landed: 3, failed: 1 } })
    expect(output.failures[0]).toMatch(/^DataError: .*orders\/dt=2001-04-13\/a.csv/)
    expect(await keys('runs/landing/tasks/')).toEqual(['runs/landing/tasks/0.json', 'runs/landing/tasks/1.json'])
    expect(await keys('landed/orders/dt=')).toHaveLength(3)
  })

  it('answers a dry run with its price, and refuses what is too dear or wrong, in words', async () => {
    const request = { view: 'busy', from: '2001-03-01', to: '2001-03-31', reprocess: 'all' }
    const before = await keys('runs/')
    const dry = await backfill({ ...request, dryRun: true })
    expect(dry).toMatchObject({ status: 'SUCCEEDED', output: { dryRun: true, partitions: 31, highUsd: expect.any(Number) } })
    const dear = await backfill({ ...request, maxCost: 0.000001 })
    expect(dear).toMatchObject({ status: 'FAILED', error: 'InvalidInputError', cause: expect.stringContaining('allowed is 0.000001') })
    const wrong = await backfill({ ...request, view: 'bussy' })
    expect(wrong.cause).toContain("there is no view 'bussy'; expected one of busier, busy, shop_orders")
    expect((await backfill({ last: '30d', form: 1 })).cause).toContain('Unrecognized key')
    expect(await keys('runs/')).toEqual(before)
    expect(calls).toBe(0)
  })

  const APRIL = { views: ['busy', 'busier'], from: '2001-04-01', to: '2001-04-30', toleratedFailures: 0 }
  const published = async () => JSON.parse(Buffer.from((await store.get('registry/published.json'))?.bytes ?? '{}').toString()).views

  it('publishes nothing that was not verified, and says so by a name of its own; the run stands', { timeout: 120_000 }, async () => {
    const failed = await backfill({ ...APRIL, publish: true }, 'unverified')
    expect(failed).toMatchObject({ status: 'FAILED', error: 'NotVerified' })
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({
      ...{ run: 'unverified', aborted: false, failed: 0, gate: { verdict: 'not_verified' } },
      publish: { kind: 'not_verified', reason: expect.stringContaining('nothing was compared') },
    })
    expect(await published()).toBeUndefined()
    expect(await keys('runs/unverified/')).toEqual(expect.arrayContaining(['runs/unverified/publish.json', 'runs/unverified/report.json']))
  })

  it('verifies what live wrote and publishes all views of the run with one put', { timeout: 120_000 }, async () => {
    for (const key of await keys('features/bus')) if (/dt=2001-04-(28|29|30)/.test(key)) await store.delete(key)
    for (const day of ['2001-04-28', '2001-04-29', '2001-04-30']) await layInBucket([day])
    expect(await drain()).toEqual([])
    const { status, output } = await backfill({ ...APRIL, publish: true }, 'publishing')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { publish: { kind: 'published' } } })
    expect(output.gate).toMatchObject({ verdict: 'verified', different: [] })
    expect(output.gate?.compared).toBeGreaterThanOrEqual(4)
    expect(Object.keys(await published()).sort()).toEqual(['busier', 'busy'])
  })

  it('stops before it computes where a backfill gives other bytes than live wrote', { timeout: 120_000 }, async () => {
    const [folder = ''] = (await keys('features/busy/')).map((key) => key.slice(0, key.indexOf('dt=')))
    const before = await store.get(`${folder}dt=2001-04-29/features.parquet`)
    await forgeOutput(store, `${folder}dt=2001-04-20/`, `${folder}dt=2001-04-29/`)
    for (const key of await keys(`${folder}dt=2001-04-10/`)) await store.delete(key)
    const failed = await backfill(APRIL, 'differing')
    expect(failed).toMatchObject({ status: 'FAILED', error: 'LiveDiffers' })
    const gate = { verdict: 'different', different: ['busy 2001-04-29'] }
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({ aborted: false, outcomes: {}, gate })
    expect(calls).toBe(0)
    expect(await keys(`${folder}dt=2001-04-10/`)).toEqual([])
    expect(await keys('runs/active/')).toEqual([])
    await store.put(`${folder}dt=2001-04-29/features.parquet`, before?.bytes ?? new Uint8Array())
    expect(await backfill({ ...APRIL, unverified: true })).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect(await keys(`${folder}dt=2001-04-10/`)).toHaveLength(2)
  })

  /** Tasks of a run whose transform calls meet this fault. */
  function failTasks(error: (index: number, tries: number) => Error | undefined) {
    const tries = new Map<number, number>()
    fault = ({ event }) => {
      const { index } = (event as { readonly place?: { readonly index: number } }).place ?? { index: -1 }
      tries.set(index, (tries.get(index) ?? 0) + 1)
      const met = index < 0 ? undefined : error(index, tries.get(index) ?? 0)
      if (met) throw met
    }
    return tries
  }

  const MARCH = { view: 'busy', from: '2001-03-01', to: '2001-03-31', reprocess: 'all', maxConcurrency: 10 }

  it('tries again what may pass, and what was cut off', { timeout: 120_000 }, async () => {
    const cut = Object.assign(new Error('Task timed out after 900.00 seconds'), { name: 'Sandbox.Timedout' })
    const tries = failTasks((index, count) => {
      if (index === 1 && count <= 2) return new TransientError('the network')
      return index === 2 && count === 1 ? cut : undefined
    })
    expect(await backfill({ ...MARCH, toleratedFailures: 0 })).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect([tries.get(0), tries.get(1), tries.get(2)]).toEqual([1, 3, 2])
  })

  it('tolerates failures up to the request’s share, and names them', { timeout: 120_000 }, async () => {
    const tries = failTasks((index) => (index === 3 ? new DataError('bad bytes') : undefined))
    const { status, output } = await backfill({ ...MARCH, toleratedFailures: 20 }, 'tolerated')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { failed: 1, failures: ['DataError: bad bytes'] } })
    expect(tries.get(3)).toBe(1)
    expect(await keys('runs/tolerated/')).toContain('runs/tolerated/report.json')
  })

  it('fails beyond it with a report that names them; the same request does only the rest', { timeout: 120_000 }, async () => {
    for (const key of await keys('features/busy/')) if (key.includes('dt=2001-03-1')) await store.delete(key)
    const request = { ...MARCH, reprocess: 'stale', toleratedFailures: 5 }
    failTasks((index) => (index === 1 ? new DataError('bad bytes') : undefined))
    const failed = await backfill(request, 'failed')
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' })
    expect(JSON.parse(failed.cause ?? '')).toMatchObject({ run: 'failed', aborted: true, failed: 1, failures: ['DataError: bad bytes'] })
    expect(await keys('runs/active/')).toEqual([])

    fault = () => undefined
    const rest = await backfill(request)
    expect(rest).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect(rest.output.outcomes.written).toBeLessThan(10)
    expect((await keys('features/busy/')).filter((key) => key.endsWith('.parquet') && key.includes('dt=2001-03'))).toHaveLength(31)
  })

  it('a stopped run keeps what it did, and the next one does the rest', { timeout: 120_000 }, async () => {
    for (const key of await keys('features/busy/')) if (key.includes('dt=2001-03-2')) await store.delete(key)
    const client = new SFNClient()
    const input = JSON.stringify({ ...MARCH, reprocess: 'stale', maxConcurrency: 5 })
    const { machineArn: stateMachineArn } = deployed
    let release: (value: unknown) => void = () => undefined
    const begun = new Promise((resolve) => {
      release = resolve
    })
    fault = ({ functionName }) => (functionName.includes('Transform') ? release(undefined) : undefined)
    const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn, input, name: 'stopped' }))
    await begun
    await client.send(new StopExecutionCommand({ executionArn }))
    expect(await ended(executionArn)).toMatchObject({ status: 'ABORTED' })
    const rest = await backfill(JSON.parse(input))
    expect(rest).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    expect((await keys('features/busy/')).filter((key) => key.endsWith('.parquet') && key.includes('dt=2001-03'))).toHaveLength(31)
  })
})
