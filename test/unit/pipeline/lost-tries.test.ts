/** What tries did whose answers were lost: the run that a state machine drives counts it, and its bill names what it can only estimate. */
import { afterAll, expect, test } from 'vitest'
import { createTransformHandler } from '../../../functions/transform.ts'
import { FUNCTION_GB, PRICES } from '../../../lib/model/price.ts'
import { endRun } from '../../../lib/pipeline/end-run.ts'
import { planRun } from '../../../lib/pipeline/plan-run.ts'
import type { RunReport } from '../../../lib/pipeline/run-report.ts'
import type { Task } from '../../../lib/pipeline/task.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const NOW = Date.parse('2001-04-01T00:00:00Z')
const ORDERS = {
  'orders.source.yaml': `description: Orders, as they come.
key: orders/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: placed
folders: arrival
columns: {placed: TIMESTAMP, shop: VARCHAR}
start: 2001-03-01
`,
  'shop_orders.sql': `/* ---
description: What each shop sold.
entity: shop
grain: day
inputs: {orders: 1 day}
--- */
SELECT shop, count(*) AS n FROM orders GROUP BY shop
`,
}

/** A planned run of one view, its tasks level by level, and the map's door. */
async function openRun(view: string) {
  const catalog = await ticksCatalog(engine, ORDERS)
  const house = await openHouse(catalog, engine)
  await layTicks(house, marchDays(10))
  for (const day of marchDays(2)) await house.put(`orders/dt=${day}/a.csv`, `placed,shop\n${day}T10:00:00,north\n`)
  const { store } = house
  const lake = { store, bucket: () => store }
  const effects = { lake, engine, queue: house.queue, now: () => NOW, newId: () => crypto.randomUUID(), log: () => undefined }
  const request = { view, from: '2001-03-01', to: '2001-03-10', maxConcurrency: 1 }
  const options = { run: 'r1', request, settings: { prices: PRICES, taskSeconds: 300 }, concurrencyMax: 10 }
  const planned = await planRun(options, catalog, effects)
  const handler = createTransformHandler(async () => ({ catalog, effects, close: async () => undefined }))
  const json = async (key: string) => JSON.parse(Buffer.from((await store.get(key))?.bytes ?? []).toString())
  const [level] = planned.levels
  const { tasks } = (await json(level?.manifest ?? '')) as { readonly tasks: readonly Task[] }
  return {
    tasks,
    /** A try whose answer reaches nobody. */
    lose: (task: Task) => (handler as (event: unknown, context: object) => Promise<unknown>)({ task }, {}),
    call: (task: Task, index: number, triesBefore: number) => {
      const place = { run: 'r1', level: level?.level ?? 0, index }
      return (handler as (event: unknown, context: object) => Promise<unknown>)({ task, place, triesBefore }, {})
    },
    /** What the map says of a task that failed every time. */
    fail: (task: Task, name: string) => {
      const cause = JSON.stringify({ errorMessage: 'no answer' })
      const child = { Input: JSON.stringify({ task, place: {} }), Status: 'FAILED', Error: name, Cause: cause }
      return store.put(`${level?.record}/0a1b/FAILED_0.json`, Buffer.from(JSON.stringify([child])))
    },
    end: async () => {
      await endRun({ run: 'r1', aborted: false }, effects)
      const report = (await json('runs/r1/report.json')) as RunReport
      const line = (name: string) => report.bill.lines.find((one) => one.line === name)
      return { report, line }
    },
  }
}

test('an object that a lost try landed is one that the run landed', async () => {
  const { tasks, lose, call, fail, end } = await openRun('shop_orders')
  const [first, second] = tasks
  if (!first || !second) throw new Error('there are two objects to land')
  await lose(first)
  await call(first, 0, 1)
  await lose(second)
  await fail(second, 'Runtime.ExitError')
  const { report } = await end()
  expect(report).toMatchObject({ landed: 2, notLanded: 0, failed: 1 })
})

test('an object that was landed before the run needed nothing, also where it is tried twice', async () => {
  const { tasks, lose, call, end } = await openRun('shop_orders')
  const [first, second] = tasks
  if (!first || !second) throw new Error('there are two objects to land')
  await lose({ ...first, writer: 'live' })
  await call(first, 0, 1)
  await call(second, 1, 0)
  expect((await end()).report).toMatchObject({ landed: 1, notLanded: 1 })
})

test('what a lost try took is estimated by the receipts that it left', async () => {
  const { tasks, lose, call, end } = await openRun('busy')
  const [task] = tasks
  if (!task) throw new Error('there is a task')
  await lose(task)
  await call(task, 0, 1)
  const { report, line } = await end()
  expect(report).toMatchObject({ outcomes: { written: 10 }, tries: { lost: 1, uncounted: 1 } })
  expect(line('lambda lost attempts')).toMatchObject({
    amount: (report.computeMs / 1000) * FUNCTION_GB,
    high: 0,
    why: [expect.stringMatching(/^1 attempt failed, died or was cut off without a count; estimated .* at most 1,800 GB-s$/)],
  })
  expect(report.bill.usd).toBeCloseTo(report.bill.lines.reduce((sum, { usd }) => sum + usd, 0))
})

test('one that met the time limit took as long as that, each time that it was tried', async () => {
  const { tasks, fail, end } = await openRun('busy')
  const [task] = tasks
  if (!task) throw new Error('there is a task')
  await fail(task, 'Sandbox.Timedout')
  const { report, line } = await end()
  expect(report).toMatchObject({ failed: 1, tries: { lost: 3, uncounted: 3, lostMs: 3 * 900_000 } })
  expect(line('lambda lost attempts')?.amount).toBe(3 * 900 * FUNCTION_GB)
  expect(line('lambda requests')?.amount).toBe(3)
})
