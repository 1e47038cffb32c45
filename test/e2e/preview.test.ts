import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Preview } from '../../lib/pipeline/preview.ts'
import { csv, openOrders } from './orders.ts'
import { openSample } from './sample.ts'

async function everything(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true })
  return Promise.all(names.sort().map(async (name) => `${name} ${(await stat(join(root, name))).mtimeMs}`))
}

test('computes what a view reads in scratch and writes nothing', async () => {
  const { root, run } = await openSample()
  const before = await everything(root)
  const { code, out } = await run('preview', 'country_active', '--json')
  expect(await everything(root)).toEqual(before)
  const preview: Preview = JSON.parse(out)
  expect(code).toBe(0)
  expect(preview.scratch).toEqual({ landed: [], computed: [{ view: 'customer_week', partitions: 1 }], problems: [] })
  expect(preview.partitions).toMatchObject([{ partition: '2026-03-30', state: 'computed', rows: 2, inputs: [{ folders: 1, objects: 1 }] }])
  expect(preview.output).toMatchObject({
    rows: 2,
    matching: 2,
    columns: [{ name: 'country', nulls: 0, distinct: 2, min: 'DE', max: 'FR' }, {}, {}, {}],
  })
  expect(preview.output?.shown[0]).toMatchObject({ country: 'DE', customers_7d: expect.any(Number), customers_1d: expect.any(Number) })
})

test('gives the bytes that a run writes', async () => {
  const { run } = await openSample()
  const before: Preview = JSON.parse((await run('preview', 'country_active', '--json')).out)
  await run('live', '--once')
  const explained = JSON.parse((await run('explain', 'country_active', '2026-03-30', '--json')).out)
  expect(explained.receipt.sha256).toBe(before.partitions[0]?.sha256)
  const after: Preview = JSON.parse((await run('preview', 'country_active', '--json')).out)
  expect(after.scratch.computed).toEqual([])
})

test('shows the rows that are asked for', async () => {
  const { run } = await openSample()
  const { out } = await run('preview', 'customer_week', '--last', '5d', '--where', "country = 'FR'", '--rows', '3')
  expect(out).toMatch(/shows 3 of \d+ rows where country = 'FR', of 200/)
  expect(out).toMatch(/2026-03-26 +computed +420 +40/)
  expect(out).toContain('[2026-03-24 00:00, 2026-03-31 00:00) UTC: 7 folders 2026-03-24..2026-03-30, 7 objects')
})

test.each([
  ['1 = 1) OR (true', 'does not parse'],
  ['count(*) > 1', 'aggregates'],
  ['colour = 1', 'colour does not exist'],
  ["country = 'FR' -- only", 'is not one expression'],
  ["customer IN (SELECT 'a')", 'sub-query'],
  ['random() > 0.5', 'random'],
])('refuses the condition %s', async (where, message) => {
  const { run } = await openSample()
  expect(await run('preview', 'customer_week', '--where', where)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) })
})

test('lands arrival objects in scratch, and says bounds in the zone of the view and in UTC', async () => {
  const { run } = await openOrders()
  const { code, out } = await run('preview', 'shop_orders', '--at', '2001-04-02')
  expect(code).toBe(0)
  expect(out).toContain('landed in scratch: 6 objects of orders')
  expect(out).toContain(
    'shop_orders 2001-04-02: [2001-04-02 00:00, 2001-04-03 00:00) America/New_York = [2001-04-02T04:00Z, 2001-04-03T04:00Z)',
  )
  expect(out).toContain('[2001-04-01 00:00, 2001-04-03 00:00) America/New_York = [2001-04-01T05:00Z, 2001-04-03T04:00Z): 2 folders')
  expect(out).toMatch(/north +3 +25 /)
})

test('takes the newest partition that has something to read', async () => {
  const { at } = await openOrders({ 'lake/orders/dt=2001-04-09/late.csv': csv('2001-04-05T13:00:00,north,1') })
  const { code, out } = await at('2001-04-12T12:00:00Z', 'preview', 'shop_orders')
  expect(code).toBe(0)
  // Two days: the newest window that reaches the late row is that of the next day.
  expect(out).toContain('shop_orders 2001-04-06: ')
  expect(out).toMatch(/north +2 +11 /)
})

test('says why a partition cannot be computed', async () => {
  const { root, run, at } = await openSample()
  const code = async (...args: string[]) => (await run('preview', 'customer_week', ...args)).code
  expect(await code('--at', '2026-03')).toBe(2)
  expect(await code('--at', '2026-03-31')).toBe(2)
  expect(await code('--at', '2026-03-01', '--last', '2d')).toBe(2)
  expect(await run('preview', 'customer_week', '--at', '2026-02-15')).toMatchObject({
    code: 2,
    out: expect.stringContaining('warming up: '),
  })
  expect(await at('2030-01-01T00:00:00Z', 'preview', 'customer_week')).toMatchObject({
    code: 0,
    out: expect.stringContaining('customer_week 2026-03-30: '),
  })
  await rm(join(root, 'lake/payments/dt=2026-03-30'), { recursive: true })
  expect(await run('preview', 'customer_week')).toMatchObject({ code: 0, out: expect.stringContaining('customer_week 2026-03-29: ') })
  const blocked = await run('preview', 'country_active', '--at', '2026-03-30')
  expect(blocked).toMatchObject({ code: 3, out: expect.stringContaining('blocked: partition 2026-03-30 of customer_week is missing') })
})

test('tells rules that fail and objects that cannot be read', async () => {
  const { run } = await openOrders({
    'lake/orders/dt=2001-04-05/c.csv': csv('2001-04-05T12:00:00,south,5000'),
    'lake/orders/dt=2001-04-01/d.csv': csv('yesterday,south,1'),
  })
  const broken = await run('preview', 'shop_orders', '--at', '2001-04-05')
  expect(broken).toMatchObject({
    code: 3,
    out: expect.stringContaining('breaks total < 1000: 1 row, such as shop=south; it would be rejected'),
  })
  const unreadable = await run('preview', 'shop_orders', '--at', '2001-04-01')
  expect(unreadable.code).toBe(3)
  expect(unreadable.out).toContain("problem: orders/dt=2001-04-01/d.csv:2: column 'placed'")
})
