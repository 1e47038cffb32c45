/**
 * Live, deployed: what is put raises events, the events become messages, the handler gets them in batches. Not shown here: that AWS delivers
 * an event late, twice or out of order (the test does so itself), the event source mapping's own polling and back-off, redelivery by time (the
 * test makes what failed visible at once), and the queue's policy.
 */
import { describe, expect, it } from 'vitest'
import { catalogOf, openHouse, openTestEngine } from '../support/house.ts'
import { outputsOf } from './deployed-lake.ts'
import { missingEmulator } from './emulator.ts'
import { BAD_ORDER, DEFINITIONS, days, NOW, order, orderKey, tickKey, ticks } from './orders.ts'
import { useDeployed } from './use-deployed.ts'

const missing = missingEmulator()
const APRIL = days('2001-04-20', 11)

describe.skipIf(missing !== undefined)(`live, deployed and emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: DEFINITIONS, now: NOW })

  it('computes what arrives: object, event, queue, function, Parquet', async () => {
    const { deployed } = use
    await deployed.store.put(tickKey('2001-04-29'), ticks('2001-04-29'))
    await deployed.store.put('elsewhere/ticks.csv', Buffer.from('no event of ours'))
    expect(await deployed.waiting()).toBe(1)
    await deployed.store.put(tickKey('2001-04-30'), ticks('2001-04-30'))
    await deployed.drain()
    // Three days of ticks are needed, and two are there.
    expect(Object.keys(await deployed.outputs())).toEqual([])
    await deployed.store.put(tickKey('2001-04-28'), ticks('2001-04-28'))
    await deployed.drain()
    expect(Object.keys(await deployed.outputs())).toContainEqual(
      expect.stringMatching(/^features\/busy\/.*dt=2001-04-30\/features.parquet$/),
    )
    // The event that completed its inputs is the one that the receipt names.
    const receipt = (await deployed.keys('features/busy/')).find((key) => key.includes('dt=2001-04-30/_receipt.')) ?? ''
    const { writer, cause } = JSON.parse(Buffer.from((await deployed.store.get(receipt))?.bytes ?? []).toString())
    expect({ writer, cause }).toEqual({
      writer: 'live',
      cause: { kind: 'object', key: tickKey('2001-04-28'), sequencer: expect.stringMatching(/^[0-9a-f]+$/) },
    })
  })

  it('keys are taken as they are, whatever is in them', async () => {
    const { deployed } = use
    const key = 'ticks/dt=2001-04-27/a b+c%20d é&=.csv'
    await deployed.store.put(key, ticks('2001-04-27'))
    for (const day of days('2001-04-25', 2)) await deployed.store.put(tickKey(day), ticks(day))
    const events = await deployed.receive()
    expect(events.map(({ Body: body = '' }) => JSON.parse(body).detail.object.key)).toContain(key)
    expect(await deployed.handle(events)).toEqual([])
    const written = await deployed.keys('features/busy/')
    expect(written.filter((one) => one.includes('dt=2001-04-27/'))).toHaveLength(2)
  })

  it('a poisoned object ends in the dead letters while its neighbours pass', async () => {
    const { deployed } = use
    for (const day of days('2001-04-26', 5)) await deployed.store.put(orderKey(day), order(day))
    await deployed.store.put(orderKey('2001-04-28', 'b'), BAD_ORDER)
    await deployed.send([{ nobody: 'knows' }])
    await deployed.drain()
    const dead = (await deployed.deadLetters()).map((body) => JSON.parse(body))
    expect(dead).toHaveLength(2)
    expect(dead).toContainEqual({ nobody: 'knows' })
    expect(dead.map(({ detail }) => detail?.object.key)).toContain(orderKey('2001-04-28', 'b'))
    expect(await deployed.keys('landed/orders/dt=')).toHaveLength(5)
    expect(Object.keys(await deployed.outputs('features/shop_orders/'))).toHaveLength(5)

    await deployed.store.put(orderKey('2001-04-28', 'b'), order('2001-04-28'))
    await deployed.drain()
    expect(await deployed.deadLetters()).toEqual([])
    expect(await deployed.keys('landed/orders/dt=')).toHaveLength(6)
  })

  it('a storm of events, each three times and in no order, leaves the bytes of one quiet pass', async () => {
    const { deployed } = use
    await deployed.remove('features/', 'landed/', 'ticks/', 'orders/')
    for (const day of APRIL) {
      await deployed.store.put(tickKey(day), ticks(day))
      await deployed.store.put(orderKey(day), order(day))
    }
    const events = []
    for (let batch = await deployed.receive(); batch.length > 0; batch = await deployed.receive()) events.push(...batch)
    expect(events).toHaveLength(2 * APRIL.length)
    // Always the same disorder: by a digest of the day.
    const bodies = events.flatMap(({ Body = '' }, at) => [0, 1, 2].map((copy) => ({ Body, place: (at * 31 + copy * 17) % 23 })))
    const storm = bodies.toSorted((a, b) => a.place - b.place).map(({ Body }) => JSON.parse(Body))
    await deployed.send(storm)
    const drains = [deployed.drain(), deployed.drain()]
    await Promise.all(drains)
    await deployed.drain()
    await deployed.call('LakeSweep', {})
    await deployed.drain()

    const engine = openTestEngine()
    const files = Object.entries(DEFINITIONS).map(([file, text]) => ({ file, text }))
    const house = await openHouse(await catalogOf(files, engine), engine)
    house.now = NOW
    for (const day of APRIL) {
      await house.put(tickKey(day), ticks(day))
      await house.put(orderKey(day), order(day))
    }
    await house.sweep()
    const quiet = await outputsOf(house.store)
    expect(Object.keys(quiet).length).toBeGreaterThan(20)
    expect(await deployed.outputs()).toEqual(quiet)
    await engine.close()
    // One receipt certifies each output.
    const receipts = (await deployed.keys('features/')).filter((key) => key.includes('/_receipt.'))
    expect(receipts).toHaveLength(Object.keys(quiet).length)
  })

  it('a live write that races a backfill of the same partitions ends with one output of the same bytes', async () => {
    const { deployed } = use
    const before = await deployed.outputs('features/busy/')
    await deployed.remove('features/busy/')
    const [first = '', last = ''] = [APRIL[2], APRIL.at(-1)]
    // Both doors have begun before either goes on.
    const [map, queue] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    use.fault = async ({ functionName, event }) => {
      if (!functionName.includes('Transform')) return
      const door = (event as { readonly Records?: unknown }).Records ? queue : map
      door.resolve()
      await Promise.all([map.promise, queue.promise])
    }
    for (const day of APRIL) await deployed.store.put(tickKey(day), ticks(day))
    const [run] = await Promise.all([deployed.backfill({ view: 'busy', from: first, to: last, maxConcurrency: 1 }), deployed.drain()])
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0 } })
    await deployed.drain()
    expect(await deployed.outputs('features/busy/')).toEqual(before)
    const receipts = (await deployed.keys('features/busy/')).filter((key) => key.includes('/_receipt.'))
    expect(receipts).toHaveLength(Object.keys(before).length)
    expect(await deployed.deadLetters()).toEqual([])
  })
})
