import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Explanation } from '../../lib/pipeline/explain.ts'
import { csv, openOrders } from './orders.ts'
import { openSample } from './sample.ts'

test('tells the receipt in words, and then what changed since', async () => {
  const { root, run, write } = await openSample()
  expect((await run('explain', 'customer_week', '2026-03-30')).out).toContain('state missing: its inputs are there')
  await run('live', '--once')
  const fresh = await run('explain', 'customer_week', '2026-03-30')
  expect(fresh.code).toBe(0)
  expect(fresh.out).toContain('state fresh: it is what its inputs give now')
  expect(fresh.out).toContain(
    'written by live at 2026-03-31T09:30:00.000Z (9h 30m after its end)\n    because the sweep of 2026-03-31T09:30:00.000Z found it missing or stale',
  )
  expect(fresh.out).toContain('7 folders 2026-03-24..2026-03-30, 7 objects')
  const upstream = await run('explain', 'country_active', '2026-03-30')
  expect(upstream.out).toMatch(/customer_week is read at version [0-9a-f]{12}: 2026-03-30\n/)
  await write('lake/payments/dt=2026-03-29/more.jsonl', '{"id":"x","paid_at":"2026-03-29T01:00:00Z","customer":"c01","country":"DE"}\n')
  const stale = await run('explain', 'customer_week', '2026-03-30')
  expect(stale.out).toContain('state stale: its inputs changed since it was computed')
  expect(stale.out).toContain('folder 2026-03-29 of payments changed\n      new payments/dt=2026-03-29/more.jsonl')
  await rm(join(root, 'lake/payments/dt=2026-03-29/more.jsonl'))
  await rm(join(root, 'lake/payments/dt=2026-03-25/payments.jsonl'))
  const { changes, state }: Explanation = JSON.parse((await run('explain', 'customer_week', '2026-03-30', '--json')).out)
  expect(state.kind).toBe('shrunk')
  expect(changes).toEqual([
    {
      input: 'payments',
      folder: '2026-03-25',
      change: 'changed',
      objects: [{ key: 'payments/dt=2026-03-25/payments.jsonl', change: 'gone' }],
    },
  ])
})

test('tells why a partition was rejected', async () => {
  const { run } = await openOrders({ 'lake/orders/dt=2001-04-05/c.csv': csv('2001-04-05T12:00:00,south,5000') })
  await run('live', '--once')
  const { out } = await run('explain', 'shop_orders', '2001-04-05')
  expect(out).toContain('state rejected: it is tried again when its inputs or rules change')
  expect(out).toContain('rejected at 2001-04-06T12:00:00.000Z by live\n    total < 1000: broken by 1 row(s)')
})

test.each([
  [['nothing', '2001-04-05'], "there is no view 'nothing'; expected one of shop_orders"],
  [['shop_orders', '2001-04'], "'2001-04' is not a day partition"],
  [['shop_orders', '2001-04-06'], 'partition 2001-04-06 of shop_orders has not ended; expected 2001-04-05 or earlier'],
])('refuses %s', async (args, message) => {
  const { run } = await openOrders()
  expect(await run('explain', ...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) })
})
