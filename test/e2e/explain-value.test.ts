/** One value: its row, the rows that counted, who wrote it, the same bytes again, and what a label read at a time. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { forgeOutput, tamperOutput } from './forge.ts'
import { openProject } from './run-cli.ts'

const SOURCE = `description: Orders.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
columns: {placed: TIMESTAMP, store: VARCHAR, kind: VARCHAR, amount: BIGINT}
start: 2001-04-01
`
const SHOPS = `description: Shops.
key: shops/dt={yyyy}-{MM}-{dd}/
format: csv
columns: {store: VARCHAR, town: VARCHAR}
`
/** The entity is another name of the column, a WHERE leaves rows out, a dimension is joined. */
const SALES = `/* ---
description: What each shop sold in two days.
entity: shop
grain: day
inputs: {orders: 2 days, shops: latest}
warm_up: compute
available_after: 30 minutes
--- */
SELECT o.store AS shop, any_value(s.town) AS town, sum(o.amount) FILTER (WHERE o.placed >= $start) AS last_day, sum(o.amount) AS total
FROM orders o LEFT JOIN shops s ON s.store = o.store
WHERE o.kind <> 'test'
GROUP BY o.store
`
const TWICE = `/* ---
description: Over a CTE, by shop and town.
entity: [shop, town]
grain: day
inputs: {sales: 2 days}
warm_up: compute
--- */
WITH picked AS (SELECT shop, town, total FROM sales) SELECT shop, town, sum(total) AS total FROM picked GROUP BY shop, town
`
const NOW = '2001-04-04T06:00:00Z'
const csv = (...rows: string[]) => `placed,store,kind,amount\n${rows.map((row) => `${row}\n`).join('')}`

async function openShop(source = SOURCE) {
  const shop = await openProject(
    {
      'features/orders.source.yaml': source,
      'features/shops.source.yaml': SHOPS,
      'features/sales.sql': SALES,
      'features/twice.sql': TWICE,
      'lake/shops/dt=2001-03-31/a.csv': 'store,town\nnorth,"York, England"\nsouth,Dover\n',
      'lake/orders/dt=2001-04-01/a.csv': csv('2001-04-01T10:00:00,north,cash,1', '2001-04-01T11:00:00,south,cash,10'),
      'lake/orders/dt=2001-04-02/a.csv': csv('2001-04-02T10:00:00,north,cash,2', '2001-04-02T11:00:00,north,test,1000'),
      'lake/orders/dt=2001-04-02/b.csv': csv('2001-04-02T12:00:00,south,cash,20'),
      'lake/orders/dt=2001-04-03/a.csv': csv('2001-04-03T10:00:00,south,cash,30'),
    },
    NOW,
  )
  await shop.run('backfill', '--from', '2001-04-01', '--to', '2001-04-03', '--reason', 'the first one', '--unverified', '--workers', '1')
  return shop
}

it('names the rows that the SQL counted for the entity, and the run', async () => {
  const { run } = await openShop()
  const { code, out } = await run('explain', 'sales', 'shop=north', '2001-04-02')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^sales shop=north in 2001-04-02\n {2}feature_time: 2001-04-03 00:00:00\+00\n {2}town: York, England\n {2}last_day: 2\n {2}total: 3\n/,
  )
  expect(out).toContain(
    'orders: 2 rows of 2 of 3 objects counted\n    orders/dt=2001-04-01/a.csv: 1 row\n    orders/dt=2001-04-02/a.csv: 1 row\n',
  )
  expect(out).toContain('shops: 1 row of 1 of 1 object counted')
  expect(out).toContain('the run that wrote it: the first one')
  expect(out).toMatch(/FILTER \(WHERE o\.placed >= TIMESTAMPTZ '2001-04-02 00:00:00\+00'\) AS last_day/)
  expect(out).toMatch(/written by run 20010404T060000Z-[0-9a-f]{4}/)
  const gone = await run('explain', 'sales', 'nowhere', '2001-04-02')
  expect(gone.out).toContain('is not in the partition\n  orders: 0 rows of 0 of 3 objects counted')
})

