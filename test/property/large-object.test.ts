/**
 * Reading a Parquet object in part: whatever the file, the columns and the cut, output and counts are those of the whole file, read
 * without any restriction. What is not fetched is zeros, which the engine refuses to read. fast-check prints the seed of a failure.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { LocalEngine } from '../../lib/engine/local-engine.ts'
import type { LocalObject } from '../../lib/engine/local-object.ts'
import { identifier, literal } from '../../lib/engine/quote.ts'
import type { LocalInputObject } from '../../lib/engine/relation.ts'
import { countLake } from '../../lib/lake/counting-store.ts'
import { openMemoryStore } from '../../lib/lake/memory-store.ts'
import { SparseCopy } from '../../lib/lake/sparse-copy.ts'
import { unwrap } from '../../lib/model/attempt.ts'
import type { OutputColumn, SourceBinding, ViewVersion } from '../../lib/model/catalog.ts'
import { LargeObject } from '../../lib/pipeline/large-object.ts'

const HOUR_MS = 3_600_000
/** The clocks of New York jump forward on this day. */
const DAY = Date.UTC(2001, 3, 1)
const root = mkdtempSync(join(tmpdir(), 'large-'))
const engine = new LocalEngine({ scratch: join(root, 'engine') })
let files = 0

/** Columns of the file, and what the SQL asks of those it reads. */
const COLUMNS = {
  a: { type: 'DOUBLE', data: `CASE WHEN i % 11 = 0 THEN NULL ELSE sin(i) * i END`, ask: 'sum(a)', gives: 'DOUBLE' },
  k: { type: 'VARCHAR', data: `'k' || (hash(i) % 20)`, ask: 'count(DISTINCT k)', gives: 'BIGINT' },
  long: { type: 'VARCHAR', data: `repeat(md5(i::VARCHAR), 3)`, ask: 'max(long)', gives: 'VARCHAR' },
  n: { type: 'BIGINT', data: `(i * 7919) % 100003`, ask: 'sum(n)::BIGINT', gives: 'BIGINT' },
  s: { type: 'STRUCT(x BIGINT, y VARCHAR)', data: `{'x': i, 'y': md5(i::VARCHAR)}`, ask: 'sum(s.x)::BIGINT', gives: 'BIGINT' },
  l: { type: 'BIGINT[]', data: `range(i % 4)`, ask: 'sum(len(l))::BIGINT', gives: 'BIGINT' },
  'odd, Name': { type: 'DOUBLE', data: `cos(i)`, ask: 'avg("odd, Name")', gives: 'DOUBLE' },
} as const
type Column = keyof typeof COLUMNS
const NAMES = Object.keys(COLUMNS) as Column[]

/** How the writer kept the time; `micros` are its microseconds since 1970. */
const TIMES = {
  TIMESTAMP: 'make_timestamp(micros)',
  'TIMESTAMP WITH TIME ZONE': 'make_timestamptz(micros)',
  TIMESTAMP_NS: 'make_timestamp_ns(micros * 1000 + 999)',
  BIGINT: 'micros // 1000',
} as const

const ORDERS = {
  sorted: 'i',
  backward: '-i',
  'nearly sorted': 'i // 500 * 500 + hash(i) % 1500',
  shuffled: 'hash(i)',
} as const

const SELDOM = fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })

const shape = fc.record({
  rows: fc.constantFrom(0, 1, 5000, 20_000, 23_456),
  groupRows: fc.constantFrom(2048, 4096, 6144, 100_000),
  time: fc.constantFrom(...(Object.keys(TIMES) as (keyof typeof TIMES)[])),
  zone: fc.constantFrom('UTC', 'America/New_York'),
  order: fc.constantFrom(...(Object.keys(ORDERS) as (keyof typeof ORDERS)[])),
  timeless: SELDOM,
  strays: SELDOM,
  codec: fc.constantFrom('uncompressed', 'snappy', 'zstd'),
  version: fc.constantFrom('V1', 'V2'),
})
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never

const question = fc.record({
  columns: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 0, maxLength: 4 }),
  filter: fc.constantFrom(undefined, `k = 'k3'`, `n < 1000`, `s.y > 'f'`, `t > $start + INTERVAL 20 MINUTE`),
  window: fc.constantFrom('duration' as const, 'duration' as const, 'duration' as const, 'latest' as const),
  start: fc.option(fc.integer({ min: -6, max: 28 }), { freq: 9 }),
  hours: fc.constantFrom(1, 2, 7, 30),
})
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never

async function writeFileOf(one: Shape): Promise<string> {
  const file = join(engine.scratch, `${files++}.parquet`)
  const spread = one.strays ? 30 * HOUR_MS : 20 * HOUR_MS
  const micros = `${DAY * 1000 + 4 * HOUR_MS * 1000} + (i * ${spread * 1000}) // greatest(${one.rows}, 1)`
  const time = one.timeless ? `CASE WHEN i % 97 = 5 THEN NULL ELSE ${TIMES[one.time]} END` : TIMES[one.time]
  const columns = NAMES.map((name) => `${COLUMNS[name].data} AS ${identifier(name)}`)
  columns.splice(3, 0, `${time} AS t`)
  const rows = `SELECT i, ${micros} AS micros FROM range(${one.rows}) AS t(i) ORDER BY ${ORDERS[one.order]}`
  const settings = `FORMAT parquet, ROW_GROUP_SIZE ${one.groupRows}, CODEC ${literal(one.codec)}, PARQUET_VERSION ${literal(one.version)}`
  await engine.engine.session('UTC', (session) =>
    session.run(`COPY (SELECT ${columns.join(', ')} FROM (${rows})) TO ${literal(file)} (${settings})`),
  )
  return file
}

