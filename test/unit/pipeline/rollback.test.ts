/** Going back: gaps are filled first, then all views switch at once. */
import { afterAll, expect, it } from 'vitest'
import { readPublished } from '../../../lib/lake/published.ts'
import { withVersions } from '../../../lib/lake/registry.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { drop } from '../../../lib/pipeline/drop.ts'
import { outputNames } from '../../../lib/pipeline/lacking.ts'
import { type RollbackGap, rollback } from '../../../lib/pipeline/rollback.ts'
import { inlineMap } from '../../../lib/pipeline/run.ts'
import { runTask } from '../../../lib/pipeline/run-task.ts'
import { openTestEngine } from '../../support/house.ts'
import { DAY_MS, editedTicks, openVersionsLake, putTick, putTicks, TICK_FILES, type VersionsLake } from '../../support/versions-lake.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const CHANGED = editedTicks('busy.sql', 'sum(amount)', 'max(amount)')

/** Two published sets of versions over the first eight days. */
async function published() {
  const lake = openVersionsLake(engine)
  lake.now = Date.parse('2001-03-09T06:00:00Z')
  await putTicks(lake.store, 8)
  const versions: Record<string, string>[] = []
  for (const files of [TICK_FILES, CHANGED]) {
    versions.push(await lake.register(files))
    await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-08' })
    await lake.publish(['busy', 'busier'])
  }
  const [first = {}, second = {}] = versions
  return { lake, first, second }
}

const viewsOf = async (lake: VersionsLake) => (await readPublished(lake.store)).value.views

/** As the CLI does: tasks find versions that are not live in the registry. */
async function goBack(lake: VersionsLake, views: readonly string[], gaps: RollbackGap[] = [], signal?: AbortSignal) {
  const { catalog } = await lake.house()
  const map = inlineMap(async (task) =>
    runTask(task, task.kind === 'task' ? await withVersions(lake.store, catalog, [task]) : catalog, lake.effects),
  )
  let runs = 0
  return rollback(views, lake.effects, map, {
    settings: { prices: PRICES, taskSeconds: 300, tasksWanted: 1 },
    newRun: () => `back-${runs++}`,
    onGap: (gap) => gaps.push(gap),
    ...(signal && { signal }),
  })
}

it('switches at once where live kept the previous version whole', async () => {
  const { lake, first, second } = await published()
  const { runs, publish } = await goBack(lake, ['busy', 'busier'])
  expect(runs).toEqual([])
  expect(publish?.published).toMatchObject([
    { view: 'busy', version: first.busy, before: second.busy },
    { view: 'busier', version: first.busier, before: second.busier },
  ])
  expect(await viewsOf(lake)).toEqual({ busier: first.busier, busy: first.busy })
  // And back again: what was published is the previous one now.
  await goBack(lake, ['busier', 'busy'])
  expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
})

it('names and fills what the previous version lacks, long after live stopped computing it', async () => {
  const { lake, first, second } = await published()
  lake.now += 10 * DAY_MS
  await putTick(lake.store, 9)
  await putTick(lake.store, 10)
  await (await lake.house()).sweep()
  expect((await outputNames(lake.store, { view: 'busy', version: second.busy ?? '' })).at(-1)).toBe('2001-03-10')
  expect((await lake.house()).catalog.features.has(`busy@${first.busy}`)).toBe(false)
  const gaps: RollbackGap[] = []
  const { runs } = await goBack(lake, ['busier', 'busy'], gaps)
  expect(gaps).toMatchObject([
    { view: 'busy', version: first.busy, partitions: '2 partitions (2001-03-09..2001-03-10)', missing: ['2001-03-09', '2001-03-10'] },
    { view: 'busier', version: first.busier, missing: ['2001-03-09', '2001-03-10'] },
  ])
  expect(runs.map(({ outcomes, reason }) => [outcomes, reason])).toMatchObject([
    [{ written: 2 }, `rollback of busy to ${first.busy}`],
    [{ written: 2 }, `rollback of busier to ${first.busier}`],
  ])
  expect(await viewsOf(lake)).toEqual({ busier: first.busier, busy: first.busy })
  for (const view of ['busy', 'busier']) expect((await outputNames(lake.store, { view, version: first[view] ?? '' })).length).toBe(10)
})

it('views that read each other go back together', async () => {
  const { lake, second } = await published()
  await expect(goBack(lake, ['busy'])).rejects.toThrow(
    /view busier, published as .* reads .* of busy; switch both: hindcast rollback busy busier/,
  )
  expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
})

it('says when there is nothing to go back to', async () => {
  const { lake, first, second } = await published()
  await expect(goBack(lake, ['bsy'])).rejects.toThrow('view bsy was never published, so there is nothing to go back to')
  lake.now += 8 * DAY_MS
  await drop({ view: 'busier', version: first.busier ?? '' }, lake.effects)
  await expect(goBack(lake, ['busy', 'busier'])).rejects.toThrow(
    `view busier has no previous version: ${second.busier} is the first that was published, or the one before was dropped; hindcast versions busier`,
  )
})

it('refuses while partitions could not be computed, and switches nothing when it is interrupted', async () => {
  const { lake, first, second } = await published()
  lake.now += 10 * DAY_MS
  for (const day of [9, 10]) await putTick(lake.store, day)
  await (await lake.house()).sweep()
  const abort = new AbortController()
  abort.abort()
  expect((await goBack(lake, ['busier', 'busy'], [], abort.signal)).publish).toBeUndefined()
  expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
  // What has gone since is blocked for the previous version, and told.
  await lake.store.delete('ticks/dt=2001-03-10/ticks.csv')
  const { publish } = await goBack(lake, ['busier', 'busy'])
  expect(publish?.published).toMatchObject([
    { view: 'busier', version: first.busier, leftOut: [{ state: 'blocked', first: '2001-03-10' }] },
    { view: 'busy', version: first.busy, leftOut: [{ state: 'blocked', first: '2001-03-10' }] },
  ])
})

it('a publish of someone else meanwhile wins, and the rollback says so', async () => {
  const { lake, second } = await published()
  const third = await lake.register(editedTicks('busy.sql', 'sum(amount)', 'min(amount)'))
  await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-08' })
  lake.now += 10 * DAY_MS
  await putTick(lake.store, 9)
  await (await lake.house()).sweep()
  const { catalog } = await lake.house()
  let published3 = false
  const map = inlineMap(async (task) => {
    if (!published3) await lake.publish(['busy', 'busier'])
    published3 = true
    return runTask(task, task.kind === 'task' ? await withVersions(lake.store, catalog, [task]) : catalog, lake.effects)
  })
  const options = { settings: { prices: PRICES, taskSeconds: 300, tasksWanted: 1 }, newRun: () => 'back' }
  await expect(rollback(['busy', 'busier'], lake.effects, map, options)).rejects.toThrow(
    `someone else published first: busy is version ${third.busy}`,
  )
  expect(await viewsOf(lake)).toEqual({ busier: third.busier, busy: third.busy })
  expect((await readPublished(lake.store)).value.previous?.busy?.version).toBe(second.busy)
})
