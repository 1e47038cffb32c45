/** The gate and the publish of a run that a state machine drives, in the order in which it calls them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recomputeEffects } from '../../../functions/recompute.ts'
import { createTransformHandler } from '../../../functions/transform.ts'
import { listAll } from '../../../lib/lake/object-store.ts'
import { readPublished } from '../../../lib/lake/published.ts'
import type { Catalog } from '../../../lib/model/catalog.ts'
import { TransientError, Unfinished } from '../../../lib/model/errors.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { endRun } from '../../../lib/pipeline/end-run.ts'
import type { GateEffects } from '../../../lib/pipeline/gate.ts'
import { planRun } from '../../../lib/pipeline/plan-run.ts'
import { publishPlanned } from '../../../lib/pipeline/publish-planned.ts'
import { registerDefinitions } from '../../../lib/pipeline/register.ts'
import type { RunReport } from '../../../lib/pipeline/run-report.ts'
import type { Task } from '../../../lib/pipeline/task.ts'
import { readGate, verifyRun } from '../../../lib/pipeline/verify-run.ts'
import { forgeOutput } from '../../support/forge-receipt.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { overStore } from '../../support/over-store.ts'
import { layTicks, marchDays, TICKS_FILES, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
let catalog: Catalog
beforeAll(async () => {
  catalog = await ticksCatalog(engine)
})
afterAll(() => engine.close())

const NOW = Date.parse('2001-03-20T00:00:00Z')
const DAYS = marchDays(10)
const REQUEST = { views: ['busy', 'busier'], from: '2001-03-01', to: '2001-03-10', publish: true }

/** Live has written both views of the first ten days. */
async function openLived() {
  const house = await openHouse(catalog, engine)
  house.now = NOW
  const files = Object.entries(TICKS_FILES).map(([file, text]) => ({ file, text }))
  await registerDefinitions(house.store, catalog, { now: NOW, breaking: false, files })
  await layTicks(house, DAYS)
  await house.sweep()
  const { store } = house
  const lake = { store, bucket: () => store }
  const effects = { lake, engine, queue: house.queue, now: () => NOW, newId: () => crypto.randomUUID(), log: house.environment.effects.log }
  const settings = { prices: PRICES, taskSeconds: 300 }
  return {
    store,
    effects,
    told: (event: string) => house.events.filter((one) => one.event === event),
    plan: (request: object = REQUEST) => planRun({ run: 'r1', request, settings, concurrencyMax: 10 }, catalog, effects),
    verify: (more: Partial<ReturnType<typeof recomputeEffects>> = {}) =>
      verifyRun('r1', catalog, { ...recomputeEffects(effects), ...more }),
    publish: () => publishPlanned('r1', effects),
    end: (aborted = false) => endRun({ run: 'r1', aborted }, effects),
    report: async () => JSON.parse(Buffer.from((await store.get('runs/r1/report.json'))?.bytes ?? []).toString()) as RunReport,
    published: async () => (await readPublished(store)).value.views,
  }
}

type Lived = Awaited<ReturnType<typeof openLived>>

/** What the state machine does between the gate and the publish; tasks of these indices fail. */
async function mapLevels({ store, effects }: Lived, planned: Awaited<ReturnType<Lived['plan']>>, failing: readonly number[] = []) {
  const handler = createTransformHandler(async () => ({ catalog, effects, close: async () => undefined }))
  for (const { level, manifest, record } of planned.levels) {
    const { tasks } = JSON.parse(Buffer.from((await store.get(manifest))?.bytes ?? []).toString()) as { readonly tasks: readonly Task[] }
    const failed = tasks.filter((_, index) => failing.includes(index))
    for (const [index, task] of tasks.entries())
      if (!failed.includes(task))
        await (handler as (event: unknown, context: object) => Promise<unknown>)({ task, place: { run: 'r1', level, index } }, {})
    const put = (name: string, value: unknown) => store.put(`${record}/0a1b/${name}`, Buffer.from(JSON.stringify(value)))
    if (failed.length > 0)
      await put(
        'FAILED_0.json',
        failed.map((task) => ({ Input: JSON.stringify({ task }), Error: 'DataError', Cause: JSON.stringify({ errorMessage: 'bad' }) })),
      )
    await put('manifest.json', {})
  }
}

