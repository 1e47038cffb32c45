import { expect, test } from 'vitest'
import type { Status } from '../../lib/pipeline/status.ts'
import { csv, ORDERS_SOURCE, ORDERS_VIEW, openOrders } from './orders.ts'

test('says what stands, what was late and how soon partitions were there', async () => {
  const { run, at } = await openOrders()
  await at('2001-04-06T05:30:00Z', 'live', '--once')
  const { code, out } = await run('status', '--last', '4d', '--json')
  expect(code).toBe(0)
  const { views, sources }: Status = JSON.parse(out)
  expect(views).toMatchObject([
    { view: 'shop_orders', first: '2001-04-02', last: '2001-04-05', states: { fresh: 4 }, leftOut: [], rejected: [] },
  ])
  const hour = 3_600_000
  const { repaired, ...figures } = views[0]?.receipts ?? {}
  // The first sweep lands the objects one after the other: what was there already is computed again.
  expect(new Set(repaired?.map(({ writer, same }) => `${writer} ${same}`))).toEqual(new Set(['live false']))
  expect(figures).toEqual({
    read: 4,
    of: 4,
    strays: 0,
    skipped: 0,
    byRuns: 0,
    availability: { partitions: 4, p50Ms: 25.5 * hour, p95Ms: 73.5 * hour, maxMs: 73.5 * hour, availableAfterMs: hour, later: 4 },
  })
  expect(sources).toMatchObject([
    { source: 'orders', landings: { landed: 6, unlanded: 0, rows: 11, late: 1, lateObjects: 1, refusedInAll: 0 } },
  ])
  const text = await run('status', '--last', '4d')
  expect(text.out).toContain('late: 1 row of 11, in 1 of 6 objects, came after the folder of their time')
  expect(text.out).toContain('half within 1d 1h of their end')
})

test('names what is rejected, refused and blocked, with exit code 3', async () => {
  const { run, write } = await openOrders({ 'lake/orders/dt=2001-04-05/c.csv': csv('2001-04-05T12:00:00,south,5000') })
  await run('live', '--once')
  await write('lake/orders/dt=2001-04-01/d.csv', csv('yesterday,south,1'))
  const before = await run('status', 'shop_orders')
  expect(before.out).toContain('rejected: 2001-04-05: total < 1000: broken by 1 row(s), such as shop=south')
  expect(before.out).toContain('orders: newest data in 2001-04-05, 7 objects landed, 1 object not yet; hindcast live --once lands them')
  await run('live', '--once')
  const { code, out } = await run('status', '--from', '2001-04-02', '--to', '2001-04-05')
  expect(code).toBe(3)
  expect(out).toContain("refused: orders/dt=2001-04-01/d.csv:2: column 'placed': yesterday")
  expect(out).toMatch(/blocked: 2001-04-02: orders\/dt=2001-04-01\/d\.csv could not be landed: .*\n +correct or delete/)
})

test('says where the newest data is when the clock is far ahead, and what is not registered', async () => {
  const { run, at, write } = await openOrders()
  const empty = await run('status')
  expect(empty.err).toContain('nothing is registered in the lake yet')
  await run('live', '--once')
  const later = await at('2026-01-01T00:00:00Z', 'status', '--last', '7d')
  expect(later.out).toContain('nothing stands in this range; the newest partition is 2001-04-05')
  expect(later.err).not.toContain('as registered')
  await write('features/orders.source.yaml', `${ORDERS_SOURCE}gaps: block\nkeep: 30 days\n`)
  await write('features/shop_orders.sql', ORDERS_VIEW.replace('1 hour', '2 hours').replace('< 1000', '< 2000'))
  const { err } = await run('status')
  expect(err).toContain('keep, gaps of orders are not as registered; hindcast register takes over what the folder says')
  expect(err).toContain('expect, available_after of shop_orders are not as registered')
  await write('features/orders.source.yaml', 'nonsense')
  expect((await run('status')).err).toContain('have problems, the registered ones are shown')
  expect(await run('status', 'nothing')).toMatchObject({ code: 2, err: expect.stringContaining('expected one of shop_orders') })
  expect(await run('status', '--from', '2001-04-02')).toMatchObject({ code: 2 })
})
