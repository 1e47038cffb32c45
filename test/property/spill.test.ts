import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalEngine } from '../../lib/engine/local-engine.ts'
import { literal } from '../../lib/engine/quote.ts'
import type { LocalInput } from '../../lib/engine/relation.ts'
import { unwrap } from '../../lib/model/attempt.ts'
import type { SourceBinding, ViewVersion } from '../../lib/model/catalog.ts'
import type { Partition } from '../../lib/model/partition.ts'

const MEMORY_MB = 64
const ROWS = 400_000
const HOUR_MS = 3_600_000
let outputs = 0
const root = mkdtempSync(join(tmpdir(), 'spill-'))

const binding: SourceBinding = {
  kind: 'source',
  name: 'events',
  window: { kind: 'duration', length: { count: 1, unit: 'hour' } },
  source: 'events',
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'value', type: 'DOUBLE' },
    { name: 'ts', type: 'TIMESTAMPTZ' },
  ],
  eventTime: { column: 'ts', zone: 'UTC' },
  format: { kind: 'parquet', compression: 'auto' },
}

/** Nearly as many groups as rows, wide ones: the hash table alone is beyond the limit. A sum of doubles shows the order of adding. */
const version: ViewVersion = {
  format: 1,
  view: 'wide',
  version: '0123456789ab',
  sql: `SELECT 'an-entity-whose-name-is-much-longer-than-what-fits-beside-its-hash-' || (id % 300000) AS entity, sum(value) AS total, avg(value) AS mean, count(*) AS n FROM events GROUP BY 1`,
  entity: ['entity'],
  grain: 'hour',
  zone: 'UTC',
  warmUp: 'compute',
  inputs: [binding],
  schema: [
    { name: 'entity', type: 'VARCHAR' },
    { name: 'total', type: 'DOUBLE' },
    { name: 'mean', type: 'DOUBLE' },
    { name: 'n', type: 'BIGINT' },
  ],
}
const settings = {
  description: '',
  expect: [],
  warn: [],
  nonFinite: 'refuse',
  badRows: {},
  repairMs: 0,
  availableAfterMs: 0,
  columns: {},
  absent: {},
} as const

function partitionAt(hour: number): Partition {
  const start = Date.UTC(2001, 0, 1, hour)
  return { name: `2001-01-01-0${hour}`, start, end: start + HOUR_MS }
}

/** Raw events of one hour, in the scratch folder of an engine: the same rows for the same hour, in any engine. */
async function writeEvents(engine: LocalEngine, hour: number): Promise<string> {
  const file = join(engine.scratch, `events-${hour}.parquet`)
  const { start } = partitionAt(hour)
  const sql =
    `SELECT (i * 7919) % ${ROWS} AS id, ((i * 104729 + ${hour}) % 1000003) / 7.0 AS value, ` +
    `make_timestamptz(${start * 1000} + i * 1000) AS ts FROM range(${ROWS}) AS t(i)`
  await engine.engine.session('UTC', (session) => session.run(`COPY (${sql}) TO ${literal(file)} (FORMAT parquet, ROW_GROUP_SIZE 20000)`))
  return file
}

async function compute(engine: LocalEngine, hour: number, watch?: () => void) {
  const partition = partitionAt(hour)
  const object = {
    key: `raw/${hour}`,
    file: await writeEvents(engine, hour),
    folderStart: partition.start,
    folderEnd: partition.end,
    captures: {},
    decoded: false,
    skipped: 0,
  }
  const input: LocalInput = {
    binding,
    start: partition.start,
    end: partition.end,
    objects: [{ object, profile: unwrap((await engine.profileAll([object], binding))[0]) }],
  }
  const timer = watch && setInterval(watch, 5)
  try {
    const [computed] = await engine.computeAll([
      {
        version,
        settings,
        partition,
        inputs: [input],
        file: join(engine.scratch, `out-${hour}-${outputs++}.parquet`),
      },
    ])
    return unwrap(computed)
  } finally {
    clearInterval(timer)
  }
}

/** Files that stand in the engine's spill folder. */
function spilled(engine: LocalEngine): number {
  const folder = join(engine.scratch, 'spill')
  return existsSync(folder) ? readdirSync(folder).length : 0
}

describe('a query that needs more memory than the engine has', () => {
  const first = new LocalEngine({ scratch: join(root, 'first'), memoryLimitMb: MEMORY_MB })
  const second = new LocalEngine({ scratch: join(root, 'second'), memoryLimitMb: MEMORY_MB })
  let files = 0
  const hashes = { first: [] as string[], second: [] as string[] }

  beforeAll(async () => {
    const watch = () => {
      files = Math.max(files, spilled(first))
    }
    for (const hour of [0, 1]) hashes.first[hour] = (await compute(first, hour, watch)).sha256
    // Another order, after other work in the same engine.
    await second.engine.session('UTC', (session) => session.rows('SELECT sum(hash(i)) FROM range(300000) AS t(i) GROUP BY i % 1000'))
    for (const hour of [1, 0, 1]) hashes.second[hour] = (await compute(second, hour)).sha256
  })

  afterAll(async () => {
    await Promise.all([first.close(), second.close()])
    rmSync(root, { recursive: true, force: true })
  })

  it('spills to the scratch folder while it runs', () => expect(files).toBeGreaterThan(0))

  it('gives the same bytes in two engines, in another order of partitions, after other work', () => {
    expect(hashes.second).toEqual(hashes.first)
    expect(hashes.first[0]).not.toBe(hashes.first[1])
  })
})
