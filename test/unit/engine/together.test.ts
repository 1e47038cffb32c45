import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Computed, ComputeJob } from '../../../lib/engine/compute.ts'
import { LocalEngine } from '../../../lib/engine/local-engine.ts'
import type { LocalObject } from '../../../lib/engine/local-object.ts'
import { type Attempt, unwrap } from '../../../lib/model/attempt.ts'
import type { SourceBinding, ViewSettings, ViewVersion } from '../../../lib/model/catalog.ts'
import { writeParquet } from '../../support/write-parquet.ts'

const DAY_MS = 86_400_000
const ZONE = 'America/New_York'

const binding: SourceBinding = {
  kind: 'source',
  name: 'events',
  window: { kind: 'duration', length: { count: 1, unit: 'day' } },
  source: 'events',
  columns: [
    { name: 'id', type: 'VARCHAR' },
    { name: 'value', type: 'DOUBLE' },
    { name: 'ts', type: 'TIMESTAMP' },
  ],
  eventTime: { column: 'ts', zone: ZONE },
  format: { kind: 'parquet', compression: 'auto' },
}
const version: ViewVersion = {
  format: 1,
  view: 'sums',
  version: '0123456789ab',
  sql: 'SELECT id, sum(value) AS total, any_value(value) AS one FROM events GROUP BY id, CASE WHEN value = 13 THEN 1 END',
  entity: ['id'],
  grain: 'day',
  zone: ZONE,
  warmUp: 'compute',
  inputs: [binding],
  schema: [
    { name: 'id', type: 'VARCHAR' },
    { name: 'total', type: 'DOUBLE' },
    { name: 'one', type: 'DOUBLE' },
  ],
}
const settings: ViewSettings = {
  description: '',
  expect: [{ sql: 'total < 1000', perPartition: false }],
  warn: [{ sql: 'total <> 77', perPartition: false }],
  nonFinite: 'refuse',
  badRows: {},
  repairMs: 0,
  availableAfterMs: 0,
  columns: {},
  absent: {},
}

/** One object a day from 2001-03-30 on: the clocks go forward on the third. */
const CONTENTS: Readonly<Record<string, string>> = {
  good: `SELECT * FROM (VALUES ('a', 1.5e0), ('b', 2.5e0), ('a', 3.0e0)) AS t(id, value)`,
  'another good one': `SELECT 'z' AS id, 4.0e0 AS value`,
  'the clocks go forward': `SELECT 'y' AS id, 5.0e0 AS value`,
  'no rows': `SELECT 'a' AS id, 1.0e0 AS value WHERE false`,
  'an entity twice': `SELECT * FROM (VALUES ('a', 13.0e0), ('a', 3.0e0), ('b', 1.0e0)) AS t(id, value)`,
  'an entity without a name': `SELECT * FROM (VALUES (NULL, 1.0e0), ('b', 1.0e0)) AS t(id, value)`,
  infinity: `SELECT 'a' AS id, 'inf'::DOUBLE AS value`,
  'a broken rule': `SELECT 'a' AS id, 2000.0e0 AS value`,
  'a warning': `SELECT 'a' AS id, 77.0e0 AS value`,
  'other types': `SELECT 'a' AS id, 5::SMALLINT AS value`,
  'a wrong type': `SELECT 'a' AS id, 'five' AS value`,
  'a missing column': `SELECT 'a' AS id`,
  'a stray row': `SELECT * FROM (VALUES ('a', 1.0e0), ('stray', 2.0e0)) AS t(id, value)`,
  'no time': `SELECT * FROM (VALUES ('a', 1.0e0), ('timeless', 2.0e0)) AS t(id, value)`,
  'the last good one': `SELECT 'q' AS id, 0.1e0 AS value`,
}
const FIRST = Date.UTC(2001, 2, 30, 5)

const root = mkdtempSync(join(tmpdir(), 'together-'))
const engine = new LocalEngine({ scratch: root })
let objects: readonly LocalObject[] = []

