import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { eventTimeSql } from '../../lib/engine/time-sql.ts'
import { zoneNamed } from '../../lib/model/zone.ts'
import { openTestEngine } from '../support/house.ts'

const DAY_MS = 86_400_000
const YEARS = { min: Date.UTC(1900, 0, 1), max: Date.UTC(2037, 11, 31) }

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

const question = fc.record({
  zone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Europe/Berlin', 'Pacific/Apia'),
  type: fc.constantFrom('TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'DATE'),
  start: fc.integer(YEARS),
  days: fc.integer({ min: 0, max: 60 }),
  stepMs: fc.integer({ min: 1000, max: 5_000_000 }),
})

it('local times are the instants that their zone gives', async () => {
  await fc.assert(
    fc.asyncProperty(question, async ({ zone, type, start, days, stepMs }) => {
      const end = start + days * DAY_MS
      const sql = eventTimeSql('t', type, { column: 't', zone }, { start, end })
      const times = `SELECT make_timestamp(${start * 1000} + i * ${stepMs * 1000})::TIMESTAMP_S::${type} AS t FROM range(-50, 500) AS steps (i)`
      const rows = await engine.engine.session('UTC', (session) =>
        session.rows(`SELECT epoch_ms(t::TIMESTAMP) AS local, epoch_ms(${sql}) AS found FROM (${times})`),
      )
      // Outside the range the nearest offset is used.
      const near = rows.map(({ local, found }) => ({ found: Number(found), wanted: zoneNamed(zone).toInstant(Number(local)) }))
      const inside = near.filter(({ wanted }) => wanted >= start - DAY_MS && wanted < end + DAY_MS)
      expect(inside.map(({ found }) => found)).toEqual(inside.map(({ wanted }) => wanted))
    }),
    { numRuns: 150 },
  )
})
