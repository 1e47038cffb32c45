import { afterAll, expect, test } from 'vitest'
import { listAll } from '../../../lib/lake/object-store.ts'
import { TransientError } from '../../../lib/model/errors.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { readRun } from '../../../lib/pipeline/read-run.ts'
import type { BackfillRequest } from '../../../lib/pipeline/request.ts'
import { runBackfill, type TaskMap } from '../../../lib/pipeline/run.ts'
import { runTask } from '../../../lib/pipeline/run-task.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const NOW = Date.parse('2001-04-01T00:00:00Z')
const REQUEST: BackfillRequest = {
  views: ['busy', 'busier'],
  period: { from: '2001-03-01', to: '2001-03-10' },
  with: 'none',
  reprocess: 'stale',
  missingInputs: 'block',
  reason: 'a test',
}
const clock = { now: () => NOW }
const dead = { ...clock, isGone: () => true }

/** A run whose tasks the test does; `before` is called with the number of each task. */
async function startRun(before: (task: number) => Promise<void>, holder?: string) {
  const catalog = await ticksCatalog(engine)
  const house = await openHouse(catalog, engine)
  await layTicks(house, marchDays(10))
  const { store } = house
  const lake = { store, bucket: () => store }
  const effects = { lake, engine, queue: house.queue, now: () => NOW, newId: () => crypto.randomUUID(), log: () => undefined }
  let tasks = 0
  const map: TaskMap = {
    concurrency: 1,
    runTask: async (task) => {
      await before(++tasks)
      return runTask(task, catalog, effects)
    },
  }
  const settings = { prices: PRICES, taskSeconds: 300, tasksWanted: 5 }
  const run = runBackfill(REQUEST, catalog, effects, map, { run: 'r1', settings, ...(holder !== undefined && { holder }) })
  return { store, run }
}

const never = () => new Promise<void>(() => undefined)

test('a run that finished is read as it reported itself', async () => {
  const { store, run } = await startRun(async () => undefined)
  const { report } = await run
  const record = await readRun(store, 'r1', clock)
  expect(record).toEqual({ state: 'finished', report: JSON.parse(JSON.stringify(report)) })
  expect(record.report).toMatchObject({
    reason: 'a test',
    request: REQUEST,
    outcomes: { written: 20 },
    plan: { partitions: 10, maybe: 10, tasks: 10 },
  })
  const names = (await listAll(store, { prefix: 'runs/' })).map(({ key }) => key)
  expect(names).toEqual(expect.arrayContaining(['runs/r1/plan.json', 'runs/r1/tasks/1.json', 'runs/r1/report.json']))
})

test('a run that was killed gives what its tasks had given until then', async () => {
  let reached: (value: unknown) => void = () => undefined
  const third = new Promise((resolve) => {
    reached = resolve
  })
  const { store } = await startRun(async (task) => {
    if (task < 3) return
    reached(undefined)
    await never()
  }, '1@here')
  await third
  await expect.poll(async () => (await listAll(store, { prefix: 'runs/r1/results/' })).length).toBe(2)

  const { state, report } = await readRun(store, 'r1', dead)
  expect(state).toBe('killed')
  expect(report).toMatchObject({ run: 'r1', outcomes: { written: 3 }, aborted: false })
  expect(report.levels).toMatchObject([
    { level: 0, tasks: 0 },
    { level: 1, tasks: 5, done: 2 },
    { level: 2, tasks: 5, done: 0 },
  ])
  expect(report.bill.lines.find(({ line }) => line === 'lambda requests')).toMatchObject({ amount: 2, low: 10 })
  expect(report.bill.lines.flatMap(({ why }) => why)).toContain('8 of 10 tasks did not end')
  expect(await readRun(store, 'r1', clock)).toMatchObject({ state: 'running' })
  expect(await readRun(store, 'r1', { now: () => NOW + 86_400_000 })).toMatchObject({ state: 'killed' })
})

test('tasks that fail are told, and so is that nobody counted what they used', async () => {
  const { store, run } = await startRun(async (task) => {
    if (task === 2) throw new TransientError('the disk is full')
  })
  await run
  const { report } = await readRun(store, 'r1', clock)
  expect(report).toMatchObject({ failed: 1, failures: [{ error: 'the disk is full' }] })
  const lost = report.bill.lines.find(({ line }) => line === 'lambda lost attempts')
  expect(lost?.why.join()).toMatch(/^1 attempt failed, died or was cut off without a count; .* at most 1,800 GB-s$/)
})

test('says which runs there are, and what is damaged', async () => {
  const { store, run } = await startRun(async () => undefined)
  await run
  const put = (key: string, text: string) => store.put(key, Buffer.from(text))
  await put('runs/r2/report.json', '{"format": 1}')
  await put('runs/r3/report.json', 'no json')
  await put('runs/r4/report.json', '{"format": 2}')
  await put('runs/r5/plan.json', '{"format": 1, "request": {}}')
  await put('runs/active/r6.json', '{"format": 1, "run": "r6", "ranges": {}, "expires": 1e15, "holder": "1@here"}')
  const says = async (name: string, options = clock) => (await readRun(store, name, options).catch((error: Error) => error)) as Error
  expect(await says('r2')).toMatchObject({
    name: 'DataError',
    message: "memory/runs/r2/report.json has no 'run'; it is damaged, or an older build wrote it",
  })
  expect(await says('r3')).toMatchObject({ name: 'DataError', message: expect.stringContaining('is not JSON') })
  expect(await says('r4')).toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringContaining('has format 2; this build reads format 1'),
  })
  expect(await says('r5')).toMatchObject({ name: 'DataError', message: expect.stringContaining("runs/r5/plan.json has no 'views'") })
  expect(await says('r6')).toMatchObject({ message: 'run r6 is still planning; there is nothing to report yet' })
  expect(await says('r6', dead)).toMatchObject({ message: 'run r6 was killed before it had a plan; there is nothing to report' })
  expect(await says('r7')).toMatchObject({
    name: 'InvalidInputError',
    message: "there is no run 'r7' in the lake; expected one of r5, r4, r3, r2, r1",
  })
  expect(await says('../x')).toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringContaining("'../x' is not the name of a run"),
  })
})