it('of a view over a view, with a CTE and an entity of two columns', async () => {
  const { run } = await openShop()
  const { out } = await run('explain', 'twice', 'shop=north,town=York, England', '2001-04-02')
  expect(out).toContain('total: 4')
  expect(out).toContain('sales: 2 rows of 2 of 2 objects counted\n')
  expect(out).toMatch(/features\/sales\/v=[0-9a-f]{12}\/dt=2001-04-01\/features\.parquet: 1 row/)
  expect(await run('explain', 'twice', 'shop=north', '2001-04-02')).toMatchObject({
    code: 2,
    err: expect.stringContaining("'shop=north' names no entity; expected shop=VALUE,town=VALUE"),
  })
})

it('of an input that is read twice, a condition of the SQL itself, and an entity that no input has', async () => {
  const { write, run } = await openShop()
  const header = (name: string, inputs: string) =>
    `/* ---\ndescription: ${name}.\nentity: ${name}\ngrain: day\ninputs: ${inputs}\nwarm_up: compute\n--- */\n`
  await write(
    'features/pairs.sql',
    `${header('store', '{orders: 1 day, before: {from: orders, window: 2 days}}')}SELECT o.store AS store, count(*) AS pairs
FROM orders o JOIN before b ON b.store = o.store AND b.placed < o.placed JOIN before c ON c.store = o.store
WHERE o.amount IN (SELECT max(amount) FROM orders GROUP BY store) GROUP BY o.store`,
  )
  await write(
    'features/sizes.sql',
    `${header('size', '{orders: 1 day}')}SELECT size, count(*) AS orders FROM (SELECT CASE WHEN amount > 5 THEN 'large' ELSE 'small' END AS size FROM orders) AS sized GROUP BY size`,
  )
  await run('backfill', 'pairs', 'sizes', '--from', '2001-04-02', '--to', '2001-04-02', '--unverified', '--workers', '1')
  const pairs = (await run('explain', 'pairs', 'store=north', '2001-04-02')).out
  // The test order of 1,000 is the largest of the day; both orders before it, and all three once more, meet it.
  expect(pairs).toContain('pairs: 6\n  orders: 1 row of 1 of 2 objects counted: rows that only a subquery in an expression')
  expect(pairs).toContain('before: 3 rows of 2 of 3 objects counted')
  const sizes = (await run('explain', 'sizes', 'large', '2001-04-02')).out
  expect(sizes).toContain('orders: 2\n  orders: 2 rows of 2 of 2 objects counted\n')
})

const view = (entity: string, inputs: string, sql: string) =>
  `/* ---\ndescription: One more.\nentity: ${entity}\ngrain: day\ninputs: ${inputs}\nwarm_up: compute\n--- */\n${sql}\n`

