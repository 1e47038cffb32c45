/** The budget of a training set is the scan limit of a workgroup of its own, which stands while its queries run. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetTablesCommand } from '@aws-sdk/client-glue'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openEnvironment } from '../../functions/environment.ts'
import { createTrainHandler, type TrainedSet } from '../../functions/train.ts'
import { LocalEngine } from '../../lib/engine/local-engine.ts'
import { listAll } from '../../lib/lake/object-store.ts'
import { openQueries } from '../../lib/lake/open-queries.ts'
import { openTables } from '../../lib/lake/open-tables.ts'
import type { TableStore } from '../../lib/lake/table-store.ts'
import { readTraining } from '../../lib/pipeline/read-training.ts'
import { train } from '../../lib/pipeline/train.ts'
import { type MadeView, parquetOf, publishViews, putOutputs } from '../support/training-lake.ts'
import type { AthenaLake } from './athena-lake.ts'
import type { AthenaShim } from './athena-shim.ts'
import { openShimmedLake } from './shimmed-lake.ts'

const servers = inject('servers')
const LABELS = 1000
const DAY = '2001-06-01'
const SPENT: MadeView = {
  ...{ view: 'spent', version: 'aaaaaaaaaaaa', grain: 'day', zone: 'UTC', entity: ['id'], settings: {} },
  schema: [
    { name: 'id', type: 'VARCHAR' },
    { name: 'x', type: 'DOUBLE' },
  ],
}
const SET = `description: Will they spend?
engine: athena
labels: {key: labels/asked.parquet, time: asked}
features: [{view: spent}]
`
/** What a budget buys for the join, beside the 10 MiB that the count of what it wrote is charged for at least. */
const bought = (usd: number) => Math.floor((usd / 5) * 1024 ** 4 - 10 * 1024 ** 2)
const rowsOf = (entities: number) =>
  `SELECT '${DAY}' AS dt, 'e' || range AS id, TIMESTAMP '2001-06-02' AS feature_time, hash(range) / 7 AS x FROM range(${entities})`

