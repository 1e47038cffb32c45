/** Partitions of old times, against the calendar itself. */
import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { placeRows } from '../../../lib/engine/foreign-side.ts'
import { openForeign } from '../../../lib/engine/foreign-table.ts'
import { foreignTimeSql } from '../../../lib/engine/foreign-time.ts'
import type { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { Calendar, type Grain } from '../../../lib/model/partition.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'
import { openTestEngine } from '../../support/house.ts'

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

const [FIRST, LAST] = [Date.UTC(2011, 9, 1), Date.UTC(2012, 4, 1)]

interface Asking {
  readonly grain: Grain
  readonly zone: string
  readonly meaning: 'start' | 'end'
}

/** The end of the partition of each value, by its place in the list; undefined for one that lies in none. */
async function placed(values: readonly string[], type: string, { grain, zone, meaning }: Asking): Promise<(number | undefined)[]> {
  const calendar = new Calendar(grain, zoneNamed(zone))
  const partitions = calendar.within(FIRST, LAST)
  const range = { start: partitions[0]?.start ?? 0, end: partitions.at(-1)?.end ?? 0 }
  const micros = foreignTimeSql({ name: 'day', type, grain, zone, meaning, range })
  const file = `${engine.scratch}/times.parquet`
  return engine.engine.session(zone, async (session) => {
    const found: (number | undefined)[] = []
    for (const value of values) {
      await session.run(`COPY (SELECT '${value}'::${type} AS day) TO '${file}' (FORMAT parquet)`)
      const { rows } = await placeRows(
        session,
        { table: await openForeign(session, { format: 'parquet', files: [file] }, ''), name: 'old', micros },
        partitions,
      )
      found.push([...rows.keys()][0])
    }
    return found
  })
}

const endOf = (name: string, { grain, zone }: Asking) => new Calendar(grain, zoneNamed(zone)).named(name).end
const NEW_YORK: Asking = { grain: 'day', zone: 'America/New_York', meaning: 'start' }

it.each([
  ['a date', ['2011-11-06', '2012-03-11'], 'DATE', NEW_YORK, ['2011-11-06', '2012-03-11']],
  ['a date that ends it', ['2011-11-07', '2012-03-12'], 'DATE', { ...NEW_YORK, meaning: 'end' }, ['2011-11-06', '2012-03-11']],
  ['a naive time', ['2011-11-06 00:00', '2011-11-06 23:59:59.999999'], 'TIMESTAMP', NEW_YORK, ['2011-11-06', '2011-11-06']],
  ['the last instants of a day', ['2011-11-06 23:59:59'], 'TIMESTAMP', { ...NEW_YORK, meaning: 'end' }, ['2011-11-06']],
  ['an instant', ['2011-11-07 04:59:59+00', '2011-11-07 05:00:00+00'], 'TIMESTAMPTZ', NEW_YORK, ['2011-11-06', '2011-11-07']],
  ['text', ['2011-11-06', '2011-11-07T04:59:59Z', ' 2011-11-06 01:30 '], 'VARCHAR', NEW_YORK, ['2011-11-06', '2011-11-06', '2011-11-06']],
  ['the day after one that was skipped', ['2011-12-31'], 'DATE', { ...NEW_YORK, zone: 'Pacific/Apia' }, ['2011-12-31']],
  ['a month by any of its days', ['2011-12-01', '2011-12-31'], 'DATE', { ...NEW_YORK, grain: 'month' }, ['2011-12', '2011-12']],
  ['a month by its name', ['2011-12'], 'VARCHAR', { ...NEW_YORK, grain: 'month' }, ['2011-12']],
  [
    'an hour by its name',
    ['2011-12-31-23', '2011-12-31 23:00'],
    'VARCHAR',
    { grain: 'hour', zone: 'UTC', meaning: 'start' },
    ['2011-12-31-23', '2011-12-31-23'],
  ],
] as const)('%s names its partition', async (_, values, type, asking, names) => {
  expect(await placed(values, type, asking)).toEqual(names.map((name) => endOf(name, asking)))
})

it('what lies outside, and what is no time, lies in no partition', async () => {
  expect(await placed(['2001-01-01', '2030-01-01', 'yesterday', '2011-13-01'], 'VARCHAR', NEW_YORK)).toEqual(Array(4).fill(undefined))
})

it('any date names the partition of its name, in any zone', async () => {
  const date = fc.integer({ min: 0, max: 180 }).map((day) => Temporal.PlainDate.from('2011-10-05').add({ days: day }))
  const zone = fc.constantFrom('UTC', 'America/New_York', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Asia/Kolkata')
  await fc.assert(
    fc.asyncProperty(date, zone, async (day, name) => {
      const asking: Asking = { grain: 'day', zone: name, meaning: 'start' }
      expect(await placed([day.toString()], 'DATE', asking)).toEqual([endOf(day.toString(), asking)])
      const end: Asking = { ...asking, meaning: 'end' }
      expect(await placed([day.add({ days: 1 }).toString()], 'DATE', end)).toEqual([endOf(day.toString(), end)])
    }),
    { numRuns: 30 },
  )
})

it('columns that hold no time are refused, saying what may', () => {
  const asking = { name: 'day', range: { start: 0, end: 1 }, zone: 'UTC', meaning: 'start' as const }
  expect(() => foreignTimeSql({ ...asking, type: 'BIGINT', grain: 'day' })).toThrow(
    /column 'day' has type BIGINT; expected DATE, TIMESTAMP/,
  )
  expect(() => foreignTimeSql({ ...asking, type: 'DATE', grain: 'hour' })).toThrow(/names no hour/)
})
