import { afterAll, expect, test } from 'vitest'
import { explainPartition } from '../../../lib/pipeline/explain.ts'
import { readStatus } from '../../../lib/pipeline/status.ts'
import { openHouse, openTestEngine } from '../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const DAYS = marchDays(6)
const PERIOD = { from: '2001-03-01', to: '2001-03-06' }

test('what waits for a refused partition says which one, and what helps does help', async () => {
  const house = await openHouse(await ticksCatalog(engine), engine)
  house.now = Date.parse('2001-04-01T00:00:00Z')
  await layTicks(house, DAYS)
  const bad = `ticks/dt=2001-03-05/ticks.csv`
  const right = (await house.store.get(bad))?.bytes ?? new Uint8Array()
  await house.put(bad, 'at,id\nyesterday,a\n')
  expect((await house.backfill(PERIOD)).report.outcomes).toMatchObject({ written: 8, rejected: 2, blocked: 2 })

  const status = await readStatus({ views: ['busier'], period: PERIOD }, house.catalog, house.environment.effects)
  const [left] = status.views[0]?.leftOut ?? []
  expect(left).toMatchObject({
    state: 'blocked',
    first: '2001-03-05',
    last: '2001-03-06',
    reason: 'partition 2001-03-05 of busy was rejected',
  })
  const command = 'hindcast backfill busier --from 2001-03-05 --to 2001-03-06 --with upstream'
  expect(left?.remedy).toBe(`correct what 'hindcast explain busy 2001-03-05' names; then ${command}`)

  const explained = await explainPartition({ view: 'busier', partition: '2001-03-06' }, house.catalog, house.environment.effects)
  expect(explained.state).toMatchObject({
    remedy: expect.stringMatching(/; then hindcast backfill busier --from 2001-03-06 .* --with upstream$/),
  })

  const period = { from: '2001-03-05', to: '2001-03-06' }
  const request = { views: ['busier'], with: 'upstream' } as const
  expect((await house.backfill(period, request)).report.outcomes).toEqual({})
  await house.put(bad, right)
  expect((await house.backfill(period, request)).report.outcomes).toEqual({ written: 4 })
  await house.close()
})
