/** What is recomputed while others go on working: a difference is one of the bytes only where inputs and output stayed as they were. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { outputKey } from '../../../lib/lake/keys.ts'
import { listOutputs } from '../../../lib/lake/outputs.ts'
import { type Catalog, featureNamed } from '../../../lib/model/catalog.ts'
import { viewCalendar } from '../../../lib/model/view.ts'
import { InputListing } from '../../../lib/pipeline/input-listing.ts'
import { runTask } from '../../../lib/pipeline/run-task.ts'
import type { TransformReport } from '../../../lib/pipeline/transform.ts'
import { type RecomputeEffects, verifyStanding } from '../../../lib/pipeline/verify-standing.ts'
import { catalogOf, type House, openHouse, openTestEngine, snapshot } from '../../support/house.ts'

const SOURCE = `description: Events.
key: events/dt={yyyy}-{MM}-{dd}/
format: json lines
event_time: happened
folders: event_time
columns: {happened: TIMESTAMP, who: VARCHAR}
start: 2001-03-01
`
const VIEW = `/* ---
description: Events of a day.
entity: who
grain: day
inputs: {events: 1 day}
--- */
SELECT who, count(*) AS n FROM events GROUP BY who
`
const DAYS = ['2001-03-01', '2001-03-02', '2001-03-03']
const line = (day: string, who = 'a') => `{"happened": "${day} 10:00:00", "who": "${who}"}\n`

let engine: LocalEngine
let catalog: Catalog
let house: House
beforeAll(async () => {
  engine = openTestEngine()
  catalog = await catalogOf(
    [
      { file: 'events.source.yaml', text: SOURCE },
      { file: 'who_day.sql', text: VIEW },
    ],
    engine,
  )
})
afterAll(() => engine.close())
beforeEach(async () => {
  house = await openHouse(catalog, engine)
  house.now = Date.parse('2001-03-05T06:00:00Z')
  for (const day of DAYS) await house.put(`events/dt=${day}/a`, line(day))
  await house.backfill({ from: '2001-03-01', to: '2001-03-03' })
})

/** Verifies all three days; `meanwhile` happens after they were listed. */
async function verifyAll(meanwhile: () => Promise<unknown> = async () => undefined) {
  const feature = featureNamed(catalog, 'who_day')
  const lake = { store: house.store, bucket: () => house.store }
  const partitions = DAYS.map((day) => viewCalendar(feature.version).named(day))
  const outputs = await listOutputs(house.store, feature.version, DAYS[0] ?? '', DAYS[2] ?? '')
  const listing = await InputListing.load({ lake, catalog, now: house.now }, [{ feature, partitions }])
  const standing = partitions.map((partition) => {
    const facts = outputs.get(partition.name)
    if (!facts) throw new Error(`${partition.name} does not stand`)
    return { partition, facts, fingerprint: listing.inputs(feature, partition).fingerprint }
  })
  await meanwhile()
  const effects: RecomputeEffects = {
    lake,
    engine,
    now: () => house.now,
    recompute: async (overlay, task, of) => {
      const more = {
        lake: overlay,
        engine,
        queue: { send: async () => undefined },
        now: () => house.now,
        newId: () => 'verify',
        log: () => undefined,
      }
      return (await runTask(task, of, more)) as TransformReport
    },
    diff: async () => ({ rowsHere: 0, rowsThere: 0, counts: {}, columns: [], examples: [] }),
  }
  return verifyStanding(feature, standing, catalog, effects)
}

const outputOf = (day: string) => outputKey('who_day', featureNamed(catalog, 'who_day').version.version, day)

it('all that stands is compared, and the lake stays as it is', async () => {
  const before = await snapshot(house.store, '')
  expect(await verifyAll()).toEqual({ compared: 3, rows: 3, different: [], hints: [] })
  expect(await snapshot(house.store, '')).toEqual(before)
})

it('an input that came meanwhile is no difference', async () => {
  const found = await verifyAll(() => house.put('events/dt=2001-03-02/b', line('2001-03-02', 'b')))
  expect(found).toMatchObject({ compared: 2, different: [] })
})

it('an input that went meanwhile is no difference', async () => {
  const found = await verifyAll(() => house.store.delete('events/dt=2001-03-02/a'))
  expect(found).toMatchObject({ compared: 2, different: [] })
})

it('an output that was put again meanwhile is no difference', async () => {
  const found = await verifyAll(() => house.store.put(outputOf('2001-03-03'), new TextEncoder().encode('new')))
  expect(found).toMatchObject({ compared: 2, different: [] })
})

it('an output that is gone meanwhile is no difference', async () => {
  const found = await verifyAll(() => house.store.delete(outputOf('2001-03-03')))
  expect(found).toMatchObject({ compared: 2, different: [] })
})