describe.skipIf(servers.missing)(`the budget of a training set${servers.missing ? ` (${servers.missing})` : ''}`, () => {
  let lake: AthenaLake
  let shim: AthenaShim
  beforeAll(async () => {
    ;({ lake, shim } = await openShimmedLake('budget', servers))
    await lake.define({ 'spenders.training.yaml': SET })
    const asked = `SELECT TIMESTAMPTZ '2001-06-02 12:00:00+00' AS asked, 'e' || range AS id FROM range(${LABELS})`
    await lake.store.put('labels/asked.parquet', await parquetOf(asked))
    await publishViews(lake.store, [SPENT])
    await putOutputs(lake.store, SPENT, rowsOf(500), [DAY])
  })
  afterAll(async () => {
    await lake?.close()
  })

  const make = (...args: readonly string[]) => lake.done('train', 'spenders', '--athena-workgroup', 'features', '--json', ...args)
  const left = async () => ({
    tables: (await lake.glue.send(new GetTablesCommand({ DatabaseName: lake.database }))).TableList,
    workgroups: shim.workgroups.names(),
    keys: (await listAll(lake.store, { prefix: 'training/' })).map(({ key }) => key),
  })

  it('is the limit of the queries, in the configured workgroup made again, which is gone afterwards', async () => {
    const before = shim.workgroups.made.length
    const { run, rows, scannedBytes } = JSON.parse((await make('--max-cost', '0.0002')).out)
    expect(rows).toBe(LABELS)
    expect(scannedBytes).toBeGreaterThan(1000)
    const own = shim.workgroups.made.slice(before)
    const { Configuration: configured } = shim.workgroups.named('features')
    expect(own).toMatchObject([
      {
        Name: `features-train-${run}`,
        Configuration: { ...configured, EnforceWorkGroupConfiguration: true, BytesScannedCutoffPerQuery: bought(0.0002) },
        Tags: [
          { Key: 'hindcast:run', Value: run },
          { Key: 'hindcast:workgroup', Value: 'features' },
        ],
      },
    ])
    expect(own[0]?.Configuration.EngineVersion).toEqual({ SelectedEngineVersion: 'AUTO' })
    expect(shim.ranIn()).toEqual([`features-train-${run}`, `features-train-${run}`])
    expect((await left()).workgroups).toEqual(['features'])
  })

  it('without one, the queries run in the configured workgroup', async () => {
    const before = shim.ranIn().length
    await make()
    expect(shim.ranIn().slice(before)).toEqual(['features', 'features'])
  })

  it('a query that scans more than its budget is ended, is told with both numbers, and leaves nothing', async () => {
    const before = await left()
    const { training, lineOf } = await readTraining(lake.features, 'spenders')
    const request = { training, lineOf, run: 'dear', labels: { key: 'labels/asked.parquet' }, versions: new Map(), allowUncovered: false }
    const engine = new LocalEngine({ scratch: await mkdtemp(join(tmpdir(), 'hindcast-dear-')) })
    try {
      const grown = growing(await openTables(lake.database), () => putOutputs(lake.store, SPENT, rowsOf(2_000_000), [DAY]))
      const athena = { tables: grown, queries: await openQueries('features') }
      const effects = { lake: { store: lake.store, bucket: () => lake.store }, engine, threads: 1, athena, now: () => Date.now() }
      await expect(train({ ...request, maxCostUsd: 0.0001 }, effects)).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringMatching(
          new RegExp(
            `^Athena \\(workgroup features\\): query \\S+ had scanned \\d{8} bytes when it was ended; ` +
              `expected at most ${bought(0.0001)}, which a budget of \\$0\\.0001 \\(--max-cost\\) leaves it$`,
          ),
        ),
      })
      expect(shim.states().at(-1)).toBe('CANCELLED')
      expect(await left()).toEqual(before)
    } finally {
      await engine.close()
      await putOutputs(lake.store, SPENT, rowsOf(500), [DAY])
    }
  })

  it('the deployed function joins there within its budget, and what it has no time for leaves nothing', async () => {
    const environment = await openEnvironment({ lake: lake.place })
    const athena = async () => ({ tables: await openTables(lake.database), queries: await openQueries('features') })
    const handler = createTrainHandler(
      async () => environment,
      () => ({ definitions: lake.features, bytesMax: 1, athena }),
    )
    const call = handler as unknown as (event: object, context: object) => Promise<TrainedSet>
    try {
      const set = await call({ name: 'spenders', maxCost: 0.0002 }, { getRemainingTimeInMillis: () => 900_000 })
      expect(set.rows).toBe(LABELS)
      expect(shim.ranIn().at(-1)).toBe(`features-train-${set.run}`)
      await expect(call({ name: 'spenders', engine: 'duckdb' }, {})).rejects.toThrow(/do not fit here; expected at most 1 MB/)
      await call({ name: 'spenders', engine: 'auto' }, {})
      expect(shim.ranIn().at(-1)).toBe('features')
      const before = await left()
      await expect(call({ name: 'spenders' }, { getRemainingTimeInMillis: () => 90_000 })).rejects.toMatchObject({
        ...{ name: 'TransientError', message: 'no query was started: it was interrupted' },
      })
      expect(await left()).toEqual(before)
    } finally {
      await environment.close()
    }
  })

  it('a workgroup that a killed run left is removed by the next one after a day, and none of anybody else', async () => {
    const queries = await openQueries('features')
    const now = Date.now()
    const limit = (run: string, hours: number) =>
      queries.limit({ run, bytesMax: 20_000_000, from: 'a budget', now: now + hours * 3_600_000 })
    shim.workgroups.create({ Name: 'features-train-models', Description: 'mine' })
    await limit('killed', 0)
    const standing = ['features', 'features-train-models', 'features-train-killed']
    await (await limit('next', 23)).close()
    expect(shim.workgroups.names()).toEqual(standing)
    await (await limit('later', 25)).close()
    expect(shim.workgroups.names()).toEqual(standing.slice(0, 2))
  })

  it('the lower limit of the configured workgroup holds, and one that Athena does not take is refused', async () => {
    shim.workgroups.create({ Name: 'small', Configuration: { BytesScannedCutoffPerQuery: 12_000_000 } })
    const small = await openQueries('small')
    const { close } = await small.limit({ run: 'r', bytesMax: 20_000_000, from: 'a budget', now: Date.now() })
    expect(shim.workgroups.named('small-train-r').Configuration.BytesScannedCutoffPerQuery).toBe(12_000_000)
    await close()
    await expect(small.limit({ run: 'r', bytesMax: 9_999_999, from: 'a budget of $1', now: Date.now() })).rejects.toThrow(
      'a budget of $1 leaves 9999999 bytes to scan; expected at least 10000000, the least limit that Athena takes',
    )
    await expect((await openQueries('nobody')).limit({ run: 'r', bytesMax: 2e7, from: '', now: 0 })).rejects.toThrow(
      /^Athena \(workgroup nobody\) refused the request: WorkGroup nobody is not found/,
    )
  })
})

/** Somebody writes a partition that is much larger after the price was looked at, and before the query. */
function growing(tables: TableStore, grow: () => Promise<void>): TableStore {
  let grown: Promise<void> | undefined
  return {
    database: tables.database,
    read: (name) => tables.read(name),
    async put(table, over) {
      grown ??= grow()
      await grown
      await tables.put(table, over)
    },
    delete: (name) => tables.delete(name),
    list: () => tables.list(),
  }
}
