/**
 * Raw data kept for 30 days beside an hourly pre-aggregate kept for 180: what that decision says, what it refuses, and what can still be
 * computed afterwards.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { openProject } from './run-cli.ts'

vi.setConfig({ testTimeout: 600_000 })

const DAY_MS = 86_400_000
const FIRST = Date.parse('2001-01-01T00:00:00Z')
const DAYS = 184
const NOW = new Date(FIRST + DAYS * DAY_MS + 6 * 3_600_000).toISOString()
const day = (at: number) => new Date(FIRST + at * DAY_MS).toISOString().slice(0, 10)

const SOURCE = `description: Orders.
# Whoever reads this: the shops send them hourly.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
columns: {placed: TIMESTAMP, shop: VARCHAR, amount: BIGINT}
start: 2001-01-01
`
const view = (description: string, grain: string, input: string, select: string) => `/* ---
description: ${description}
entity: shop
grain: ${grain}
inputs: {${input}}
warm_up: compute
--- */
SELECT shop, ${select} GROUP BY shop
`
const HOURS = view('What each shop sold in an hour.', 'hour', 'orders: 1 hour', 'count(*) AS orders, sum(amount) AS total FROM orders')
const WEEK = view('What each shop sold in a week.', 'day', 'orders: 7 days', 'sum(amount) AS total FROM orders')
const HALF = view('Half a year, from raw.', 'day', 'orders: 180 days', 'sum(amount) AS total FROM orders')
const HALF_FROM_HOURS = view('Half a year, from hours.', 'day', 'shop_hour: 180 days', 'sum(total) AS total FROM shop_hour')

function ordersOf(at: number): string {
  const rows = Array.from({ length: 24 }, (_, hour) => `${day(at)}T${String(hour).padStart(2, '0')}:30:00,north,${at + hour}`)
  return ['placed,shop,amount', ...rows, `${day(at)}T12:00:00,south,1`, ''].join('\n')
}

async function openShop() {
  const orders = Array.from({ length: DAYS }, (_, at) => [`lake/orders/dt=${day(at)}/a.csv`, ordersOf(at)] as const)
  const shop = await openProject(
    { ...Object.fromEntries(orders), 'features/orders.source.yaml': SOURCE, 'features/shop_week.sql': WEEK },
    NOW,
  )
  /** What stands of a view: the hash of each partition. */
  const standing = async (name: string) => {
    const [version = ''] = await readdir(join(shop.root, 'lake/features', name))
    const names = await readdir(join(shop.root, 'lake/features', name, version))
    const hashes = names.map(async (one) => {
      const bytes = await readFile(join(shop.root, 'lake/features', name, version, one, 'features.parquet'))
      return [one, createHash('sha256').update(bytes).digest('hex')] as const
    })
    return Object.fromEntries(await Promise.all(hashes))
  }
  const expire = async (folder: string, before: string) => {
    const names = await readdir(join(shop.root, 'lake', folder))
    for (const name of names) if (name < `dt=${before}`) await rm(join(shop.root, 'lake', folder, name), { recursive: true })
  }
  const backfill = (name: string, from: string, to: string, ...more: string[]) =>
    shop.run('backfill', name, '--from', from, '--to', to, '--unverified', ...more)
  return { ...shop, standing, expire, backfill }
}

it('raw for 30 days, hours for 180', async () => {
  const shop = await openShop()
  await shop.write('features/shop_hour.sql', HOURS)
  expect((await shop.backfill('shop_hour', day(0), day(DAYS - 1))).out).toMatch(/4,416 written/)
  await shop.backfill('shop_week', day(DAYS - 60), day(DAYS - 1), '--publish')

  const asked = await shop.run('retention', 'orders', '--raw', '30')
  expect(asked.out).toContain(`orders: orders/dt={yyyy}-{MM}-{dd}/, ${day(0)}..${day(DAYS - 1)}: 184 objects`)
  expect(asked.out).toMatch(/STANDARD +<\$0\.0001 +<\$0\.0001/)
  expect(asked.out).toMatch(/GLACIER .*has to be restored before it can be read/)
  expect(asked.out).toMatch(
    new RegExp(`shop_week +[0-9a-f]{12} \\(published\\) +7 days +${day(DAYS - 7)} \\(8 days\\) +${day(DAYS - 37)} \\(38 days\\)`),
  )
  expect(asked.out).toMatch(/shop_hour holds orders by hour and shop: 2001-01-01-00\.\.2001-07-03-23 \(4,416 partitions\), .* raw/)
  expect(asked.out).not.toContain('blocked:')
  expect(asked.out).toMatch(new RegExp(`kept: shop_week .*: 36 partitions ${day(DAYS - 60)}..${day(DAYS - 25)} are served as they are`))

  expect((await shop.run('retention', 'orders', '--set', '30')).err).toContain("keepRaw: { 'orders/dt=': Duration.days(30) }")
  const written = await readFile(join(shop.root, 'features/orders.source.yaml'), 'utf8')
  expect(written).toBe(`${SOURCE}keep: 30 days\n`)
  await shop.run('register')

  const weeks = await shop.standing('shop_week')
  await shop.expire('orders', day(DAYS - 30))
  const version = (await readdir(join(shop.root, 'lake/features/shop_hour')))[0] ?? ''
  await shop.expire(`features/shop_hour/${version}`, day(DAYS - 180))
  await shop.write('features/half.sql', HALF)
  await shop.write('features/half_from_hours.sql', HALF_FROM_HOURS)

  const last = day(DAYS - 1)
  expect((await shop.backfill('half_from_hours', last, last)).out).toContain('1 written')
  const shown = await shop.run('preview', 'half_from_hours', '--at', last)
  const north = Array.from({ length: 180 }, (_, at) => 24 * (at + DAYS - 180) + (23 * 24) / 2).reduce((sum, one) => sum + one, 0)
  expect(shown.out).toMatch(new RegExp(`north .*${String(north).replace(/\B(?=(\d{3})+$)/g, ',?')}`))

  const blocked = await shop.run('plan', 'half', '--from', last, '--to', last)
  expect(blocked.out).toContain(`blocked: half ${last}: folder ${day(DAYS - 180)} of orders is older than it is kept (30 days)`)
  expect(blocked.out).toContain('read a pre-aggregate instead')
  expect(blocked.out).toContain(
    `advice: half reads orders, which is no longer kept that far back; shop_hour holds orders by hour (${day(DAYS - 180)}-00..${last}-23) and can be read instead`,
  )
  expect((await shop.backfill('half', last, last)).out).toContain('nothing to do')

  // What was computed from raw that is gone stays as it was, whatever is asked.
  await shop.backfill('shop_week', day(DAYS - 60), day(DAYS - 1), '--reprocess', 'all')
  expect(await shop.standing('shop_week')).toEqual(weeks)
  expect((await shop.run('status', 'shop_week', '--last', '60d')).out).toMatch(/kept: .*\(36\)/)
})

it('a rule that would block a published view has to be told twice', async () => {
  const shop = await openShop()
  await shop.write(
    'features/week_of_week.sql',
    HALF_FROM_HOURS.replace('shop_hour: 180', 'shop_week: 2').replace('FROM shop_hour', 'FROM shop_week'),
  )
  await shop.backfill('shop_week', day(DAYS - 3), day(DAYS - 1))
  await shop.backfill('week_of_week', day(DAYS - 1), day(DAYS - 1), '--with', 'upstream')
  await shop.run('publish', '--all', '--unverified')
  const file = () => readFile(join(shop.root, 'features/orders.source.yaml'), 'utf8')
  const refused = await shop.run('retention', 'orders', '--set', '5')
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('say it again with --block shop_week --block week_of_week') })
  expect(refused.out).toMatch(/blocked: shop_week .* \(published\) gets no more partitions: folder .* is older than it is kept \(5 days\)/)
  expect(refused.out).toMatch(/blocked: week_of_week .*: it reads shop_week, which gets no more partitions/)
  expect(await file()).toBe(SOURCE)
  expect(await shop.run('retention', 'orders', '--set', '30', '--block', 'shop_week')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--block names shop_week, which 30 days would not block; nothing was written'),
  })
  expect((await shop.run('retention', 'orders', '--set', '5', '--block', 'shop_week', '--block', 'week_of_week')).code).toBe(0)
  await shop.write('features/orders.source.yaml', (await file()).replace('keep: 5 days', 'keep: 5 days  # as decided'))
  expect((await shop.run('retention', 'orders', '--set', '40')).code).toBe(0)
  expect(await file()).toBe(`${SOURCE}keep: 40 days  # as decided\n`)
  for (const [args, says] of [
    [['--set', '5'], /--set is for one source; expected its name before it/],
    [['orders', '--set', '5', '--raw', '5'], /--raw asks and --set decides; expected one of them/],
    [['order'], /there is no source 'order'; expected one of orders/],
    [['orders', '--raw', '0'], /'0' is not a count/],
  ] as const)
    expect(await shop.run('retention', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(says) })
})