const folderOf = (view: string, day: string) => `features/${view}/v=${catalog.candidates.get(view)}/dt=${day}/`

test('a run whose views are verified is published with one put, and its report says both; asked again, it says the same', async () => {
  const lived = await openLived()
  const planned = await lived.plan({ ...REQUEST, reprocess: 'all' })
  expect(planned.publish).toBe(true)
  expect(await lived.verify()).toEqual({ run: 'r1', verdict: 'verified', compared: 10 })
  expect(await lived.verify()).toEqual({ run: 'r1', verdict: 'verified', compared: 10 })
  await mapLevels(lived, planned)
  expect(await lived.publish()).toEqual({ run: 'r1', published: 2, unchanged: 0 })
  expect(await lived.publish()).toEqual({ run: 'r1', published: 2, unchanged: 0 })
  expect(await lived.published()).toEqual(Object.fromEntries(catalog.candidates))
  expect(lived.told('gate')).toMatchObject([
    { run: 'r1', view: 'busy', verdict: 'verified', compared: 5 },
    { run: 'r1', view: 'busier', verdict: 'verified', compared: 5 },
  ])
  expect(lived.told('published')).toMatchObject([{ run: 'r1', view: 'busy' }, { view: 'busier' }])
  const gate = { verdict: 'verified', compared: 10, different: [] }
  expect(await lived.end()).toMatchObject({ aborted: false, failed: 0, gate, publish: { kind: 'published' } })
  const [line] = (await lived.report()).bill.lines.filter((one) => one.line === 'lambda verification')
  expect(line).toMatchObject({ unit: 'GB-s', low: 0, why: ['10 partitions that live wrote were computed again before the run'] })
  expect(line?.amount).toBeGreaterThan(0)
  expect(line?.high).toBeGreaterThan(1)
})

test('a publish whose tables could not be written holds, and the report says what is to be done', async () => {
  const lived = await openLived()
  const planned = await lived.plan({ ...REQUEST, reprocess: 'all' })
  await lived.verify()
  await mapLevels(lived, planned)
  const throttled = () => Promise.reject(new TransientError('throttled'))
  const tables = { database: 'features', read: throttled, put: throttled, delete: throttled, list: throttled }
  const lake = { ...lived.effects.lake, store: overStore(lived.store, { location: 's3://lake' }) }
  expect(await publishPlanned('r1', { ...lived.effects, lake, tables })).toMatchObject({ published: 2 })
  const reason = /table\(s\) were not written; hindcast catalog repair does it: .*busy: throttled/
  expect(await lived.end()).toMatchObject({ publish: { kind: 'published', reason: expect.stringMatching(reason) } })
})

test('a difference stops the run before it computes, by a name of its own', async () => {
  const lived = await openLived()
  await forgeOutput(lived.store, folderOf('busy', '2001-03-08'), folderOf('busy', '2001-03-09'))
  await lived.plan()
  const message = 'what live wrote is not what a backfill gives: busy 2001-03-09; nothing was written'
  for (const _ of [1, 2]) await expect(lived.verify()).rejects.toMatchObject({ name: 'LiveDiffers', message })
  expect(await lived.end()).toMatchObject({ gate: { verdict: 'different', different: ['busy 2001-03-09'] } })
  expect(await lived.published()).toEqual({})
})

