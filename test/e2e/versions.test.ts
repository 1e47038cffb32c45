/** Versions through the command line: what a person sees of registering, publishing, going back, pinning and dropping. */
import { expect, it } from 'vitest'
import { csv, openOrders, PLAIN_ORDERS_SOURCE } from './orders.ts'
import { openProject } from './run-cli.ts'

const view = (sum: string, more = '') => `/* ---
description: What each shop sold in two days.
entity: shop
grain: day
inputs: {orders: 2 days}
warm_up: compute
${more}--- */
SELECT shop, ${sum} AS total FROM orders GROUP BY shop
`
const READER = `/* ---
description: The best of it.
entity: shop
grain: day
inputs: {sales: 2 days}
warm_up: compute
--- */
SELECT shop, max(total) AS best FROM sales GROUP BY shop
`
const NOW = '2001-04-06T12:00:00Z'
const PERIOD = ['--from', '2001-04-01', '--to', '2001-04-05', '--workers', '1']

/** Five days of orders; live wrote the last of them unless a backfill is to find nothing to compare. */
async function openShop({ live = true }: { readonly live?: boolean } = {}) {
  const orders = (day: number) =>
    [`lake/orders/dt=2001-04-0${day}/a.csv`, `placed,shop,amount\n2001-04-0${day}T10:00:00,north,${day}\n`] as const
  const definitions = {
    'features/orders.source.yaml': PLAIN_ORDERS_SOURCE,
    'features/sales.sql': view('sum(amount)'),
    'features/best.sql': READER,
  }
  const shop = await openProject({ ...Object.fromEntries([1, 2, 3, 4, 5].map(orders)), ...definitions }, NOW)
  if (live) await shop.run('live', '--once')
  const versionOf = async (name: string): Promise<string> => {
    const { out } = await shop.run('register', '--json')
    return (JSON.parse(out) as { view: string; version: string }[]).find((one) => one.view === name)?.version ?? ''
  }
  const published = async () => {
    const found = JSON.parse((await shop.run('versions', '--json')).out) as { view: string; version: string; states: { kind: string }[] }[]
    return Object.fromEntries(found.filter(({ states }) => states[0]?.kind === 'published').map((one) => [one.view, one.version]))
  }
  return { ...shop, versionOf, published, orders }
}

it('a fix from its first candidate to a rollback', async () => {
  const shop = await openShop()
  const first = await shop.versionOf('sales')
  expect(await shop.run('publish', 'sales')).toMatchObject({
    code: 0,
    out: expect.stringMatching(new RegExp(`^published sales ${first}\n$`)),
  })
  expect((await shop.run('publish', '--all')).out).toMatch(/^published best [0-9a-f]{12}\nsales [0-9a-f]{12} was published already\n$/)

  await shop.write('features/sales.sql', view('max(amount)'))
  const second = await shop.versionOf('sales')
  const early = await shop.run('publish', 'sales', 'best')
  expect(early.code).toBe(2)
  expect(early.err).toContain(
    `version ${second} of view sales lacks 5 partitions (2001-04-01..2001-04-05) of the published version ${first}; ` +
      'hindcast backfill sales --from 2001-04-01 --to 2001-04-05 --with upstream',
  )
  const done = await shop.run('backfill', ...PERIOD, '--publish')
  expect(done.code).toBe(0)
  expect(done.out).toMatch(/verified: sales: \d partitions, \d+ rows, the same byte for byte as live wrote/)
  expect(done.out).toMatch(
    new RegExp(
      `10 written[\\s\\S]*published sales ${second}, before it was ${first}\npublished best .*\nhindcast rollback sales best goes back`,
    ),
  )

  const listed = await shop.run('versions', 'sales')
  expect(listed.out).toMatch(
    new RegExp(`^view   version       state +coverage +partitions  gaps +size  registered
sales  ${second}  published, candidate       2001-04-01..2001-04-05 +5 +\\S+ \\S+  2001-04-06 12:00
sales  ${first}  previous until 2001-04-13  2001-04-01..2001-04-05 +5 +\\S+ \\S+  2001-04-06 12:00\n$`),
  )

  // Nine days later live has long stopped to compute the first version: the gap is filled, then all views switch.
  await shop.write(...shop.orders(6))
  await shop.at('2001-04-15T06:00:00Z', 'live', '--once')
  const alone = await shop.at('2001-04-15T06:00:00Z', 'rollback', 'sales')
  expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('switch both: hindcast rollback sales best') })
  const back = await shop.at('2001-04-15T06:00:00Z', 'rollback', 'sales', 'best', '--workers', '1')
  expect(back).toMatchObject({
    code: 0,
    err: expect.stringContaining(`sales: version ${first} lacks 1 partition (2001-04-06); computed first`),
  })
  expect(back.out).toContain(`published sales ${first}, before it was ${second}`)
  expect((await shop.published()).sales).toBe(first)
})