it.each([
  [
    'what a CTE leaves out does not count, before it aggregates and after',
    view(
      'shop',
      '{orders: 2 days}',
      `WITH days AS (SELECT store AS s, date_trunc('day', placed) AS d, sum(amount) AS sold FROM orders WHERE kind <> 'test' GROUP BY ALL),
best (who, sold) AS (SELECT s, sold FROM days WHERE sold > 1)
SELECT who AS shop, max(sold) AS most FROM best GROUP BY who`,
    ),
    'shop=north',
    ['most: 2\n  orders: 1 row of 1 of 3 objects counted\n    orders/dt=2001-04-02/a.csv: 1 row\n'],
  ],
  [
    'one SELECT with an expression that the parser gives no place',
    view(
      'shop',
      '{orders: 2 days}',
      `SELECT coalesce(store, 'none') AS shop, count(*) AS n FROM orders WHERE coalesce(amount, 0) < 100 GROUP BY 1`,
    ),
    'shop=north',
    ['n: 2\n  orders: 2 rows of 2 of 3 objects counted\n'],
  ],
  [
    'an entity that is made of another column of the SELECT, and a semi join',
    view(
      'shop',
      '{orders: 2 days, shops: latest}',
      `SELECT upper(o.store) AS loud, lower(loud) AS shop, count(*) AS n FROM orders o SEMI JOIN shops s ON s.store = o.store GROUP BY ALL`,
    ),
    'shop=south',
    [
      'n: 2\n  orders: 2 rows of 2 of 3 objects counted: rows that only',
      'shops: read 1 object; which of its rows counted cannot be told: only a subquery in an expression or a semi join looks at it',
    ],
  ],
  [
    'UNION ALL, a join on what is named otherwise, and a dimension that nobody else tells of',
    view(
      'town',
      '{orders: 1 day, before: {from: orders, window: 2 days}, shops: latest}',
      `SELECT e.town, count(*) AS n FROM (
SELECT s.town, o.amount FROM orders o JOIN (SELECT DISTINCT store, town FROM shops) s USING (store)
UNION ALL SELECT s.town, b.amount FROM before b JOIN shops s ON s.store = b.store WHERE b.amount < 15) e GROUP BY e.town HAVING count(*) > 1`,
    ),
    'town=Dover',
    [
      'n: 2\n  orders: 1 row of 1 of 2 objects counted\n    orders/dt=2001-04-02/b.csv: 1 row\n',
      'before: 1 row of 1 of 3 objects counted\n    orders/dt=2001-04-01/a.csv: 1 row\n',
      'shops: 1 row of 1 of 1 object counted\n',
    ],
  ],
  [
    'the row that a window picks, in a column of the entity that has another meaning inside',
    view(
      'store',
      '{orders: 2 days, shops: latest}',
      `SELECT town AS store, last FROM (SELECT s.town, o.amount AS last, row_number() OVER (PARTITION BY s.town ORDER BY o.placed DESC) AS nth
FROM shops s LEFT JOIN orders o ON o.store = s.store AND o.kind = 'cash') AS ranked WHERE nth = 1`,
    ),
    'store=Dover',
    [
      'last: 20\n  orders: 1 row of 1 of 3 objects counted\n    orders/dt=2001-04-02/b.csv: 1 row\n',
      'shops: 1 row of 1 of 1 object counted\n',
    ],
  ],
  [
    'what cannot be told is told as that, with the reason',
    view(
      'store',
      '{orders: 2 days}',
      `SELECT store, count(*) AS n FROM (SELECT store FROM orders EXCEPT SELECT 'south') AS others GROUP BY store`,
    ),
    'store=north',
    [
      'orders: read 3 objects; which of its rows counted cannot be told: its SQL has a set operation other than UNION ALL, through which rows are not followed\n',
    ],
  ],
  [
    'an input that only an expression reads',
    view(
      'store',
      '{orders: 1 day, before: {from: orders, window: 2 days}}',
      `WITH few AS (SELECT store, amount FROM orders WHERE amount < (SELECT max(amount) FROM before)) SELECT store, sum(amount) AS total FROM few GROUP BY store`,
    ),
    'store=north',
    [
      'total: 2\n  orders: 1 row of 1 of 2 objects counted: rows that only a subquery in an expression, a semi join or a window looked at are not among them\n',
      'before: read 3 objects; which of its rows counted cannot be told: only a subquery in an expression or a semi join looks at it\n',
    ],
  ],
])('follows rows through the SQL: %s', async (_, sql, entity, says) => {
  const { write, run } = await openShop()
  await write('features/another.sql', sql)
  await run('backfill', 'another', '--from', '2001-04-02', '--to', '2001-04-02', '--unverified', '--workers', '1')
  const { out, err } = await run('explain', 'another', entity, '2001-04-02')
  expect(err).toBe('')
  for (const one of says) expect(out).toContain(one)
})

it('names the raw object of a landed piece', async () => {
  const shop = await openShop(SOURCE.replace('format: csv', 'format: csv\nfolders: arrival'))
  const { out } = await shop.run('explain', 'sales', 'south', '2001-04-02')
  expect(out).toMatch(
    /orders: 2 rows of 2 of 3 objects counted\n {4}orders\/dt=2001-04-01\/a\.csv, landed as landed\/orders\/dt=2001-04-01\/\w+\.parquet: 1 row\n {4}orders\/dt=2001-04-02\/b\.csv, landed as/,
  )
})