test('nothing compared blocks the publish by a name of its own, unless the request says otherwise', async () => {
  for (const unverified of [false, true]) {
    const lived = await openLived()
    for (const view of ['busy', 'busier'])
      for (const { key } of await listAll(lived.store, { prefix: `features/${view}/` })) await lived.store.delete(key)
    const planned = await lived.plan({ ...REQUEST, unverified })
    expect(await lived.verify()).toMatchObject({ verdict: 'not_verified', compared: 0 })
    await mapLevels(lived, planned)
    if (unverified) expect(await lived.publish()).toMatchObject({ published: 2 })
    else await expect(lived.publish()).rejects.toMatchObject({ name: 'NotVerified', message: /nothing was compared/ })
    expect(Object.keys(await lived.published())).toHaveLength(unverified ? 2 : 0)
    expect(await lived.end()).toMatchObject({ publish: { kind: unverified ? 'published' : 'not_verified' } })
  }
})

test('a run that lost tasks, or a map that left no record, publishes nothing', async () => {
  const lived = await openLived()
  const planned = await lived.plan({ ...REQUEST, reprocess: 'all' })
  await lived.verify()
  await expect(lived.publish()).rejects.toMatchObject({ name: 'NotPublished', message: 'the map of level 1, 2 left no record of its end' })
  await mapLevels(lived, planned, [0])
  await expect(lived.publish()).rejects.toMatchObject({ name: 'NotPublished', message: '2 task(s) of the run failed' })
  expect(await lived.published()).toEqual({})
})

test('a gate that runs out of time goes on where it stopped, on a smaller sample', async () => {
  const lived = await openLived()
  await lived.plan()
  const compared: string[] = []
  const slow = (most: number): Pick<GateEffects, 'recompute'> => ({
    recompute: async (lake, task, known) => {
      const report = await recomputeEffects(lived.effects).recompute(lake, task, known)
      if (task.view === 'busy' && report.outcomes.length > most) throw new Unfinished('view busy is not finished')
      compared.push(`${task.view} ${report.outcomes.length}`)
      return report
    },
  })
  const asked: number[] = []
  for (const _ of [1, 2]) {
    await expect(lived.verify(slow(1))).rejects.toMatchObject({ name: 'Unfinished' })
    const file = await lived.store.get('runs/r1/gate.json')
    asked.push(JSON.parse(Buffer.from(file?.bytes ?? []).toString()).spent.requests.lists)
  }
  let left = 100_000
  const timeLeftMs = () => {
    left -= 50_000
    return left
  }
  await expect(lived.verify({ ...slow(1), timeLeftMs })).rejects.toMatchObject({ name: 'Unfinished', message: /busier/ })
  expect(await lived.verify(slow(1))).toEqual({ run: 'r1', verdict: 'verified', compared: 6 })
  expect(compared).toEqual(['busy 1', 'busier 5'])
  // What every call took is on the bill.
  asked.push((await readGate(lived.store, 'r1'))?.spent?.requests.lists ?? 0)
  expect(asked).toEqual(asked.toSorted((a, b) => a - b))
  expect(new Set([0, ...asked]).size).toBe(4)
})

test('a view of which no partition fits is not verified; what passes is no reason for a smaller sample', async () => {
  const lived = await openLived()
  await lived.plan({ ...REQUEST, views: ['busy'] })
  let error: Error = new Unfinished('not finished')
  const recompute = () => Promise.reject(error)
  for (const _ of [1, 2]) await expect(lived.verify({ recompute })).rejects.toThrow('not finished')
  error = new Error('the network')
  for (const _ of [1, 2]) await expect(lived.verify({ recompute })).rejects.toThrow('the network')
  error = new Unfinished('not finished')
  await expect(lived.verify({ recompute })).rejects.toThrow('not finished')
  expect(await lived.verify({ recompute })).toEqual({ run: 'r1', verdict: 'not_verified', compared: 0 })
  expect((await readGate(lived.store, 'r1'))?.views[0]?.reason).toMatch(/not one of its partitions could be compared in the time/)
})
