/** Late data, a correction and a compaction as `status --repairs` tells them, and what they make of training sets and of other views. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Status } from '../../lib/pipeline/status.ts'
import { openProject } from './run-cli.ts'

const source = (folders: string) => `description: Orders.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
folders: ${folders}
columns: {placed: TIMESTAMP, shop: VARCHAR, amount: BIGINT}
start: 2001-04-01
`
const SALES = `/* ---
description: What each shop sold.
entity: shop
grain: day
inputs: {orders: 1 day}
--- */
SELECT shop, sum(amount) AS total, count(*) AS orders FROM orders GROUP BY shop
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
features: [{view: sales, as: sales}]
`
const csv = (...rows: string[]) => `placed,shop,amount\n${rows.map((row) => `${row}\n`).join('')}`
const DAY2 = ['2001-04-02T10:00:00,north,100', '2001-04-02T11:00:00,south,10', '2001-04-02T12:00:00,south,10']

async function openShop(folders = 'event_time') {
  const shop = await openProject(
    {
      'features/orders.source.yaml': source(folders),
      'features/sales.sql': SALES,
      'features/best.sql': BEST,
      'features/late.training.yaml': TRAINING,
      'lake/labels/late.csv':
        'asked,shop,late\n2001-04-03T12:00:00,north,true\n2001-04-03T13:00:00,south,true\n2001-04-02T12:00:00,north,false\n',
      'lake/orders/dt=2001-04-01/a.csv': csv('2001-04-01T10:00:00,north,1'),
      'lake/orders/dt=2001-04-02/a.csv': csv(...DAY2.slice(0, 2)),
      'lake/orders/dt=2001-04-02/b.csv': csv(...DAY2.slice(2)),
      'lake/orders/dt=2001-04-03/a.csv': csv('2001-04-03T10:00:00,north,3'),
    },
    '2001-04-04T06:00:00Z',
  )
  await shop.run('live', '--once')
  await shop.run('publish', '--all', '--unverified')
  const repairsOf = async (view: string, time: string) => {
    const { views }: Status = JSON.parse((await shop.at(time, 'status', view, '--repairs', '--json', '--last', '4d')).out)
    return views[0]?.receipts.repaired ?? []
  }
  return { ...shop, repairsOf }
}

it('says when, which object, which entities and the largest change, and which training sets are outdated', async () => {
  const shop = await openShop()
  expect((await shop.run('train', 'late')).code).toBe(0)
  expect((await shop.run('status', 'sales', '--repairs')).out).toContain('repaired: nothing')
  await shop.write('lake/orders/dt=2001-04-02/late.csv', csv('2001-04-02T20:00:00,south,30', '2001-04-02T21:00:00,west,5'))
  const later = '2001-04-04T09:00:00Z'
  await shop.at(later, 'live', '--once')
  expect((await shop.at(later, 'status')).out).toContain(
    'repaired: 1 partition, the last at 2001-04-04T09:00:00.000Z; hindcast status sales --repairs says what changed',
  )
  const { out } = await shop.at(later, 'status', 'sales', '--repairs')
  expect(out).toContain(
    'repaired: 2001-04-02 at 2001-04-04T09:00:00.000Z by live: entities: 1 changed, 1 new (3 rows before, 5 now read); ' +
      'the largest change: shop=south total 20 to 50\n      new orders/dt=2001-04-02/late.csv',
  )
  expect(out).toMatch(/outdated: training set late \(run [^)]+\): 2 labels read 2001-04-02 as it was before; hindcast train late --check/)
  // A second repair is told beside the first, and a view that reads it tells of its own.
  await shop.write('lake/orders/dt=2001-04-02/late.csv', csv('2001-04-02T20:00:00,south,30'))
  await shop.at('2001-04-04T10:00:00Z', 'live', '--once')
  expect((await shop.repairsOf('sales', '2001-04-04T10:00:00Z')).map(({ at, change }) => [at.slice(11, 13), change?.removed])).toEqual([
    ['10', 1],
    ['09', 0],
  ])
  expect((await shop.repairsOf('best', '2001-04-04T10:00:00Z')).map(({ partition }) => partition)).toEqual([
    '2001-04-03',
    '2001-04-02',
    '2001-04-03',
    '2001-04-02',
  ])
  await shop.at('2001-04-04T10:00:00Z', 'train', 'late')
  expect((await shop.at('2001-04-04T10:00:00Z', 'status', 'sales', '--repairs')).out).not.toContain('outdated')
})

it('a compaction is named so and repaired without a cascade', async () => {
  const shop = await openShop()
  const receipts = async (view: string) => {
    const [version = ''] = await readdir(join(shop.root, 'lake/features', view))
    const folder = join(shop.root, 'lake/features', view, version, 'dt=2001-04-02')
    const [name = ''] = (await readdir(folder)).filter((one) => one.startsWith('_receipt.'))
    return { name, body: await readFile(join(folder, name), 'utf8') }
  }
  const [sales, best] = [await receipts('sales'), await receipts('best')]
  await rm(join(shop.root, 'lake/orders/dt=2001-04-02/b.csv'))
  await shop.write('lake/orders/dt=2001-04-02/a.csv', csv(...DAY2))
  const later = '2001-04-04T09:00:00Z'
  await shop.at(later, 'live', '--once')
  expect((await receipts('sales')).name).not.toBe(sales.name)
  expect(await receipts('best')).toEqual(best)
  expect(await shop.repairsOf('best', later)).toEqual([])
  const { out } = await shop.at(later, 'status', 'sales', '--repairs')
  expect(out).toContain(
    'repaired: 2001-04-02 at 2001-04-04T09:00:00.000Z by live: rewritten with the same rows (a compaction): the same bytes, so nothing that reads it was computed (3 rows read)',
  )
  expect(out).toContain('replaced orders/dt=2001-04-02/a.csv\n      gone orders/dt=2001-04-02/b.csv')
})

it('names the raw object of what was landed, and a backfill as the writer', async () => {
  const shop = await openShop('arrival')
  await shop.write('lake/orders/dt=2001-04-04/late.csv', csv('2001-04-02T20:00:00,south,30'))
  const later = '2001-04-05T09:00:00Z'
  await shop.at(later, 'backfill', 'sales', '--from', '2001-04-02', '--to', '2001-04-02', '--unverified', '--workers', '1')
  const { out } = await shop.at(later, 'status', 'sales', '--repairs')
  expect(out).toMatch(/repaired: 2001-04-02 at .* by run 20010405T\S+: entities: 1 changed .*\n +new orders\/dt=2001-04-04\/late\.csv/)
})