it('computes it again, and says what keeps it from that', async () => {
  const shop = await openShop()
  const same = await shop.run('explain', 'sales', 'north', '2001-04-02', '--replay')
  expect(same).toMatchObject({ code: 0, out: expect.stringContaining('replayed: recomputed from the same inputs, the same byte for byte') })
  expect(JSON.parse((await shop.run('explain', 'sales', '2001-04-02', '--replay', '--json')).out).replay).toMatchObject({
    same: true,
    compared: 1,
  })
  await rm(join(shop.root, 'lake/orders/dt=2001-04-02/b.csv'))
  await shop.write('lake/orders/dt=2001-04-02/a.csv', csv('2001-04-02T10:00:00,north,cash,7'))
  const changed = await shop.run('explain', 'sales', 'north', '2001-04-02')
  expect(changed.out).toContain('orders: 1 row of 1 of 3 objects counted')
  expect(changed.out).toContain('orders/dt=2001-04-02/a.csv: changed since')
  expect(changed.out).toContain('orders/dt=2001-04-02/b.csv: gone since')
  expect(await shop.run('explain', 'sales', 'north', '2001-04-02', '--replay')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/sales 2001-04-02 cannot be replayed, as it is stale: folder 2001-04-02 of orders is not what it was/),
  })
})

it('a replay that gives something else is told with both values, and bytes that nothing certifies are not replayed', async () => {
  const shop = await openShop()
  const place = { lake: join(shop.root, 'lake'), view: 'sales', partition: '2001-04-02' }
  const lie = "SELECT * REPLACE (CASE shop WHEN 'north' THEN total + 1 ELSE total END AS total) FROM old"
  await forgeOutput(place, lie)
  const { code, out } = await shop.run('explain', 'sales', 'north', '2001-04-02', '--replay')
  expect([code, out]).toEqual([4, expect.stringContaining('replayed: what was recomputed is not what stands there')])
  expect(out).toContain('shop=north total: here 4, there 3')
  await tamperOutput(place, lie)
  expect(await shop.run('explain', 'sales', '2001-04-02', '--replay')).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be replayed, as it is certified by no receipt'),
  })
})

it('says which partition a label reads and why, and refuses bytes that were overwritten', async () => {
  const shop = await openShop()
  const early = await shop.run('explain', 'sales', 'north', '--as-of', '2001-04-03T00:29:59Z')
  expect(early.out).toMatch(
    /^a label at 2001-04-03T00:29:59.000Z reads partition 2001-04-01: it ends at 2001-04-02T00:00:00.000Z and available_after is 30 minutes, so it is the newest known one from 2001-04-02T00:30:00.000Z until 2001-04-03T00:30:00.000Z/,
  )
  expect(early.out).toContain('nothing stood there at that time: it was first written at 2001-04-04T06:00:00.000Z')
  expect((await shop.run('explain', 'sales', 'north', '--as-of', '2001-04-03T00:30:00Z')).out).toContain('reads partition 2001-04-02: ')
  expect(await shop.run('explain', 'sales', 'north', '2001-04-03', '--as-of', '2001-04-03T00:30:00Z')).toMatchObject({
    code: 2,
    err: expect.stringContaining('reads partition 2001-04-02, not 2001-04-03'),
  })
  // The same bytes written again are the bytes of then; other bytes are not.
  const later = '2001-04-05T06:00:00Z'
  const again = ['--from', '2001-04-03', '--to', '2001-04-03', '--unverified', '--workers', '1', '--reprocess', 'all']
  const asOf = ['explain', 'sales', 'south', '--as-of', '2001-04-04T12:00:00Z']
  await shop.at(later, 'backfill', 'sales', ...again)
  expect((await shop.at(later, ...asOf)).out).toContain('total: 50')
  await shop.write('lake/orders/dt=2001-04-03/late.csv', csv('2001-04-03T10:00:00,south,cash,5'))
  await shop.at(later, 'backfill', 'sales', ...again)
  expect(await shop.at(later, ...asOf)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/its bytes of then were overwritten at 2001-04-05T06:00:00.000Z \(first written at 2001-04-04T06/),
  })
})

it.each([
  [['sales'], /explain needs a partition, or --as-of TIME/],
  [['sales', 'shop=north'], /explain needs a partition, or --as-of TIME/],
  [['sales', 'a', 'b', 'c'], /explain takes an entity and a partition; found a b c/],
  [['sales', 'north', '2001-04'], /'2001-04' is not a day partition/],
  [['sales', '--as-of', 'yesterday'], /--as-of 'yesterday' is not a time/],
])('refuses %s', async (args, says) => {
  const { run } = await openShop()
  expect(await run('explain', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(says) })
})
