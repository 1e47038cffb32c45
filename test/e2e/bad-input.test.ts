/**
 * Bad raw objects through both doors: the error names the object, the line or column, what was found and what is allowed; what stood
 * there stays byte for byte; everything else is computed in the same run; and once the object is repaired, exactly what is missing is.
 */
import { existsSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { listAll } from '../../lib/lake/object-store.ts'
import type { Catalog } from '../../lib/model/catalog.ts'
import { catalogOf, type House, openHouse, openTestEngine, snapshot } from '../support/house.ts'
import { type BadObject, badObjects, goodObject } from './bad-objects.ts'

const BAD_DAY = '2001-03-02'
const BAD_KEY = `events/dt=${BAD_DAY}/a`
const NOW = Date.parse('2001-03-05T06:00:00Z')
const PERIOD = { from: '2001-03-01', to: '2001-03-04' }
const CASES = await badObjects(BAD_DAY)
/** Cases that go through both doors with both kinds of folders; the others through one door each. */
const BOTH_DOORS = ['a truncated Parquet file', 'a JSON file with one bad line', 'a CSV line with too few fields']

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

for (const folders of ['event_time', 'arrival'] as const) {
  describe.each(CASES)(`$name (${folders} folders)`, (bad) => {
    let house: House
    let catalog: Catalog
    let before: Record<string, string>

    beforeEach(async () => {
      catalog = await definitions(bad.format, folders)
      house = await openHouse(catalog, engine)
      house.now = NOW
      for (const day of ['2001-03-01', BAD_DAY, '2001-03-03']) await house.put(`events/dt=${day}/a`, await goodObject(bad.format, day, 1))
      await house.backfill({ from: '2001-03-01', to: '2001-03-03' })
      before = await standing(house)
      expect(Object.keys(before)).toHaveLength(2)
      await house.put('events/dt=2001-03-04/a', await goodObject(bad.format, '2001-03-04', 1))
      for (const day of ['2001-03-01', BAD_DAY, '2001-03-03', '2001-03-04']) {
        await house.put(`other/dt=${day}/a`, await goodObject('json lines', day, 1))
      }
    })

    const both = BOTH_DOORS.includes(bad.name)

    it.runIf(both || folders === 'event_time')('by backfill', async () => {
      await house.put(BAD_KEY, bad.bytes)
      const { report } = await house.backfill(PERIOD)
      const told = [...report.failures.map(({ error }) => error), ...report.rejected.map(({ reason }) => reason)]
      expectMessage(told, bad)
      expect(report.outcomes.written).toBe(5)
      await expectUnharmed(house, before, folders)

      const again = await house.backfill(PERIOD)
      expect(again.report.outcomes.written ?? 0).toBe(0)
      await expectUnharmed(house, before, folders)

      await house.put(BAD_KEY, await goodObject(bad.format, BAD_DAY, 2))
      const repaired = await house.backfill(PERIOD)
      expect(repaired.report).toMatchObject({ outcomes: { written: 1 }, failures: [], rejected: [] })
      await expectRepaired(house, before)
    })

    it.runIf(both || folders === 'arrival')('live', async () => {
      for (const day of ['2001-03-01', BAD_DAY, '2001-03-03', '2001-03-04']) await house.tell(`other/dt=${day}/a`)
      house.events.length = 0
      await house.put(BAD_KEY, bad.bytes, { tell: true })
      await house.tell('events/dt=2001-03-04/a')
      await house.sweep()
      const told = house.events.filter(({ event, result }) => event === 'failed' || result === 'rejected')
      expectMessage([...new Set(told.map(({ error, reason }) => String(error ?? reason)))], bad)
      // Bad rows of an event-time object are found as a partition is computed, whose mark says so; its message has nothing left to do.
      const message = { kind: 'object', key: BAD_KEY }
      expect(house.queue.dead).toEqual(folders === 'arrival' ? [{ message }] : [])
      expect(await computed(house, 'events_day')).toEqual(['2001-03-01', BAD_DAY, '2001-03-03', '2001-03-04'])
      expect(await computed(house, 'other_day')).toEqual(['2001-03-01', BAD_DAY, '2001-03-03', '2001-03-04'])
      await expectUnharmed(house, before, folders)

      house.events.length = 0
      await house.put(BAD_KEY, await goodObject(bad.format, BAD_DAY, 2), { tell: true })
      await house.sweep()
      expect(house.events.filter(({ result }) => result === 'written').map(({ view, partition }) => `${view} ${partition}`)).toEqual([
        `events_day ${BAD_DAY}`,
      ])
      await expectRepaired(house, before)
    })
  })
}

function definitions(format: BadObject['format'], folders: 'event_time' | 'arrival'): Promise<Catalog> {
  const columns = '{happened: TIMESTAMP, who: VARCHAR, amount: BIGINT}'
  const source = (name: string, type: string, kind: string) =>
    [
      `description: Events.`,
      `key: ${name}/dt={yyyy}-{MM}-{dd}/`,
      `format: ${type}`,
      `folders: ${kind}`,
      `event_time: happened`,
      `columns: ${columns}`,
      `start: 2001-03-01`,
    ].join('\n')
  const view = (name: string) =>
    `/* ---\ndescription: Events of a day.\nentity: who\ngrain: day\ninputs: {${name}: 1 day}\n--- */\nSELECT who, count(*) AS n, sum(amount) AS total FROM ${name} GROUP BY who\n`
  return catalogOf(
    [
      { file: 'events.source.yaml', text: source('events', format, folders) },
      { file: 'other.source.yaml', text: source('other', 'json lines', 'event_time') },
      { file: 'events_day.sql', text: view('events') },
      { file: 'other_day.sql', text: view('other') },
    ],
    engine,
  )
}

/** The bad day's output and its receipt. */
async function standing(house: House): Promise<Record<string, string>> {
  const all = await snapshot(house.store, 'features/events_day/')
  return Object.fromEntries(Object.entries(all).filter(([key]) => key.includes(`dt=${BAD_DAY}/`) && !key.includes('/_rejected.')))
}

/** Told once, in one sentence that names the object and never a local file. */
function expectMessage(told: readonly string[], bad: BadObject): void {
  expect(told).toHaveLength(1)
  expect(told[0]).toContain(BAD_KEY)
  for (const says of bad.says) expect(told[0]).toMatch(says)
  expect(told[0]).not.toContain(engine.scratch)
  expect(told[0]).not.toContain('\n')
}

async function expectUnharmed(house: House, before: Record<string, string>, folders: 'event_time' | 'arrival'): Promise<void> {
  expect(await standing(house)).toEqual(before)
  const keys = (await listAll(house.store, { prefix: '' })).map(({ key }) => key)
  const marks = keys.filter((key) => key.includes('_rejected'))
  expect(marks).toHaveLength(1)
  expect(marks[0]).toContain(folders === 'arrival' ? `landed/events/_rejected/dt=${BAD_DAY}/` : `dt=${BAD_DAY}/_rejected.`)
  expect(Buffer.from((await house.store.get(marks[0] ?? ''))?.bytes ?? []).toString()).toContain(BAD_KEY)
  expectNothingHalfWritten(keys)
}

async function expectRepaired(house: House, before: Record<string, string>): Promise<void> {
  const after = await standing(house)
  expect(Object.keys(after)).toHaveLength(2)
  expect(after).not.toEqual(before)
  const keys = (await listAll(house.store, { prefix: '' })).map(({ key }) => key)
  expect(keys.filter((key) => key.includes('_rejected'))).toEqual([])
  expectNothingHalfWritten(keys)
}

function expectNothingHalfWritten(keys: readonly string[]): void {
  expect(keys.filter((key) => key.includes('_intent.') || key.startsWith('runs/active/') || key.startsWith('quarantine/'))).toEqual([])
  const left = existsSync(engine.scratch) ? readdirSync(engine.scratch).filter((name) => name !== 'spill') : []
  expect(left).toEqual([])
}

async function computed(house: House, view: string): Promise<string[]> {
  const keys = await listAll(house.store, { prefix: `features/${view}/` })
  return keys.flatMap(({ key }) => /dt=([^/]+)\/features\.parquet$/.exec(key)?.[1] ?? [])
}
