/** A view from its deleted file to its dropped versions, and everything that keeps it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PLAIN_ORDERS_SOURCE } from './orders.ts'
import { openProject } from './run-cli.ts'

const SALES = `/* ---
description: What each shop sold.
entity: shop
grain: day
inputs: {orders: 1 day}
--- */
SELECT shop, sum(amount) AS total FROM orders GROUP BY shop
`
const BEST = `/* ---
description: The best day of two.
entity: shop
grain: day
inputs: {sales: 2 days}
warm_up: compute
--- */
SELECT shop, max(total) AS best FROM sales GROUP BY shop
`
const TRAINING = `description: Late shops.
labels: {key: labels/late.csv, format: csv, time: {column: asked, zone: UTC}, columns: {asked: TIMESTAMP, shop: VARCHAR, late: BOOLEAN}}
features: [{view: best, as: best}]
`
const NOW = '2001-04-04T12:00:00Z'

async function openShop() {
  const orders = (day: number) =>
    [`lake/orders/dt=2001-04-0${day}/a.csv`, `placed,shop,amount\n2001-04-0${day}T10:00:00,north,${day}\n`] as const
  const shop = await openProject(
    {
      ...Object.fromEntries([1, 2, 3].map(orders)),
      'features/orders.source.yaml': PLAIN_ORDERS_SOURCE,
      'features/sales.sql': SALES,
      'features/best.sql': BEST,
      'lake/labels/late.csv': 'asked,shop,late\n2001-04-03T12:00:00,north,true\n',
    },
    NOW,
  )
  await shop.run('live', '--once')
  await shop.run('publish', '--all')
  const stays = async () => (await shop.run('status', '--last', '3d')).out
  return { ...shop, orders, stays, remove: (path: string) => rm(join(shop.root, path)) }
}

it('ends a view, live and published, and brings it back', async () => {
  const shop = await openShop()
  await shop.remove('features/best.sql')
  expect((await shop.run('status')).err).toContain('best is registered but no longer defined')
  const asked = await shop.run('retire', 'best')
  expect(asked).toMatchObject({ code: 2, err: expect.stringMatching(/nothing was retired; expected --yes/) })
  expect(asked.err).toMatch(/retire ends best: live no longer computes its candidate [0-9a-f]{12}\n {2}published [0-9a-f]{12}: readers/)
  expect(await shop.stays()).toMatch(/^best /m)
  expect(await shop.run('retire', 'best', '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/^retired best; hindcast drop/) })

  expect(await shop.stays()).not.toMatch(/^best /m)
  const versions = (await shop.run('versions', 'best')).out
  expect(versions).toMatch(/best {2}[0-9a-f]{12} {2}retired 2001-04-04 {2}2001-04-01\.\.2001-04-03/)
  await shop.write(...shop.orders(4))
  const later = '2001-04-05T12:00:00Z'
  await shop.at(later, 'live', '--once')
  expect((await shop.at(later, 'versions', 'best')).out).toContain('2001-04-01..2001-04-03')
  expect((await shop.at(later, 'versions', 'sales')).out).toContain('2001-04-01..2001-04-04')
  expect(await shop.run('retire', 'best', '--yes')).toMatchObject({ code: 2, err: expect.stringContaining('retired already, since 2001-') })
  expect(await shop.run('publish', 'best')).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is no view 'best'; expected one of sales"),
  })

  await shop.write('features/best.sql', BEST)
  expect((await shop.at(later, 'register')).out).toMatch(/best +[0-9a-f]{12} +new view/)
  await shop.at(later, 'live', '--once')
  expect((await shop.at(later, 'versions', 'best')).out).toMatch(/candidate +2001-04-01\.\.2001-04-04/)
})

it('its versions can be dropped, and the name taken again', async () => {
  const shop = await openShop()
  await shop.remove('features/best.sql')
  await shop.run('retire', 'best', '--yes')
  const version = /best {2}([0-9a-f]{12})/.exec((await shop.run('versions', 'best')).out)?.[1] ?? ''
  expect((await shop.run('drop', 'best', version, '--yes')).code).toBe(0)
  expect((await shop.run('versions')).out).not.toContain('best')
  await shop.write('features/best.sql', BEST.replace('grain: day', 'grain: hour').replace('2 days', '1 day'))
  expect(await shop.run('register')).toMatchObject({ code: 0, out: expect.stringMatching(/best +[0-9a-f]{12} +new view/) })
})

it('is refused while anything depends on the view', async () => {
  const shop = await openShop()
  const refused = async (view: string, says: RegExp) => {
    const before = (await shop.run('versions')).out
    expect(await shop.run('retire', view, '--yes')).toMatchObject({ code: 2, err: expect.stringMatching(says) })
    expect((await shop.run('versions')).out).toBe(before)
  }
  await refused('sales', /features\/sales\.sql still defines it.*; live best@[0-9a-f]{12} reads it/)
  await refused('nothing', /there is no view 'nothing'; expected one of best, sales/)
  await shop.write('features/late.training.yaml', TRAINING)
  await shop.remove('features/best.sql')
  await refused('best', /training set late uses it/)
  await shop.write('features/best.sql', BEST)
  expect((await shop.run('train', 'late')).code).toBe(0)
  await rm(join(shop.root, 'features'), { recursive: true })
  await refused('best', /not retired: training set late uses it/)
  const version = /best {2}([0-9a-f]{12})/.exec((await shop.run('versions', 'best')).out)?.[1] ?? ''
  await shop.run('pin', 'best', version)
  await refused('best', new RegExp(`best@${version} is pinned; hindcast unpin best ${version}`))
})
