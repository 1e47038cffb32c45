/** Training sets in Athena beside the usual one: every grain, nothing to find, nothing to join, an engine that nobody chose, a Ctrl-C. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GetTablesCommand } from '@aws-sdk/client-glue'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { LocalEngine } from '../../lib/engine/local-engine.ts'
import { listAll } from '../../lib/lake/object-store.ts'
import { openQueries } from '../../lib/lake/open-queries.ts'
import { openTables } from '../../lib/lake/open-tables.ts'
import type { TrainingManifest } from '../../lib/lake/training-manifest.ts'
import type { Grain } from '../../lib/model/partition.ts'
import { readTraining } from '../../lib/pipeline/read-training.ts'
import { train } from '../../lib/pipeline/train.ts'
import type { TrainingPlan } from '../../lib/pipeline/train-plan.ts'
import { type MadeView, parquetOf, publishViews, putOutputs } from '../support/training-lake.ts'
import type { AthenaLake } from './athena-lake.ts'
import type { AthenaShim } from './athena-shim.ts'
import { compareSets } from './compare-sets.ts'
import { openShimmedLake } from './shimmed-lake.ts'

const servers = inject('servers')
const LABELS = 3000
const HOUR_MS = 3_600_000

const viewOf = (view: string, version: string, grain: Grain): MadeView => ({
  ...{ view, version, grain, zone: 'UTC', entity: ['id'], settings: { absent: { n: -1 } } },
  schema: [
    { name: 'id', type: 'VARCHAR' },
    { name: 'n', type: 'BIGINT' },
    { name: 'x', type: 'DOUBLE' },
  ],
})
const HOURLY = viewOf('by_hour', 'aaaaaaaaaaaa', 'hour')
const DAILY = viewOf('by_day', 'bbbbbbbbbbbb', 'day')
const MONTHLY = viewOf('by_month', 'cccccccccccc', 'month')
/** Its partitions are there and have no rows. */
const QUIET = viewOf('quiet', 'dddddddddddd', 'day')
/** It has no partition at all. */
const NOWHERE = viewOf('nowhere', 'eeeeeeeeeeee', 'month')

const setOf = (features: string, labels = 'labels/asked.parquet') => `description: Asked in a week of June.
labels:
  key: ${labels}
  time: asked
features:
${features}`
const GRAINS = `  - {view: by_hour, as: hour}
  - {view: by_hour, as: lasting, carry: 3 hours}
  - {view: by_day, as: day}
  - {view: by_day, as: week, carry: 7 days, columns: [x]}
  - {view: by_month, as: month}
  - {view: by_month, as: older, carry: 62 days, columns: [n]}
`
const SETS = {
  'grains.training.yaml': setOf(GRAINS),
  'nothing.training.yaml': setOf('  - {view: quiet}\n  - {view: nowhere, carry: 40 days}\n'),
  'nobody.training.yaml': setOf('  - {view: by_day}\n', 'labels/nobody.parquet'),
}

const hours = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => new Date(Date.UTC(2001, 5, 1) + (from + at) * HOUR_MS).toISOString())
const HOUR_NAMES = hours(0, 150).map((time) => time.slice(0, 13).replace('T', '-'))
const DAY_NAMES = Array.from({ length: 7 }, (_, at) => `2001-06-0${at + 1}`)
const MONTH_NAMES = ['2001-03', '2001-04', '2001-05']

/** Five entities, each of which is not in every partition. */
function rowsOf(names: readonly string[], grain: Grain): string {
  const partitions = names.map(
    (name) => `('${name}', TIMESTAMP '${name.slice(0, 10).padEnd(10, '-01')} ${name.slice(11, 13) || '00'}:00:00')`,
  )
  const end = `start + INTERVAL 1 ${grain}`
  return `SELECT dt, id, ${end} AS feature_time, length(dt) * ascii(id) AS n, hash(dt || id) / 7 AS x FROM (VALUES ${partitions.join(', ')}) AS p (dt, start), unnest(['a', 'b', 'c', 'd', 'e']) AS e (id) WHERE hash(dt || id || 'there') % 3 <> 0`
}