beforeAll(async () => {
  mkdirSync(root, { recursive: true })
  const tables = Object.entries(CONTENTS).map(([name, sql], day) => {
    const noon = FIRST + day * DAY_MS + DAY_MS / 3
    const at = `CASE id WHEN 'stray' THEN make_timestamp(${(noon - 9 * DAY_MS) * 1000}) WHEN 'timeless' THEN NULL ELSE make_timestamp(${noon * 1000}) END`
    return { key: name, sql: `SELECT *, ${at} AS ts FROM (${sql})` }
  })
  objects = (await writeParquet(tables, 'together')).map(([key, bytes], day) => {
    const file = join(root, `${day}.parquet`)
    writeFileSync(file, bytes)
    const folderStart = FIRST + day * DAY_MS - (day > 2 ? DAY_MS / 24 : 0)
    return {
      key,
      file,
      folderStart,
      folderEnd: folderStart + DAY_MS - (day === 2 ? DAY_MS / 24 : 0),
      captures: {},
      decoded: false,
      skipped: 0,
    }
  })
  const truncated = join(root, 'truncated.parquet')
  writeFileSync(truncated, readFileSync(objects[0]?.file ?? '').subarray(0, 200))
  objects = [...objects, { ...(objects[0] as LocalObject), key: 'truncated', file: truncated }]
})

afterAll(async () => {
  await engine.close()
  rmSync(root, { recursive: true, force: true })
})

/** Errors as their messages, so that two can be compared. */
function plain<T>(tried: Attempt<T> | undefined): unknown {
  return tried && 'error' in tried ? String(tried.error) : tried?.value
}

/** Everything but where the file lies and how long it took. */
function comparable(tried: Attempt<Computed> | undefined) {
  return { ...unwrap(tried), file: '', ms: 0 }
}

async function profileAlone(): Promise<unknown[]> {
  const alone: unknown[] = []
  for (const object of objects) alone.push(plain((await engine.profileAll([object], binding))[0]))
  return alone
}

describe('what one statement tells of several', () => {
  it('profiles objects together as it does each alone', async () => {
    const together = (await engine.profileAll(objects, binding)).map(plain)
    expect(together).toEqual(await profileAlone())
    expect(together.filter((one) => typeof one === 'string')).toEqual([
      `DataError: column 'value' of a wrong type has type VARCHAR; expected DOUBLE`,
      `DataError: a missing column has no column 'value'; found id, ts`,
      expect.stringContaining('truncated'),
    ])
  })

  it.each(['America/New_York', 'Asia/Kolkata'])('profiles the same in a session of %s', async (zone) => {
    expect((await engine.profileAll(objects, binding, zone)).map(plain)).toEqual(await profileAlone())
  })

  it('computes partitions together as it does each alone: the same files, counts and refusals', async () => {
    const profiles = await engine.profileAll(objects, binding)
    const jobs = objects.flatMap((object, at): Omit<ComputeJob, 'file'>[] => {
      const profile = profiles[at]
      if (!profile || !('value' in profile)) return []
      const partition = { name: object.key, start: object.folderStart, end: object.folderEnd }
      const inputs = [{ binding, start: partition.start, end: partition.end, objects: [{ object, profile: profile.value }] }]
      return [{ version, settings, partition, inputs }]
    })
    const together = await engine.computeAll(jobs.map((job, at) => ({ ...job, file: join(root, `together-${at}.parquet`) })))
    const seen: string[] = []
    for (const [at, job] of jobs.entries()) {
      const [alone] = await engine.computeAll([{ ...job, file: join(root, `alone-${at}.parquet`) }])
      const computed = comparable(together[at])
      expect(computed, job.partition.name).toEqual(comparable(alone))
      if (computed.violations.length > 0) seen.push(job.partition.name)
    }
    expect(seen).toEqual(['an entity twice', 'an entity without a name', 'infinity', 'a broken rule'])
  })
})
