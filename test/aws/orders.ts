import { TICKS_FILES } from '../support/ticks.ts'

/** Ticks by day, read in place, and orders as they arrive, which are landed first. */
export const DEFINITIONS: Readonly<Record<string, string>> = {
  ...TICKS_FILES,
  'orders.source.yaml': `description: Orders, as they come.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
folders: arrival
columns: {placed: TIMESTAMP, shop: VARCHAR, amount: DOUBLE}
start: 2001-04-01
`,
  'shop_orders.sql': `/* ---
description: What each shop sold in two days.
entity: shop
grain: day
inputs: {orders: 2 days}
warm_up: compute
--- */
SELECT shop, sum(amount) AS total FROM orders GROUP BY shop
`,
  'again.training.yaml': `description: Will it tick again?
labels: {key: labels/again.csv, time: asked, columns: {asked: TIMESTAMPTZ, id: VARCHAR}}
features: [{view: busy}]
`,
}

/** When the last day that the tests lay has just ended. */
export const NOW = Date.parse('2001-05-01T00:00:00Z')

/** Names of days from this one on. */
export function days(first: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => new Date(Date.parse(first) + at * 86_400_000).toISOString().slice(0, 10))
}

export const tickKey = (day: string) => `ticks/dt=${day}/ticks.csv`
export const ticks = (day: string) => Buffer.from(`at,id\n${day} 01:00:00,a\n${day} 02:00:00,b\n`)
export const orderKey = (day: string, name = 'a') => `orders/dt=${day}/${name}.csv`
export const order = (day: string) => Buffer.from(`placed,shop,amount\n${day}T10:00:00,north,10\n`)
export const BAD_ORDER = Buffer.from('placed,shop,amount\nyesterday,north,much\n')
