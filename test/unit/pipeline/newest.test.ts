import { afterAll, expect, test } from 'vitest'
import { tellNewest } from '../../../lib/pipeline/newest.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

test('each view is as old as its newest partition, however long ago that was; one without partitions is not told', async () => {
  const house = await openHouse(await ticksCatalog(engine), engine)
  house.now = Date.parse('2001-03-06T06:00:00Z')
  const ages = async () => {
    house.events.length = 0
    await tellNewest(house.catalog, house.environment.effects)
    return Object.fromEntries(house.events.map(({ view, ageSeconds }) => [view, Number(ageSeconds) / 3600]))
  }
  expect(await ages()).toEqual({})
  await layTicks(house, marchDays(4))
  await house.backfill({ from: '2001-03-01', to: '2001-03-04' }, { views: ['busy'] })
  expect(await ages()).toEqual({ busy: 30 })
  await house.backfill({ from: '2001-03-01', to: '2001-03-03' }, { views: ['busier'] })
  expect(await ages()).toEqual({ busy: 30, busier: 54 })
  house.now = Date.parse('2001-06-01T00:00:00Z')
  expect(await ages()).toEqual({ busy: 88 * 24, busier: 89 * 24 })
  house.now = Date.parse('2021-06-01T00:00:00Z')
  expect(await ages()).toEqual({ busy: 4096 * 24, busier: 4096 * 24 })
})
