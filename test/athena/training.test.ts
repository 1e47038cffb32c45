/** A training set that Athena joins is the one that DuckDB joins, row for row. */
import { readFile } from 'node:fs/promises'
import { GetTablesCommand } from '@aws-sdk/client-glue'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { listAll } from '../../lib/lake/object-store.ts'
import type { TrainingManifest } from '../../lib/lake/training-manifest.ts'
import type { TrainingPlan } from '../../lib/pipeline/train-plan.ts'
import { parquetOf, publishViews, putOutputs } from '../support/training-lake.ts'
import type { AthenaLake } from './athena-lake.ts'
import type { AthenaShim } from './athena-shim.ts'
import { compareSets } from './compare-sets.ts'
import { openShimmedLake } from './shimmed-lake.ts'

const servers = inject('servers')
const LABELS = 1_000_000
const FLIGHTS = 'node_modules/vega-datasets/data/flights-3m.parquet'

const PRESSURE = {
  view: 'airport_pressure',
  version: 'aaaaaaaaaaaa',
  grain: 'day' as const,
  zone: 'America/New_York',
  entity: ['origin'],
  schema: [
    { name: 'origin', type: 'VARCHAR' },
    { name: 'departures', type: 'BIGINT' },
    { name: 'mean_delay', type: 'DOUBLE' },
    { name: 'last_at', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'total', type: 'DECIMAL(18,2)' },
  ],
  settings: { availableAfterMs: 1_800_000, absent: { departures: 0, total: '0.50' } },
}
const SET = `description: Will it be late?
engine: athena
labels:
  key: labels/late_flights.parquet
  time: {column: date, zone: America/New_York}
features:
  - {view: airport_pressure, as: origin}
  - {view: airport_pressure, as: destination, entity: {origin: destination}, columns: [departures, total]}
  - {view: airport_pressure, as: known, columns: [mean_delay, last_at], carry: 5 days}
`

describe.skipIf(servers.missing)(`training sets, joined by Trino${servers.missing ? ` (${servers.missing})` : ''}`, () => {
  let lake: AthenaLake
  let shim: AthenaShim
  beforeAll(async () => {
    ;({ lake, shim } = await openShimmedLake('training', servers))
    await lake.define({ 'late_flights.training.yaml': SET })
    await lake.store.put('flights.parquet', await readFile(FLIGHTS))
    const flights = `read_parquet('${FLIGHTS}')`
    // Entities are as skewed as airports are: of 224 the largest has 56,083 labels, the smallest one, and 41,238 labels have no destination.
    const labels = `SELECT date, origin, nullif(destination, 'ATL') AS destination, delay > 15 AS late FROM ${flights} WHERE date >= '2001-04-14' AND date < '2001-06-28' ORDER BY date, origin, destination, delay LIMIT ${LABELS}`
    await lake.store.put('labels/late_flights.parquet', await parquetOf(labels))
    await publishViews(lake.store, [PRESSURE])
    // Small airports are not in every partition, and two days are missing.
    const rows =
      `SELECT strftime(date, '%Y-%m-%d') AS dt, origin, timezone('UTC', timezone('America/New_York', date_trunc('day', date) + INTERVAL 1 DAY)) AS feature_time, ` +
      `count(*)::BIGINT AS departures, avg(delay) AS mean_delay, max(date)::TIMESTAMP_MS AS last_at, sum(delay)::DECIMAL(18,2) AS total ` +
      `FROM ${flights} WHERE date >= '2001-04-06' AND date < '2001-06-29' AND hash(origin || strftime(date, '%j')) % 5 <> 0 GROUP BY ALL`
    const days = Array.from({ length: 83 }, (_, at) => new Date(Date.UTC(2001, 3, 6 + at)).toISOString().slice(0, 10))
    await putOutputs(
      lake.store,
      PRESSURE,
      rows,
      days.filter((day) => !['2001-06-10', '2001-06-11'].includes(day)),
    )
  })
  afterAll(async () => {
    await lake?.close()
  })

  const train = async (...args: readonly string[]) =>
    JSON.parse((await lake.done('train', 'late_flights', '--athena-workgroup', 'features', '--allow-uncovered', '--json', ...args)).out)

  it('equals the set of DuckDB row for row, with the same counts', async () => {
    const there: TrainingManifest = await train()
    const here: TrainingManifest = await train('--engine', 'duckdb')
    expect(there.engine.description).toBe('Athena (workgroup features)')
    // Trino reads no more than the plan says, 18 MB of 142: a budget of the plan's price ends no query.
    const { scanBytes, usd }: TrainingPlan = await train('--plan')
    expect(there.scannedBytes).toBeLessThan(scanBytes)
    expect(there.scannedBytes).toBeGreaterThan(scanBytes / 10)
    const dear: TrainingManifest = await train('--max-cost', usd.toFixed(6))
    expect(dear.rows).toBe(LABELS)
    expect(there.views).toEqual(here.views)
    expect(Object.values(there.views[2]?.states ?? {}).every((labels) => labels > 0)).toBe(true)
    expect(await compareSets(lake.store, there, here)).toEqual({ rows: LABELS, differing: 0, columns: {} })
  }, 600_000)

  it('leaves the set and its manifest, no table and no sent label', async () => {
    const keys = (await listAll(lake.store, { prefix: 'training/' })).map(({ key }) => key)
    expect(keys.filter((key) => key.includes('/_labels/'))).toEqual([])
    expect((await lake.glue.send(new GetTablesCommand({ DatabaseName: lake.database }))).TableList).toEqual([])
    expect(shim.statements[0]).toMatch(/^UNLOAD \(WITH at2 AS/)
  })

  it('refuses beforehand what costs more than is allowed, and a plan starts nothing', async () => {
    const before = shim.statements.length
    const refused = await lake.cli('train', 'late_flights', '--athena-workgroup', 'features', '--allow-uncovered', '--max-cost', '0.00001')
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/would scan up to .* in Athena for up to \$0\.000\d; expected at most \$0\.00001 \(--max-cost\)/)
    const { out } = await lake.done('train', 'late_flights', '--athena-workgroup', 'features', '--allow-uncovered', '--plan')
    expect(out).toMatch(/^engine: Athena \(engine: athena\)\n {2}1,000,000 labels, \d+ partitions/)
    expect(shim.statements).toHaveLength(before)
  })
})