function bindingOf(one: Shape, { columns, filter, window }: Question): SourceBinding {
  const read = NAMES.filter((name) => columns.includes(name) || (filter !== undefined && new RegExp(`^${name}\\b`).test(filter)))
  return {
    kind: 'source',
    name: 'events',
    window: window === 'latest' ? { kind: 'latest' } : { kind: 'duration', length: { count: 1, unit: 'hour' } },
    source: 'events',
    columns: [...read.map((name) => ({ name, type: COLUMNS[name].type })), { name: 't', type: one.time }],
    eventTime: { column: 't', zone: one.zone, ...(one.time === 'BIGINT' && { unit: 'ms' as const }) },
    format: { kind: 'parquet', compression: 'auto' },
  }
}

function versionOf(binding: SourceBinding, { columns, filter }: Question): ViewVersion {
  const asked = columns.map((name, at) => ({ name: `c${at}`, ...COLUMNS[name] }))
  const schema: OutputColumn[] = [
    { name: 'entity', type: 'BIGINT' },
    { name: 'n_rows', type: 'BIGINT' },
  ]
  return {
    format: 1,
    view: 'asked',
    version: '0123456789ab',
    sql:
      `SELECT epoch_ms(t) // 600000 % 7 AS entity, count(*) AS n_rows${asked.map(({ name, ask }) => `, ${ask} AS ${name}`).join('')} ` +
      `FROM events${filter === undefined ? '' : ` WHERE ${filter}`} GROUP BY 1`,
    entity: ['entity'],
    grain: 'hour',
    zone: 'UTC',
    warmUp: 'compute',
    inputs: [binding],
    schema: [...schema, ...asked.map(({ name, gives }) => ({ name, type: gives }))],
  }
}

const settings = {
  description: '',
  expect: [],
  warn: [],
  nonFinite: 'allow',
  badRows: {},
  repairMs: 0,
  availableAfterMs: 0,
  columns: {},
  absent: {},
} as const

interface Cut {
  readonly start: number
  readonly end: number
}

function cutOf({ start, hours }: Question): Cut {
  const from = start === null ? Number.NEGATIVE_INFINITY : DAY + start * HOUR_MS
  return { start: from, end: (start === null ? DAY + 12 * HOUR_MS : from) + hours * HOUR_MS }
}

async function compute(binding: SourceBinding, asked: Question, objects: readonly LocalInputObject[]) {
  const { start, end } = cutOf(asked)
  const partition = { name: '2001-04-01-00', start: Number.isFinite(start) ? start : end - HOUR_MS, end }
  const file = join(engine.scratch, `out-${files++}.parquet`)
  const inputs = [{ binding, start, end, objects }]
  const [tried] = await engine.computeAll([{ version: versionOf(binding, asked), settings, partition, inputs, file }])
  const { sha256, rows, inputs: counts } = unwrap(tried)
  return { sha256, rows, counts }
}

const counted = { stored: 0, fetched: 0, restricted: 0 }

/** The file in a store, read in part for one question after another. */
async function partsOf(file: string) {
  const store = openMemoryStore()
  const { lake, requests } = countLake({ store, bucket: () => store })
  const bytes = readFileSync(file)
  const { etag, size } = await store.put('key', bytes)
  const object = localObject(join(engine.scratch, `${files++}.sparse.parquet`))
  const copy = new SparseCopy({ store: lake.store, key: 'key', etag, size, file: object.file, gapBytesMax: 64 })
  const fetch = async (ranges: Parameters<SparseCopy['fetch']>[0]) => expect(await copy.fetch(ranges)).toBe(true)
  const large = new LargeObject({ engine, object, size, fetch, tailBytes: 1024 })
  return { object, large, size, bytesRead: () => requests().bytesRead }
}

function localObject(file: string): LocalObject {
  return { key: 'events.parquet', file, folderStart: DAY, folderEnd: DAY + 29 * HOUR_MS, captures: {}, decoded: false, skipped: 0 }
}

describe('a large object', () => {
  afterAll(async () => {
    await engine.close()
    rmSync(root, { recursive: true, force: true })
  })

  it('read in part gives the bytes and counts of the whole', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(question, { minLength: 1, maxLength: 3 }), async (one, questions) => {
        const file = await writeFileOf(one)
        const parts = await partsOf(file)
        for (const asked of questions) {
          const binding = bindingOf(one, asked)
          const whole = localObject(file)
          const profile = unwrap((await engine.profileAll([whole], binding))[0])
          const expected = await compute(binding, asked, [{ object: whole, profile }])

          await parts.large.bringTimes(binding)
          expect(unwrap((await engine.profileAll([parts.object], binding))[0])).toEqual(profile)
          const rows = await parts.large.bringRows({ binding, ...cutOf(asked) }, binding, profile)
          expect(await compute(binding, asked, [{ object: parts.object, profile, ...(rows && { rows }) }])).toEqual(expected)

          // Where the file is whole, the same rows are read by the same SQL.
          const here = await new LargeObject({ engine, object: whole, size: parts.size }).bringRows(
            { binding, ...cutOf(asked) },
            binding,
            profile,
          )
          expect(here).toEqual(rows)
          if (rows) counted.restricted++
        }
        counted.stored += parts.size
        counted.fetched += parts.bytesRead()
        rmSync(file)
        rmSync(parts.object.file)
      }),
      { numRuns: 100 },
    )
    // The runs did read parts: about 31 of the questions, and 45 % of the bytes.
    expect(counted.restricted).toBeGreaterThan(5)
    expect(counted.fetched).toBeLessThan(counted.stored * 0.8)
  })
})
