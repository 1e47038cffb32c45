import { afterAll, expect, test } from 'vitest'
import { createPlanHandler } from '../../../functions/plan.ts'
import { createTransformHandler } from '../../../functions/transform.ts'
import { listAll, type ObjectStore } from '../../../lib/lake/object-store.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { putThrottle } from '../../../lib/pipeline/begin-level.ts'
import { endRun } from '../../../lib/pipeline/end-run.ts'
import { planRun } from '../../../lib/pipeline/plan-run.ts'
import { inlineMap, runBackfill } from '../../../lib/pipeline/run.ts'
import { putResults, readResults } from '../../../lib/pipeline/run-files.ts'
import { readRequest } from '../../../lib/pipeline/run-request.ts'
import { runTask } from '../../../lib/pipeline/run-task.ts'
import type { Task } from '../../../lib/pipeline/task.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { overStore } from '../../support/over-store.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const NOW = Date.parse('2001-04-01T00:00:00Z')
const REQUEST = { views: ['busy', 'busier'], from: '2001-03-01', to: '2001-03-10', maxConcurrency: 4 }

async function openLake() {
  const catalog = await ticksCatalog(engine)
  const house = await openHouse(catalog, engine)
  await layTicks(house, marchDays(10))
  const { store } = house
  const lake = { store, bucket: () => store }
  const effects = { lake, engine, queue: house.queue, now: () => NOW, newId: () => crypto.randomUUID(), log: () => undefined }
  const plan = (request: unknown, run = 'r1') =>
    planRun({ run, request, settings: { prices: PRICES, taskSeconds: 300 }, concurrencyMax: 10 }, catalog, effects)
  return { catalog, effects, store, plan }
}

type Opened = Awaited<ReturnType<typeof openLake>>

/** What a state machine does between plan and report. */
async function mapLevels({ catalog, effects, store }: Opened, planned: Awaited<ReturnType<Opened['plan']>>) {
  const handler = createTransformHandler(async () => ({ catalog, effects, close: async () => undefined }))
  for (const { level, manifest } of planned.levels) {
    const { tasks } = (await readFile(store, manifest)) as { readonly tasks: readonly Task[] }
    for (const [index, task] of tasks.entries())
      await (handler as (event: unknown, context: object) => Promise<unknown>)({ task, place: { run: planned.run, level, index } }, {})
  }
}

async function readFile(store: ObjectStore, key: string): Promise<unknown> {
  return JSON.parse(Buffer.from((await store.get(key))?.bytes ?? 'null').toString())
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  return (await listAll(store, { prefix: 'runs/' })).map(({ key }) => key)
}

/** Without what depends on how long something took, or on who drove the run. */
function timeless(value: unknown): unknown {
  const varying = new Set(['ms', 'wallMs', 'computeMs', 'bill', 'slowest', 'spent', 'planning'])
  return JSON.parse(JSON.stringify(value, (key, inner) => (varying.has(key) ? undefined : inner)))
}

test('a run driven by a state machine leaves what a run of the command line leaves', async () => {
  const [ours, theirs] = [await openLake(), await openLake()]
  const planned = await ours.plan(REQUEST)
  expect(planned).toMatchObject({
    run: 'r1',
    partitions: 10,
    maybe: 10,
    levels: [
      { level: 1, tasks: 4 },
      { level: 2, tasks: 4 },
    ],
  })
  expect(await keysOf(ours.store)).toContain('runs/active/r1.json')
  await mapLevels(ours, planned)
  expect(await endRun({ run: 'r1', aborted: false }, ours.effects)).toMatchObject({ outcomes: { written: 20 }, failed: 0, failures: [] })

  const { catalog, effects } = theirs
  const { request } = readRequest(REQUEST, catalog, 10)
  const map = inlineMap((task) => runTask(task, catalog, effects))
  await runBackfill(request, catalog, effects, map, { run: 'r1', settings: { prices: PRICES, taskSeconds: 300, tasksWanted: 4 } })
  expect((await keysOf(ours.store)).filter((key) => !key.includes('/results/'))).toEqual(
    (await keysOf(theirs.store)).filter((key) => !key.includes('/results/')),
  )
  for (const key of ['runs/r1/plan.json', 'runs/r1/tasks/1.json', 'runs/r1/tasks/2.json', 'runs/r1/report.json'])
    expect(timeless(await readFile(ours.store, key)), key).toEqual(timeless(await readFile(theirs.store, key)))
})