it('nothing compared has its own exit code and publishes only when that is waived', async () => {
  const shop = await openShop({ live: false })
  const run = await shop.run('backfill', ...PERIOD, '--publish')
  expect(run).toMatchObject({
    code: 5,
    out: expect.stringMatching(/10 written[\s\S]*nothing was published: sales, best: nothing was compared/),
  })
  const refused = await shop.run('publish', '--all')
  expect(refused).toMatchObject({
    code: 5,
    out: '',
    err: expect.stringMatching(/not verified: best: live wrote none of its recent partitions/),
  })
  expect(await shop.published()).toEqual({})
  expect((await shop.run('publish', '--all', '--unverified')).code).toBe(0)
  expect(Object.keys(await shop.published())).toEqual(['best', 'sales'])
})

it('a run that lost a task publishes nothing: the data has to change, not the request', async () => {
  const shop = await openOrders({ 'lake/orders/dt=2001-04-05/b.csv': csv('yesterday,north,much') })
  const range = ['--from', '2001-04-02', '--to', '2001-04-05', '--workers', '1']
  expect(await shop.run('backfill', 'shop_orders', ...range, '--publish', '--unverified')).toMatchObject({
    code: 3,
    out: expect.stringContaining('nothing was published: 1 task(s) of the run failed'),
  })
})

it('a difference is never published', async () => {
  const shop = await openShop()
  const version = await shop.versionOf('sales')
  await shop.write(`lake/features/sales/v=${version}/dt=2001-04-05/features.parquet`, 'not what was computed')
  const { code, out, err } = await shop.run('publish', '--all')
  expect([code, out + err]).toEqual([4, expect.stringMatching(/sales 2001-04-05: unreadable/)])
  expect(out).toMatch(/nothing was published/)
  const insisted = await shop.run('publish', '--all', '--unverified')
  expect(insisted.code).toBe(4)
  // Only a run may be told to go on; a publish has no such way, and must not offer it.
  expect(insisted.out + insisted.err).not.toContain('--unverified')
  expect(await shop.published()).toEqual({})
})

it('a changed grain under the same name is refused by every command that registers, until it is meant', async () => {
  const shop = await openShop()
  await shop.write('features/sales.sql', view('sum(amount)').replace('grain: day', 'grain: hour'))
  for (const command of [['register'], ['backfill', ...PERIOD], ['sweep']]) {
    const { code, err } = await shop.run(...command)
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        'sales changes grain day to hour under the same name, that breaks view best; expected a name of its own such as sales_hourly',
      ),
    ])
  }
  expect((await shop.run('plan', ...PERIOD.slice(0, 4))).code).toBe(0)
  expect(await shop.run('register', '--breaking')).toMatchObject({ code: 0, out: expect.stringContaining('new version') })
})

it('pins and drops', async () => {
  const shop = await openShop()
  const first = await shop.versionOf('sales')
  await shop.write('features/sales.sql', view('max(amount)'))
  await shop.write('features/best.sql', READER.replace('best.', 'best of all.'))
  const second = await shop.versionOf('sales')
  expect((await shop.run('pin', `sales@${first}`, '--reason', 'model 7')).out).toContain(`pinned sales ${first}`)
  expect((await shop.run('versions', 'sales')).out).toMatch(new RegExp(`${first}  pinned \\(model 7\\)`))
  expect(await shop.run('drop', 'sales', first, '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining('it is pinned since 2001-04-06T12:00:00.000Z (model 7)'),
  })
  expect(await shop.run('drop', 'sales', second, '--yes')).toMatchObject({ code: 2, err: expect.stringContaining('it is the candidate') })
  expect((await shop.run('unpin', 'sales', first)).code).toBe(0)
  await shop.write('lake/training/late/r1/manifest.json', JSON.stringify({ format: 1, views: [{ view: 'sales', version: first }] }))
  const asked = await shop.run('drop', 'sales', first)
  expect(asked).toMatchObject({ code: 2, err: expect.stringMatching(/nothing was deleted; expected --yes/) })
  expect(asked.err).toContain(`  features/sales/v=${first}/  10 objects`)
  expect(asked.err).toContain('training/late/r1/manifest.json was made from it')
  const dropped = await shop.run('drop', 'sales', first, '--yes')
  expect(dropped).toMatchObject({ code: 0, out: expect.stringMatching(new RegExp(`^dropped sales ${first}: 11 objects, `)) })
  expect((await shop.run('versions', 'sales')).out).not.toContain(first)
  expect(await shop.run('drop', 'sales', first, '--yes')).toMatchObject({
    code: 2,
    err: expect.stringContaining(`view sales has no version ${first}`),
  })
})

