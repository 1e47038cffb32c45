import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { countLake } from '../../../lib/lake/counting-store.ts'
import { outputKey } from '../../../lib/lake/keys.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../../lib/lake/object-store.ts'
import type { Catalog } from '../../../lib/model/catalog.ts'
import { checkDefinitions } from '../../../lib/pipeline/check.ts'
import type { Effects } from '../../../lib/pipeline/effects.ts'
import { transform } from '../../../lib/pipeline/transform.ts'
import { overStore } from '../../support/over-store.ts'
import { writeParquet } from '../../support/write-parquet.ts'

const DAY = 'events/dt=2001-03-04/'
const KEY = `${DAY}big.parquet`
const ROWS = 600_000
/** A day of events in 10 row groups; the view reads neither `heavy` nor `note`, which are nearly all of the bytes. */
const bigSql = (seed: number) =>
  `SELECT TIMESTAMP '2001-03-04' + INTERVAL (i * 86400000 // ${ROWS}) MILLISECOND AS at, 'id' || (i % 50) AS id, sin(i + ${seed}) AS x, ` +
  `random() AS heavy, md5(i::VARCHAR) AS note FROM range(${ROWS}) AS t(i)`

const DEFINITIONS = [
  {
    file: 'events.source.yaml',
    text: `description: Events.\nkey: events/dt={yyyy}-{MM}-{dd}/\nformat: parquet\nevent_time: at\nfolders: event_time\nstart: 2001-03-04\ncolumns: {at: TIMESTAMP, id: VARCHAR, x: DOUBLE, heavy: DOUBLE, note: VARCHAR}\n`,
  },
  {
    file: 'hourly.sql',
    text: '/* ---\ndescription: Events by hour.\nentity: id\ngrain: hour\ninputs: {events: 1 hour}\n--- */\nSELECT id, count(*) AS n, sum(x) AS total FROM events GROUP BY id\n',
  },
]

describe('a large Parquet object of a source', () => {
  const root = mkdtempSync(join(tmpdir(), 'large-'))
  const engine = new LocalEngine({ scratch: join(root, 'scratch') })
  let catalog: Catalog
  let bytes: Uint8Array
  let others: Uint8Array
  beforeAll(async () => {
    const checked = await checkDefinitions({ files: DEFINITIONS, engine: engine.engine, sample: false })
    if (!checked.catalog) throw new Error(JSON.stringify(checked.problems))
    catalog = checked.catalog
    const written = await writeParquet(
      [bigSql(0), bigSql(1)].map((sql) => ({ key: KEY, sql })),
      'big',
      'ROW_GROUP_SIZE 61440',
    )
    ;[bytes, others] = written.map(([, one]) => one) as [Uint8Array, Uint8Array]
  })
  afterAll(async () => {
    await engine.close()
    rmSync(root, { recursive: true, force: true })
  })

  /** Computes hours of the day over a store; gives the outputs' hashes, and what was read of it. */
  async function run(store: ObjectStore, hours: readonly [string, string]) {
    const { lake, requests } = countLake({ store, bucket: () => store })
    const effects: Effects = {
      lake,
      engine,
      queue: { send: async () => undefined },
      now: () => Date.UTC(2001, 2, 6),
      newId: () => crypto.randomUUID(),
      log: () => undefined,
    }
    const version = catalog.candidates.get('hourly') ?? ''
    const task = { kind: 'task', view: 'hourly', version, reprocess: 'stale', missingInputs: 'block', writer: 'run' } as const
    const { outcomes } = await transform({ ...task, first: hours[0], last: hours[1] }, catalog, effects)
    const hashes: string[] = []
    for (const { partition } of outcomes.toSorted((a, b) => (a.partition < b.partition ? -1 : 1))) {
      const found = await store.get(outputKey('hourly', version, partition))
      hashes.push(
        createHash('sha256')
          .update(found?.bytes ?? '')
          .digest('hex'),
      )
    }
    return { outcomes, hashes, requests: requests() }
  }

  const lakeOf = async (isRemote: boolean, content = bytes) => {
    const store = openMemoryStore()
    await store.put(KEY, content)
    return overStore(store, { isRemote })
  }
  const HOURS = ['2001-03-04-05', '2001-03-04-08'] as const

  it('is read in part from a bucket, and gives the bytes that it gives as a whole', async () => {
    expect(bytes.length).toBeGreaterThan(16 * 1024 * 1024)
    const whole = await run(await lakeOf(false), HOURS)
    const part = await run(await lakeOf(true), HOURS)
    expect(whole.outcomes.map(({ result }) => result)).toEqual(['written', 'written', 'written', 'written'])
    expect(part.hashes).toEqual(whole.hashes)
    expect(whole.requests.bytesRead).toBe(bytes.length)
    // The footer, all event times and 4 of 24 hours of two columns: a fifth of the object.
    expect(part.requests.bytesRead).toBeLessThan(bytes.length / 4)
    expect(part.requests.gets).toBeLessThan(30)
  })

  it('is looked at again when it changes between two of its parts', async () => {
    let left = 3
    const store = await lakeOf(true)
    const changing = overStore(store, {
      getRange: async (key, range) => {
        if (--left === 0) await store.put(KEY, others)
        return store.getRange(key, range)
      },
    })
    const found = await run(changing, HOURS)
    expect(left).toBeLessThan(0)
    expect(found.outcomes.map(({ result }) => result)).toEqual(['written', 'written', 'written', 'written'])
    expect(found.hashes).toEqual((await run(await lakeOf(false, others), HOURS)).hashes)
  })
})
