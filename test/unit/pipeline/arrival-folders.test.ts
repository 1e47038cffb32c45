/** An object that arrived is read or not by where it lies, never by which door saw it. */
import { afterAll, expect, it } from 'vitest'
import { PRICES } from '../../../lib/model/price.ts'
import { planBackfill } from '../../../lib/pipeline/plan.ts'
import { catalogOf, openHouse, openTestEngine, snapshot } from '../../support/house.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const PERIOD = { from: '2001-03-01', to: '2001-03-04' }
const DEFINITIONS = [
  {
    file: 'ticks.source.yaml',
    text: 'description: Ticks.\nkey: ticks/{yyyy}/{MM}/{dd}/{HH}/\nformat: csv\nfolders: arrival\nevent_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR}\nstart: 2001-03-01\n',
  },
  {
    file: 'busy.sql',
    text: '/* ---\ndescription: Ticks of a day.\nentity: id\ngrain: day\ninputs: {ticks: 1 day}\n--- */\nSELECT id, count(*) AS n FROM ticks GROUP BY id\n',
  },
]
const OBJECTS = [
  ['ticks/2001/03/02/05/a', '2001-03-02 05:00:00,a'],
  // A mistyped year, the hour after next, and what came before the source starts.
  ['ticks/2031/03/02/05/b', '2001-03-02 05:00:00,b'],
  ['ticks/2001/03/05/08/c', '2001-03-03 05:00:00,c'],
  ['ticks/2001/02/28/23/d', '2001-03-01 00:05:00,d'],
] as const

it('live reads the objects that a backfill reads, in whatever folder', async () => {
  const catalog = await catalogOf(DEFINITIONS, engine)
  const [live, back, swept] = [await openHouse(catalog, engine), await openHouse(catalog, engine), await openHouse(catalog, engine)]
  for (const house of [live, back, swept]) {
    house.now = Date.parse('2001-03-05T06:00:00Z')
    for (const [key, row] of OBJECTS) await house.put(key, `at,id\n${row}\n`, { tell: house === live })
  }
  expect(live.events.filter(({ event }) => event === 'ignored')).toEqual([
    { event: 'ignored', key: 'ticks/2001/02/28/23/d', reason: 'lies before the start of ticks' },
  ])
  await live.sweep()
  await swept.sweep()
  await back.backfill(PERIOD)
  const expected = await outputs(back)
  expect(Object.keys(expected)).toHaveLength(4)
  expect(await outputs(live)).toEqual(expected)
  expect(await outputs(swept)).toEqual(expected)
  const request = { views: ['busy'], period: PERIOD, with: 'none', reprocess: 'none', missingInputs: 'block', reason: 'test' } as const
  const plan = await planBackfill(request, catalog, live.environment.effects, { prices: PRICES, taskSeconds: 300, tasksWanted: 1 })
  expect([plan.landings, plan.unmatched, plan.partitions]).toEqual([[], [], 0])
})

async function outputs(house: Awaited<ReturnType<typeof openHouse>>) {
  const found = await snapshot(house.store, 'features/')
  return Object.fromEntries(Object.entries(found).filter(([key]) => key.endsWith('/features.parquet')))
}
