import { afterAll, expect, test } from 'vitest'
import { PUBLISHED_KEY } from '../../../../lib/lake/keys.ts'
import { listAll } from '../../../../lib/lake/object-store.ts'
import { writeRegistry } from '../../../../lib/lake/registry.ts'
import { type Catalog, EMPTY_CATALOG } from '../../../../lib/model/catalog.ts'
import type { StateKind } from '../../../../lib/model/states.ts'
import type { Coverage } from '../../../../lib/pipeline/report/coverage.ts'
import { lakePage, runPage } from '../../../../lib/pipeline/report/page.ts'
import { lakeHead } from '../../../../lib/report/lake.ts'
import { renderSources } from '../../../../lib/report/views.ts'
import { type House, openHouse, openTestEngine } from '../../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const DAY_MS = 86_400_000

const HOURLY = `/* ---
description: Ticks of an hour.
entity: id
grain: hour
inputs: {ticks: 1 hour}
columns: {n: how many}
--- */
SELECT id, count(*) AS n, count(*) + 1 AS a, count(*) + 2 AS b, count(*) + 3 AS c, count(*) + 4 AS d, count(*) + 5 AS e, count(*) + 6 AS f, 'x' AS text
FROM ticks GROUP BY id
`

async function open(more: Readonly<Record<string, string>> = {}, days = 10): Promise<House> {
  const house = await openHouse(await ticksCatalog(engine, more), engine)
  house.now = Date.parse('2001-03-12T06:00:00Z')
  await layTicks(house, marchDays(days))
  return house
}

const effectsOf = ({ store, now }: House) => ({ lake: { store, bucket: () => store }, engine, now: () => now })
const pageOf = (house: House, catalog: Catalog = house.catalog) => lakePage(catalog, effectsOf(house))

function total({ calendar }: Coverage): Partial<Record<StateKind, number>> {
  const sums: Partial<Record<StateKind, number>> = {}
  for (const { states } of calendar)
    for (const [state, amount] of Object.entries(states) as [StateKind, number][]) sums[state] = (sums[state] ?? 0) + amount
  return sums
}

test('the calendar of a view has each of its partitions once, hours folded to their days', async () => {
  const house = await open({ 'hourly.sql': HOURLY })
  await house.backfill({ from: '2001-03-02', to: '2001-03-09' }, { views: ['busy', 'hourly'] })
  const { views } = await pageOf(house)
  const [busy, busier, hourly] = ['busy', 'busier', 'hourly'].map((name) => views.find(({ view }) => view === name))
  // From the start of the source to the newest day that has ended, which has no data yet.
  expect(busy?.coverage.calendar.map(({ name }) => name)).toEqual(marchDays(11))
  expect(total(busy?.coverage ?? { calendar: [], cells: 'day', partitions: 0, older: 0 })).toEqual({ missing: 2, fresh: 8, blocked: 1 })
  expect(busy?.coverage).toMatchObject({ cells: 'day', partitions: 11, older: 0 })
  expect(busier?.status.states).toMatchObject({ missing: expect.any(Number) })
  expect(hourly?.coverage.calendar[0]).toEqual({ name: '2001-03-01', states: { missing: 24 } })
  expect(hourly?.coverage.calendar[1]).toEqual({ name: '2001-03-02', states: { fresh: 24 } })
  expect(hourly?.coverage.calendar.at(-1)).toMatchObject({ name: '2001-03-12', states: { pending: 6 } })
  for (const one of [busy, busier, hourly]) if (one) expect(total(one.coverage)).toEqual(one.status.states)
})

test('values are sampled, and what is not shown is said', async () => {
  const house = await open({ 'hourly.sql': HOURLY })
  await house.backfill({ from: '2001-03-01', to: '2001-03-10' }, { views: ['busy', 'hourly'] })
  const { views } = await pageOf(house)
  const busy = views.find(({ view }) => view === 'busy')?.values
  expect(busy).toMatchObject({ of: 10, partitions: marchDays(10), rows: Array(10).fill(2), furtherColumns: [], unreadable: [] })
  expect(busy?.columns.map(({ name, quantiles }) => [name, quantiles.map((one) => one?.q50)])).toEqual([
    ['n', [1, 2, 3, 3, 3, 3, 3, 3, 3, 3]],
    ['mean_hour', Array(10).fill(1.5)],
  ])
  const hourly = views.find(({ view }) => view === 'hourly')?.values
  expect(hourly).toMatchObject({ of: 240, sampled: expect.stringMatching(/^hour \d\d$/), furtherColumns: ['f'], otherColumns: ['text'] })
  expect(hourly?.columns.map(({ name, comment }) => [name, comment])[0]).toEqual(['n', 'how many'])
  expect(hourly?.partitions).toHaveLength(10)
})

test('an output that somebody damaged is named, and the rest is read', async () => {
  const house = await open()
  await house.backfill({ from: '2001-03-01', to: '2001-03-05' })
  const [key] = (await listAll(house.store, { prefix: 'features/busy/' }))
    .map((object) => object.key)
    .filter((name) => name.endsWith('.parquet'))
  await house.store.put(key ?? '', Buffer.from('no parquet'))
  const values = (await pageOf(house)).views.find(({ view }) => view === 'busy')?.values
  expect(values?.unreadable).toMatchObject([{ partition: '2001-03-01', reason: expect.stringContaining('the file') }])
  expect(values?.partitions).toEqual(marchDays(5).slice(1))
})

test('raw data that nobody reads is named', async () => {
  const house = await open()
  await house.put('ticks/dt=2001-3-4/ticks.csv', 'at,id\n')
  const { sources } = await pageOf(house)
  expect(sources[0]?.unmatched).toMatchObject({ objects: 1, keys: ['ticks/dt=2001-3-4/ticks.csv'] })
  expect(renderSources(sources).text).toContain('not read: 1 object of ticks whose key does not fit')
})