it('a version may be named in a request, live or not', async () => {
  const shop = await openShop()
  const first = await shop.versionOf('sales')
  await shop.write('features/sales.sql', view('max(amount)'))
  await shop.versionOf('sales')
  const name = `sales@${first}`
  await shop.write(...shop.orders(6))
  const at = (...args: string[]) => shop.at('2001-04-07T12:00:00Z', ...args)
  const period = ['--from', '2001-04-05', '--to', '2001-04-06']
  expect((await at('plan', name, ...period)).out).toMatch(new RegExp(`sales +${first} +2001-04-05\\.\\.2001-04-06 +1 +1`))
  expect((await at('backfill', name, ...period, '--workers', '1')).out).toMatch(/1 written/)
  expect((await at('verify', name, ...period)).out).toMatch(/2 partitions \(2 rows\) compared/)
  expect((await at('status', name, ...period)).out).toMatch(new RegExp(`sales +${first}`))
  expect((await at('explain', name, '2001-04-06')).out).toContain(`version ${first}`)
  expect((await at('preview', name, '--at', '2001-04-06')).out).toContain('sales 2001-04-06')
  for (const [wrong, says] of [
    ['sales@0123456789ab', 'view sales has no version 0123456789ab; it was dropped or never registered'],
    ['sales@latest', "'sales@latest' names no version; expected 12 hex digits after the @"],
  ] as const)
    expect(await at('plan', wrong, ...period)).toMatchObject({ code: 2, err: expect.stringContaining(says) })
})

it.each([
  [['publish'], /nothing is named; expected views, or --all/],
  [['publish', 'sales', '--all'], /--all publishes every view; expected no names beside it, found sales/],
  [['publish', 'sales', 'best', '--version', '0123456789ab'], /--version is that of one view; expected one name, found sales, best/],
  [['publish', 'sles'], /there is no view 'sles'; expected one of best, sales/],
  [['rollback', 'sales'], /view sales was never published, so there is nothing to go back to/],
  [['pin', 'sales', 'latest'], /'sales@latest' names no version/],
  [['pin', 'sales'], /'sales' names no version; expected sales VERSION or sales@VERSION/],
  [['versions', 'sles'], /there is no view 'sles'; expected one of best, sales/],
])('%s', async (args, says) => {
  const shop = await openShop({ live: false })
  await shop.run('register')
  const { code, err } = await shop.run(...args)
  expect([code, err]).toEqual([2, expect.stringMatching(says)])
  expect(err.split('\n').length).toBe(2)
})

it('says so where there is no lake, and makes none', async () => {
  const shop = await openProject({ 'features/orders.source.yaml': PLAIN_ORDERS_SOURCE, 'features/sales.sql': view('sum(amount)') }, NOW)
  for (const args of [
    ['versions'],
    ['publish', 'sales'],
    ['rollback', 'sales'],
    ['pin', 'sales', '0123456789ab'],
    ['drop', 'sales', '0123456789ab'],
  ])
    expect(await shop.run(...args)).toMatchObject({ code: 2, err: expect.stringMatching(/folder .*lake does not exist/) })
})

it('a damaged registry object is named, and nothing is written over it', async () => {
  const shop = await openShop()
  await shop.run('publish', '--all')
  await shop.write('lake/registry/published.json', '{"format": 2, "views": {}}')
  for (const args of [['versions'], ['publish', '--all'], ['rollback', 'sales'], ['register'], ['live', '--once'], ['status']]) {
    const { code, err } = await shop.run(...args)
    expect([code, err], args[0]).toEqual([
      2,
      expect.stringMatching(/registry\/published\.json has format 2; this build reads format 1, a newer hindcast wrote it/),
    ])
  }
  await shop.write('lake/registry/published.json', '{"format": 1, "views"')
  expect(await shop.run('publish', '--all')).toMatchObject({ code: 3, err: expect.stringMatching(/registry\/published\.json is not JSON/) })
})
