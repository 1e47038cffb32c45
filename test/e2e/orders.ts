import { openProject } from './run-cli.ts'

/** Orders of whole amounts in folders of their own day, in UTC. */
export const PLAIN_ORDERS_SOURCE = `description: Orders.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
columns: {placed: TIMESTAMP, shop: VARCHAR, amount: BIGINT}
start: 2001-04-01
`

export const ORDERS_SOURCE = `description: Orders, as they come.
key: orders/dt={yyyy}-{MM}-{dd}/
key_zone: America/New_York
format: csv
event_time: placed
folders: arrival
columns:
  placed: TIMESTAMP
  shop: VARCHAR
  amount: DOUBLE
start: 2001-04-01
`

export const ORDERS_VIEW = `/* ---
description: What each shop sold in two days.
entity: shop
grain: day
zone: America/New_York
inputs:
  orders: 2 days
available_after: 1 hour
expect:
  - total < 1000
--- */
SELECT shop, count(*) AS orders_2d, sum(amount) AS total FROM orders GROUP BY shop
`

const csv = (...rows: string[]) => `placed,shop,amount\n${rows.map((row) => `${row}\n`).join('')}`

export const ORDERS_NOW = '2001-04-06T12:00:00Z'

/** An arrival source in New York over a change of clocks (2001-04-01), with a late row, and a view that refuses large sums. */
export function openOrders(more: Readonly<Record<string, string>> = {}) {
  const days = ['2001-04-01', '2001-04-02', '2001-04-03', '2001-04-04', '2001-04-05']
  const objects = days.map((day) => [`lake/orders/dt=${day}/a.csv`, csv(`${day}T10:00:00,north,10`, `${day}T11:00:00,south,20`)] as const)
  const late = { 'lake/orders/dt=2001-04-04/b.csv': csv('2001-04-02T09:00:00,north,5') }
  const definitions = { 'features/orders.source.yaml': ORDERS_SOURCE, 'features/shop_orders.sql': ORDERS_VIEW }
  return openProject({ ...Object.fromEntries(objects), ...late, ...definitions, ...more }, ORDERS_NOW)
}

export { csv }