test('a candidate is compared with what is published, where both stand', async () => {
  const house = await open()
  await house.backfill({ from: '2001-03-01', to: '2001-03-06' }, { views: ['busy'] })
  const old = house.catalog.candidates.get('busy') ?? ''
  await writeRegistry(house.store, house.catalog, house.now)
  const text = `/* ---
description: Ticks of two days.
entity: id
grain: day
inputs: {ticks: 2 days}
warm_up: compute
--- */
SELECT id, count(*) AS n, count(*) * 2 AS twice FROM ticks GROUP BY id
`
  const catalog = await ticksCatalog(engine, { 'busy.sql': text })
  const made = await openHouse(catalog, engine)
  for (const { key } of await listAll(house.store, { prefix: '' })) {
    const object = await house.store.get(key)
    if (object) await made.store.put(key, object.bytes)
  }
  made.now = house.now
  await made.backfill({ from: '2001-03-02', to: '2001-03-06' }, { views: ['busy'] })
  await made.store.put(PUBLISHED_KEY, Buffer.from(JSON.stringify({ format: 1, views: { busy: old } })))
  const both: Catalog = { ...catalog, features: new Map([...house.catalog.features, ...catalog.features]) }

  const { compared, views, commands } = await pageOf(made, both)
  expect(compared).toHaveLength(1)
  expect(compared[0]).toMatchObject({
    view: 'busy',
    published: old,
    candidate: catalog.candidates.get('busy'),
    partitions: marchDays(6).slice(1),
    of: 5,
    rows: Array(5).fill(2),
    // On the second day both windows reach to the start.
    different: [0, 2, 2, 2, 2],
    columns: [{ name: 'n', different: 8 }],
    medians: [{ name: 'n', published: [2, 3, 3, 3, 3], candidate: [2, 2, 2, 2, 2] }],
    onlyPublished: ['mean_hour'],
    onlyCandidate: ['twice'],
  })
  expect(
    views
      .filter(({ view }) => view === 'busy')
      .map(({ published, candidate }) => [published, candidate])
      .sort(),
  ).toEqual([
    [false, true],
    [true, false],
  ])
  expect(commands.map(({ command }) => command)).toContain('hindcast publish busy')
  // Published versions that read each other go together, or the command would be refused.
  const busier = house.catalog.candidates.get('busier') ?? ''
  await made.store.put(PUBLISHED_KEY, Buffer.from(JSON.stringify({ format: 1, views: { busy: old, busier } })))
  const linked = await pageOf(made, both)
  expect(linked.commands.map(({ command }) => command)).toContain('hindcast publish busy busier')
  // Two views, each in two versions.
  expect(linked.views).toHaveLength(4)
  expect(lakeHead(linked).text).toContain('<dt>views</dt><dd>2</dd>')
})

test('a page of a run shows what it did and what to do about it', async () => {
  const refusing = `/* ---
description: Ticks of three days, too few.
entity: id
grain: day
inputs: {ticks: 3 days}
warm_up: compute
expect: [n < 3]
--- */
SELECT id, count(*) AS n FROM ticks GROUP BY id
`
  const strict = await open({ 'busy.sql': refusing })
  const { report } = await strict.backfill({ from: '2001-03-01', to: '2001-03-06' })
  const page = await runPage(report.run, strict.catalog, effectsOf(strict))
  expect(page.run).toMatchObject({ state: 'finished', report: { run: report.run, outcomes: { written: 4, rejected: 4 } } })
  const busy = page.views.find(({ view }) => view === 'busy')
  expect(busy?.coverage.calendar.map(({ states }) => Object.keys(states)[0])).toEqual(['fresh', 'fresh', ...Array(4).fill('rejected')])
  expect(busy?.quarantine).toMatchObject({ objects: 4, newest: expect.arrayContaining([expect.stringContaining('dt=2001-03-06/')]) })
  expect(page.commands.map(({ command }) => command)).toEqual(
    expect.arrayContaining([
      'hindcast explain busy 2001-03-06',
      'hindcast backfill busy --from 2001-03-03 --to 2001-03-06 --reprocess failed',
      'hindcast backfill busier --from 2001-03-03 --to 2001-03-06 --with upstream',
    ]),
  )
  const gone = await runPage(report.run, { ...strict.catalog, features: new Map() }, effectsOf(strict))
  expect([gone.views, gone.goneViews]).toEqual([[], report.plan.views.map(({ view, version }) => `${view}@${version}`)])
})

test('a lake of long ago ends a month after its newest partition, and its runs are named', async () => {
  const house = await open()
  const { report } = await house.backfill({ from: '2001-03-01', to: '2001-03-10' }, { views: ['busy'] })
  await house.store.put('runs/broken/report.json', Buffer.from('{"format":1}'))
  house.now += 9000 * DAY_MS
  const page = await pageOf(house)
  const busy = page.views.find(({ view }) => view === 'busy')
  expect(busy?.coverage.calendar.at(-1)).toMatchObject({ name: '2001-04-10', states: { blocked: 1 } })
  expect(page.runs).toMatchObject([{ run: report.run, state: 'finished', outcomes: { written: 10 } }])
  expect(page.brokenRuns).toEqual(['broken'])
})

test('an empty lake gives a page too', async () => {
  const house = await openHouse(await ticksCatalog(engine), engine)
  house.now = Date.parse('2001-03-12T06:00:00Z')
  const page = await pageOf(house)
  expect(page.views.map(({ values }) => values.partitions)).toEqual([[], []])
  expect(await lakePage(EMPTY_CATALOG, effectsOf(house))).toMatchObject({
    views: [],
    commands: [],
  })
})
