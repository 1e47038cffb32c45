import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Catalog } from '../../../lib/model/catalog.ts'
import { forget } from '../../../lib/pipeline/forget.ts'
import { catalogOf, openHouse, openTestEngine, snapshot } from '../../support/house.ts'

const FILES = [
  {
    file: 'ticks.source.yaml',
    text: 'description: Ticks.\nkey: ticks/dt={yyyy}-{MM}-{dd}/\nformat: csv\nevent_time: at\nfolders: arrival\ncolumns: {at: TIMESTAMP, id: VARCHAR}\nstart: 2001-03-01\n',
  },
  {
    file: 'busy.sql',
    text: '/* ---\ndescription: Ticks of two days.\nentity: id\ngrain: day\ninputs: {ticks: 2 days}\nwarm_up: compute\n--- */\nSELECT id, count(*) AS n FROM ticks GROUP BY id\n',
  },
]
const NOW = Date.parse('2001-03-05T12:00:00Z')
const [KEPT, DELETED] = ['ticks/dt=2001-03-02/kept.csv', 'ticks/dt=2001-03-03/deleted.csv']
const ROWS: Readonly<Record<string, string>> = {
  [KEPT]: 'at,id\n2001-03-02 01:00:00,a\n2001-03-02 02:00:00,b\n',
  [DELETED]: 'at,id\n2001-03-03 01:00:00,a\n2001-03-02 03:00:00,c\n',
}

const engine = openTestEngine()
let catalog: Catalog
beforeAll(async () => {
  catalog = await catalogOf(FILES, engine)
})
afterAll(() => engine.close())

async function houseWith(...keys: readonly string[]) {
  const house = await openHouse(catalog, engine)
  house.now = NOW
  for (const key of keys) await house.put(key, ROWS[key] ?? '')
  await house.sweep()
  return house
}

/** The bytes of all outputs. */
async function outputsOf(house: { readonly store: Parameters<typeof snapshot>[0] }) {
  const all = await snapshot(house.store, 'features/')
  return Object.fromEntries(Object.entries(all).filter(([key]) => key.endsWith('features.parquet')))
}

it('takes the rows of a deleted object out of everything that had read them, when asked', async () => {
  const house = await houseWith(KEPT, DELETED)
  const before = await outputsOf(house)
  await house.store.delete(DELETED)
  await house.sweep()
  expect(await outputsOf(house), 'raw data that is gone stays in what was landed').toEqual(before)

  const request = { source: 'ticks', keys: [DELETED] }
  const left = [{ key: DELETED, rows: 2, folders: ['2001-03-02', '2001-03-03'] }]
  expect(await forget({ ...request, dryRun: true }, catalog, house.environment.effects)).toEqual(left)
  await house.sweep()
  expect(await outputsOf(house), 'a dry run changes nothing').toEqual(before)

  expect(await forget({ ...request, dryRun: false }, catalog, house.environment.effects)).toEqual(left)
  await house.sweep()
  expect(await outputsOf(house)).toEqual(await outputsOf(await houseWith(KEPT)))
})

it.each([
  ['a key that exists', KEPT, `${KEPT} of source ticks exists; expected one that was deleted`],
  ['a key that was never landed', 'ticks/dt=2001-03-03/none.csv', 'none.csv was never landed for source ticks'],
])('refuses %s, and empties none of the others', async (_, key, message) => {
  const house = await houseWith(KEPT, DELETED)
  await house.store.delete(DELETED)
  const before = await snapshot(house.store, 'landed/')
  await expect(forget({ source: 'ticks', keys: [DELETED, key], dryRun: false }, catalog, house.environment.effects)).rejects.toThrow(
    message,
  )
  expect(await snapshot(house.store, 'landed/')).toEqual(before)
})
