import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Engine } from '../../../lib/engine/engine.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'

/**
 * Bounds are computed from Node's time zone database, `date_trunc` in a view's SQL from the engine's. Where the two disagree, a local day
 * in SQL is not the partition's; both are pinned by the lock file, and this test is where a change of either shows.
 */
const ZONES = [
  'UTC',
  'America/New_York',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Europe/Berlin',
  'Europe/London',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Cairo',
]
const HOUR_MS = 3_600_000
const engine = new Engine({ scratch: mkdtempSync(join(tmpdir(), 'hindcast-zones-')) })
afterAll(() => engine.close())

test.each(ZONES)('%s has the same clock in Node and in the engine, hour by hour from 1995 to 2035', async (name) => {
  const zone = zoneNamed(name)
  const [start, end] = [Date.UTC(1995, 0, 1), Date.UTC(2036, 0, 1)]
  const rows = await engine.session('UTC', (session) =>
    session.rows(
      `SELECT t, shift FROM (SELECT t, shift, lag(shift) OVER (ORDER BY t) AS before FROM (SELECT t, epoch_ms(timezone('${name}', make_timestamptz(t * 1000))) - t AS shift ` +
        `FROM (SELECT unnest(range(${start}, ${end}, ${HOUR_MS / 2})) AS t))) WHERE before IS DISTINCT FROM shift ORDER BY t`,
    ),
  )
  const engineChanges = rows.map((row) => ({ at: Number(row.t), offsetMs: Number(row.shift) }))
  expect(engineChanges).toEqual(zone.transitions(start, end).map(({ at, offsetMs }) => ({ at, offsetMs })))
})