const ASKED =
  `SELECT TIMESTAMPTZ '2001-06-02 00:00:00+00' + to_milliseconds(range * 140_017) AS asked, ` +
  `CASE WHEN range % 40 <> 0 THEN chr((97 + hash(range) % 6)::INTEGER) END AS id, range % 2 = 0 AS yes`

describe.skipIf(servers.missing)(`cases of training sets, joined by Trino${servers.missing ? ` (${servers.missing})` : ''}`, () => {
  let lake: AthenaLake
  let shim: AthenaShim
  beforeAll(async () => {
    ;({ lake, shim } = await openShimmedLake('cases', servers))
    await lake.define(SETS)
    await lake.store.put('labels/asked.parquet', await parquetOf(`${ASKED} FROM range(${LABELS})`))
    await lake.store.put('labels/nobody.parquet', await parquetOf(`${ASKED} FROM range(0)`))
    await publishViews(lake.store, [HOURLY, DAILY, MONTHLY, QUIET, NOWHERE])
    const missing = ['2001-06-03-07', '2001-06-05']
    const there = (names: readonly string[]) => names.filter((name) => !missing.includes(name))
    await putOutputs(lake.store, HOURLY, rowsOf(HOUR_NAMES, 'hour'), there(HOUR_NAMES))
    await putOutputs(lake.store, DAILY, rowsOf(DAY_NAMES, 'day'), there(DAY_NAMES))
    await putOutputs(lake.store, MONTHLY, rowsOf(MONTH_NAMES, 'month'), MONTH_NAMES)
    await putOutputs(lake.store, QUIET, `SELECT * FROM (${rowsOf(DAY_NAMES, 'day')}) WHERE false`, DAY_NAMES)
  })
  afterAll(async () => {
    await lake?.close()
  })

  const args = (name: string) => ['train', name, '--athena-workgroup', 'features', '--allow-uncovered']
  const make = async (name: string, engine: string, ...more: readonly string[]): Promise<TrainingManifest> =>
    JSON.parse((await lake.done(...args(name), '--engine', engine, '--json', ...more)).out)
  const both = async (name: string) => [await make(name, 'athena'), await make(name, 'duckdb')] as const
  let made: ReturnType<typeof both> | undefined
  const grains = () => {
    made ??= both('grains')
    return made
  }
  const left = async () => ({
    tables: (await lake.glue.send(new GetTablesCommand({ DatabaseName: lake.database }))).TableList,
    labels: (await listAll(lake.store, { prefix: 'training/' })).filter(({ key }) => key.includes('/_labels/')),
  })
  const keysOf = async (name: string) => (await listAll(lake.store, { prefix: `training/${name}/` })).map(({ key }) => key)

  it('hours, days and months, carried and not, from more than a hundred partitions', async () => {
    const [there, here] = await grains()
    expect(there.views).toEqual(here.views)
    expect(there.views[0]?.partitions.length).toBeGreaterThan(100)
    expect(there.views.map(({ states }) => Object.values(states).filter((labels) => labels > 0).length)).toEqual([3, 4, 3, 4, 2, 3])
    expect(await compareSets(lake.store, there, here)).toEqual({ rows: LABELS, differing: 0, columns: {} })
  })

  it('a set in which nothing is found has every label all the same', async () => {
    const [there, here] = await both('nothing')
    expect(there.views.map(({ states }) => states)).toEqual([
      { value: 0, carried: 0, absent: LABELS, no_partition: 0 },
      { value: 0, carried: 0, absent: 0, no_partition: LABELS },
    ])
    expect(there.views).toEqual(here.views)
    expect(await compareSets(lake.store, there, here)).toEqual({ rows: LABELS, differing: 0, columns: {} })
  })

  it('no labels are refused before a query is started', async () => {
    const before = shim.statements.length
    for (const engine of ['athena', 'duckdb']) {
      const { code, err } = await lake.cli(...args('nobody'), '--engine', engine)
      expect([code, err]).toEqual([3, 'hindcast: labels labels/nobody.parquet have no rows; expected at least one label\n'])
    }
    expect(shim.statements).toHaveLength(before)
    expect(await keysOf('nobody')).toEqual([])
  })

  it('is copied out, and held against the lake, like one of DuckDB', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hindcast-out-'))
    const { files } = await make('nothing', 'athena', '--out', join(folder, 'set.parquet'))
    expect(await readdir(folder)).toHaveLength(files.length)
    await rm(folder, { recursive: true })
    const [there, here] = await grains()
    const check = async ({ run }: TrainingManifest) => {
      const { code, out } = await lake.cli('train', 'grains', '--check', run, '--json')
      const { run: checked, created, ...rest } = JSON.parse(out)
      return { code, rest }
    }
    expect(await check(there)).toMatchObject({ code: 0, rest: { labels: LABELS, affected: 0 } })
    await putOutputs(lake.store, DAILY, `SELECT * REPLACE (n + 1 AS n) FROM (${rowsOf(DAY_NAMES, 'day')})`, ['2001-06-04'])
    try {
      const found = await check(there)
      expect(found).toMatchObject({ code: 1, rest: { affected: expect.any(Number) } })
      expect(found.rest.affected).toBeGreaterThan(400)
      expect(found).toEqual(await check(here))
    } finally {
      await putOutputs(lake.store, DAILY, rowsOf(DAY_NAMES, 'day'), ['2001-06-04'])
    }
  })

  it('an engine that nobody chose is DuckDB while all fits this machine, and says why', async () => {
    const { out } = await lake.done(...args('grains'), '--plan')
    expect(out).toMatch(
      /^engine: DuckDB, on this machine \(\d.* fit this machine, which has room for .*B\)\n {2}3,000 labels, \d+ partitions, /,
    )
  })

  it('where it does not fit, Athena joins it', async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'hindcast-small-'))
    const engine = new LocalEngine({ scratch })
    try {
      const { training, lineOf } = await readTraining(lake.features, 'grains')
      const request = { training, lineOf, run: 'small', labels: { key: 'labels/asked.parquet' }, versions: new Map(), allowUncovered: true }
      const athena = { tables: await openTables(lake.database), queries: await openQueries('features') }
      const plans: TrainingPlan[] = []
      const effects = { lake: { store: lake.store, bucket: () => lake.store }, engine, threads: 2, athena, now: () => Date.now() }
      const set = await train(request, { ...effects, roomBytes: 100_000, onPlan: (plan) => plans.push(plan) })
      expect(plans[0]?.why).toMatch(/^\d.*B do not fit this machine, which has room for 30 kB$/)
      expect(set.engine.id).toBe('athena')
      expect(await compareSets(lake.store, set, (await grains())[1])).toMatchObject({ rows: LABELS, differing: 0 })
    } finally {
      await engine.close()
    }
  })

  it('Ctrl-C stops the query and leaves nothing', async () => {
    const [keys, before] = [await keysOf('grains'), shim.statements.length]
    const training = lake.cli(...args('grains'), '--engine', 'athena')
    while (shim.statements.length === before) await sleep(10)
    process.emit('SIGINT')
    const { code, err } = await training
    expect([code, err.split('\n').at(-2)]).toEqual([130, 'interrupted: nothing was kept of training set grains'])
    expect(shim.states().slice(before)).toEqual(['CANCELLED'])
    expect(await keysOf('grains')).toEqual(keys)
    expect(await left()).toEqual({ tables: [], labels: [] })
  })

  it('Ctrl-C ends a join on this machine as well', async () => {
    const keys = await keysOf('grains')
    const listening = process.listenerCount('SIGINT')
    const training = lake.cli(...args('grains'), '--engine', 'duckdb')
    while (process.listenerCount('SIGINT') === listening) await sleep(1)
    process.emit('SIGINT')
    expect((await training).code).toBe(130)
    expect(await keysOf('grains')).toEqual(keys)
  })
})