test('the claim holds for planning; each level renews it for as long as it may take, unless the run was ended', async () => {
  const { plan, store, catalog, effects } = await openLake()
  const planned = await plan(REQUEST)
  const expires = async () => ((await readFile(store, 'runs/active/r1.json')) as { readonly expires: number }).expires
  expect(await expires()).toBe(NOW + 2 * 3_600_000)
  const handler = createPlanHandler(
    async () => ({ catalog, effects }),
    () => 10,
  ) as unknown as (event: unknown, context: object) => Promise<unknown>
  for (const { claimMs, maxConcurrency } of planned.levels) {
    expect(claimMs).toBeGreaterThan(2 * 3_600_000)
    expect(await handler({ run: 'r1', claimMs, maxConcurrency }, {})).toEqual({ maxConcurrency: 4 })
    expect(await expires()).toBe(NOW + claimMs)
  }
  // Half as many tasks at a time, twice the time.
  await putThrottle(store, 'r1', 2)
  expect(await handler({ run: 'r1', claimMs: 2 * 3_600_000 + 5000, maxConcurrency: 4 }, {})).toEqual({ maxConcurrency: 2 })
  expect(await expires()).toBe(NOW + 2 * 3_600_000 + 10_000)
  await store.delete('runs/active/r1.json')
  await handler({ run: 'r1', claimMs: 1000, maxConcurrency: 4 }, {})
  expect(await store.head('runs/active/r1.json')).toBeUndefined()
})

test('results are read many at a time, and told in the order of their files', async () => {
  const { store } = await openLake()
  const landing = (key: string): Task => ({ kind: 'land', source: 'ticks', key, repair: false, retry: false, writer: 'r1' })
  for (let index = 0; index < 300; index++)
    await putResults(store, 'r1', { level: 0, index, results: [{ task: landing(String(index)), error: 'x' }] })
  let [atOnce, most] = [0, 0]
  const get: ObjectStore['get'] = async (key) => {
    most = Math.max(most, ++atOnce)
    // The later of two that were begun may come first.
    await new Promise((resolve) => setTimeout(resolve, Number(key.at(-6)) % 3))
    atOnce--
    return store.get(key)
  }
  const slow = overStore(store, { get })
  const told: unknown[] = []
  await readResults(slow, 'r1', (_, { task }) => void told.push('key' in task && task.key))
  expect(told).toEqual(Array.from({ length: 300 }, (_, index) => String(index)))
  expect(most).toBe(40)
})

test('a dry run writes nothing, and a price above the limit leaves no claim', async () => {
  const { plan, store } = await openLake()
  expect(await plan({ ...REQUEST, dryRun: true })).toMatchObject({ dryRun: true, partitions: 10 })
  await expect(plan({ ...REQUEST, maxCost: 0 })).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringMatching(/allowed is 0/),
  })
  expect(await keysOf(store)).toEqual([])
})

test('a task that failed is named by what its last try left, one that timed out by the record of the map', async () => {
  const opened = await openLake()
  const planned = await opened.plan(REQUEST)
  await mapLevels(opened, { ...planned, levels: planned.levels.slice(0, 1) })
  const { tasks } = (await readFile(opened.store, 'runs/r1/tasks/2.json')) as { readonly tasks: readonly Task[] }
  const [failed, timedOut, stopped] = tasks
  const put = (key: string, value: unknown) => opened.store.put(key, Buffer.from(JSON.stringify(value)))
  await put('runs/r1/results/2-000000.json', { format: 1, level: 2, results: [{ task: failed, error: 'DataError: bad' }] })
  const child = (task: unknown, more: object) => ({ Input: JSON.stringify({ task, place: {} }), Status: 'FAILED', ...more })
  await put('runs/r1/map/2/0a1b/FAILED_0.json', [
    child(failed, { Error: 'DataError', Cause: JSON.stringify({ errorMessage: 'bad' }) }),
    child(timedOut, { Error: 'Sandbox.Timedout', Cause: JSON.stringify({ errorMessage: 'Task timed out after 900.00 seconds' }) }),
    child(stopped, { Status: 'ABORTED' }),
  ])
  expect(await endRun({ run: 'r1', aborted: true }, opened.effects)).toMatchObject({
    aborted: true,
    failed: 2,
    failures: ['DataError: bad', 'Sandbox.Timedout: Task timed out after 900.00 seconds'],
  })
  expect(await keysOf(opened.store)).not.toContain('runs/active/r1.json')
  await expect(opened.plan(REQUEST)).rejects.toMatchObject({ message: expect.stringMatching(/run r1 has ended/) })
})
