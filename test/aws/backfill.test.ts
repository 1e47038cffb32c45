/**
 * A deployed backfill: the real definition is executed by emulated Step Functions, the real handlers run in this process. Not shown here,
 * since the emulator does not have it: permissions, quotas and the ramp-up of concurrency, a map run whose results fill several files, the
 * limits of 256 KiB on states and of 25,000 events on histories, and the event of an execution that was stopped.
 */
import { describe, expect, it } from 'vitest'
import { openHouse, openTestEngine } from '../support/house.ts'
import { layTicks, ticksCatalog } from '../support/ticks.ts'
import { outputsOf } from './deployed-lake.ts'
import { missingEmulator } from './emulator.ts'
import { BAD_ORDER, DEFINITIONS, days, NOW, order, orderKey, tickKey, ticks } from './orders.ts'
import { useDeployed } from './use-deployed.ts'

const missing = missingEmulator()
const MARCH = days('2001-03-01', 31)
const REQUEST = { view: 'busy', from: '2001-03-01', to: '2001-03-31', maxConcurrency: 10 }

describe.skipIf(missing !== undefined)(`a deployed backfill, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: DEFINITIONS, now: NOW })

  it('finds the definitions registered by the deploy, as candidates', async () => {
    const registry = await use.deployed.keys('registry/')
    expect(registry).toEqual(expect.arrayContaining(['registry/busy.json', 'registry/busier.json', 'registry/engine.json']))
    expect(await use.deployed.keys('registry/published')).toEqual([])
  })

  it('computes history through the definition, with the bytes of the command line', async () => {
    const { deployed } = use
    for (const day of MARCH) await deployed.store.put(tickKey(day), ticks(day))
    const request = { ...REQUEST, view: undefined, views: ['busy', 'busier'], toleratedFailures: 0 }
    const { status, output } = await deployed.backfill(request, 'history')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { run: 'history', failed: 0, aborted: false } })
    expect(output.outcomes.written).toBe(62)
    expect(await deployed.keys('runs/active/')).toEqual([])

    const engine = openTestEngine()
    const house = await openHouse(await ticksCatalog(engine), engine)
    house.now = NOW
    await layTicks(house, MARCH)
    await house.backfill({ from: '2001-03-01', to: '2001-03-31' })
    expect(await deployed.outputs()).toEqual(await outputsOf(house.store))
    await engine.close()

    const again = await deployed.backfill(request)
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: { outcomes: {}, failed: 0 } })
  })

  it('lands what is not landed before it computes, and names the object that it cannot read', async () => {
    const { deployed } = use
    for (const day of days('2001-04-10', 3)) await deployed.store.put(orderKey(day), order(day))
    await deployed.store.put(orderKey('2001-04-13'), BAD_ORDER)
    const request = { view: 'shop_orders', from: '2001-04-10', to: '2001-04-12', toleratedFailures: 30 }
    const { status, output } = await deployed.backfill(request, 'landing')
    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { landed: 3, failed: 1 } })
    expect(output.failures[0]).toMatch(/^DataError: .*orders\/dt=2001-04-13\/a.csv/)
    expect(await deployed.keys('runs/landing/tasks/')).toEqual(['runs/landing/tasks/0.json', 'runs/landing/tasks/1.json'])
    expect(await deployed.keys('landed/orders/dt=')).toHaveLength(3)
  })

  it('answers a dry run with its price, and refuses what is too dear or wrong, in words and before anything runs', async () => {
    const { deployed } = use
    const request = { ...REQUEST, reprocess: 'all' }
    const before = await deployed.keys('')
    const dry = await deployed.backfill({ ...request, dryRun: true })
    expect(dry).toMatchObject({ status: 'SUCCEEDED', output: { dryRun: true, partitions: 31, highUsd: expect.any(Number) } })
    const dear = await deployed.backfill({ ...request, maxCost: 0.000001 })
    expect(dear).toMatchObject({ status: 'FAILED', error: 'InvalidInputError', cause: expect.stringContaining('allowed is 0.000001') })
    const wrong = await deployed.backfill({ ...request, view: 'bussy' })
    expect(wrong.cause).toContain("there is no view 'bussy'; expected one of busier, busy, shop_orders")
    expect((await deployed.backfill({ last: '30d', form: 1 })).cause).toContain('Unrecognized key')
    expect(await deployed.keys('')).toEqual(before)
    expect(use.calls).toBe(0)
  })

  it('keeps what it did when it is stopped, and the next run computes only what is missing', async () => {
    const { deployed } = use
    const outputs = await deployed.outputs('features/busy/')
    await deployed.remove('features/busy/')
    // Two of three tasks are done when somebody stops the run; the third was called and did nothing yet.
    let executionArn = ''
    use.fault = async ({ event }) => {
      const { index } = (event as { readonly place?: { readonly index: number } }).place ?? { index: -1 }
      if (index !== 2) return
      while ((await deployed.keys('runs/stopped/results/')).length < 2) await new Promise((resolve) => setTimeout(resolve, 50))
      await deployed.stop(executionArn)
      throw new Error('stopped')
    }
    executionArn = await deployed.start({ ...REQUEST, maxConcurrency: 3 }, 'stopped')
    expect(await deployed.ended(executionArn)).toMatchObject({ status: 'ABORTED' })
    // What EventBridge sends to the report function for the rule of the stack.
    expect(await deployed.keys('runs/active/')).toEqual(['runs/active/stopped.json'])
    await deployed.call('LakeReport', { 'detail-type': 'Step Functions Execution Status Change', detail: { name: 'stopped' } })
    expect(await deployed.keys('runs/active/')).toEqual([])
    expect(await deployed.keys('runs/stopped/')).toContain('runs/stopped/report.json')

    const left = 31 - Object.keys(await deployed.outputs('features/busy/')).length
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(31)
    use.fault = () => undefined
    const rest = await deployed.backfill({ ...REQUEST })
    expect(rest).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0, outcomes: { written: left } } })
    expect(await deployed.outputs('features/busy/')).toEqual(outputs)
  })
})