it('says what of each window and kind of source a rule touches', async () => {
  const shop = await openShop()
  const arrival = SOURCE.replace('orders/', 'returns/').replace('format: csv', 'format: csv\nfolders: arrival')
  await shop.write('features/returns.source.yaml', arrival)
  // One object that brings rows of three weeks.
  const weeks = Array.from({ length: 21 }, (_, at) => `${day(DAYS - 21 + at)}T12:00:00,north,${at}\n`)
  await shop.write(`lake/returns/dt=${day(DAYS - 1)}/a.csv`, ['placed,shop,amount\n', ...weeks].join(''))
  await shop.write('features/returned.sql', view('Returned in two weeks.', 'day', 'returns: 14 days', 'sum(amount) AS total FROM returns'))
  await shop.write('features/ever.sql', view('Sold ever.', 'day', 'orders: all', 'sum(amount) AS total FROM orders'))
  await shop.write(
    'features/shops.source.yaml',
    'description: Shops.\nkey: shops/dt={yyyy}-{MM}-{dd}/\nformat: csv\ncolumns: {shop: VARCHAR}\n',
  )
  await shop.write(`lake/shops/dt=${day(DAYS - 40)}/a.csv`, 'shop\nnorth\n')
  await shop.write('features/there.sql', view('Shops.', 'day', 'shops: latest', 'count(*) AS rows_there FROM shops'))
  const [from, to] = [day(DAYS - 2), day(DAYS - 1)]
  for (const name of ['returned', 'ever', 'there'])
    expect((await shop.backfill(name, from, to, '--workers', '1')).out).toContain('2 written')
  const { out } = await shop.run('retention', '--raw', '20')
  expect(out).toMatch(/returns: .*\n.*\n {2}views read what was landed, which outlives the raw objects/)
  expect(out).toMatch(new RegExp(`ever +[0-9a-f]{12} +all +${day(0)} \\(185 days\\)`))
  expect(out).toMatch(/there +[0-9a-f]{12} +latest +the newest folder/)
  expect(out).not.toMatch(/(blocked|kept): returned/)
  expect(out).toMatch(
    /blocked: ever .*: folder 2001-01-01 of orders is older than it is kept \(20 days\)\n {2}kept: ever [^:]*: 2 partitions/,
  )
  expect(out).toMatch(/blocked: there .*: folder .* of shops is older than it is kept/)
  expect((await shop.run('retention', 'returns', '--raw', '1')).out).toContain(
    'kept 1 day: every view goes on, and all that stands could still be recomputed',
  )
})
