/** What Athena reads while versions change: every answer is wholly of one version, and the history has them all. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type AthenaLake, daysAgo, openAthenaLake } from './athena-lake.ts'
import { readWithDuckDb } from './duckdb.ts'

const servers = inject('servers')
const DAYS = 6
const TICKS = `description: Ticks.
key: ticks/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, amount: BIGINT}
start: ${daysAgo(DAYS)}
`
const busy = (columns: string) => `/* ---
description: Ticks of a day.
entity: id
grain: day
inputs: {ticks: 1 day}
--- */
SELECT id, ${columns} FROM ticks GROUP BY id
`
const FIRST = busy('count(*) AS n, sum(amount) AS total, min(amount) AS least')
/** One column is new, one is gone, one has another type. */
const SECOND = busy('count(*) AS n, max(amount) AS most, CAST(min(amount) AS DOUBLE) AS least')

describe.skipIf(servers.missing)(`versions, read by Trino${servers.missing ? ` (${servers.missing})` : ''}`, () => {
  let lake: AthenaLake
  const versions: string[] = []
  beforeAll(async () => {
    lake = await openAthenaLake('versions', servers)
    for (let day = DAYS; day >= 1; day--) {
      const rows = ['a', 'b'].map((id, at) => `${daysAgo(day)} 01:00:00,${id},${day + at}\n`)
      await lake.store.put(`ticks/dt=${daysAgo(day)}/1.csv`, Buffer.from(`at,id,amount\n${rows.join('')}`))
    }
    for (const sql of [FIRST, SECOND]) {
      await lake.define({ 'ticks.source.yaml': TICKS, 'busy.sql': sql })
      const { out } = await lake.done('register', '--json')
      versions.push(/"version": "([0-9a-f]{12})"/.exec(out)?.[1] ?? '')
      await lake.done('backfill', '--local', '--last', `${DAYS}d`, '--workers', '1')
      if (sql === FIRST) await lake.done('publish', 'busy', '--unverified')
    }
  })
  afterAll(() => lake?.close())

  it('a candidate is in the history before it is published', async () => {
    const { rows } = await lake.query('SELECT v, count(*) FROM busy__history GROUP BY v ORDER BY v')
    expect(rows).toEqual(versions.toSorted().map((version) => [version, DAYS * 2]))
    expect((await lake.query('SELECT DISTINCT regexp_extract("$path", \'v=([0-9a-f]+)\', 1) FROM busy')).rows).toEqual([[versions[0]]])
  })

  it('readers beside publishes and rollbacks get answers that are wholly old or wholly new', async () => {
    const answers = new Set<string>()
    let reading = true
    const reader = async () => {
      while (reading) {
        const { rows } = await lake.query(
          `SELECT array_agg(DISTINCT regexp_extract("$path", 'v=([0-9a-f]+)', 1)), count(*), sum(n) FROM busy`,
        )
        answers.add(JSON.stringify(rows))
      }
    }
    const readers = [reader(), reader(), reader()]
    for (let round = 0; round < 3; round++) {
      await lake.done('publish', 'busy', '--unverified')
      await lake.done('rollback', 'busy')
    }
    reading = false
    await Promise.all(readers)
    const wholly = versions.map((version) => JSON.stringify([[[version], DAYS * 2, DAYS * 2]]))
    expect([...answers].sort()).toEqual(wholly.sort())
  })

  it('a new, a dropped and a retyped column are those of the published version', async () => {
    const columns = async () => (await lake.query('DESCRIBE busy')).rows.map(([name, type]) => `${name} ${type}`)
    const common = ['id varchar', 'feature_time timestamp(3)', 'n bigint']
    expect(await columns()).toEqual([...common, 'total bigint', 'least bigint', 'dt varchar'])
    await lake.done('publish', 'busy', '--unverified')
    expect(await columns()).toEqual([...common, 'most bigint', 'least double', 'dt varchar'])
    const { rows } = await lake.query(`SELECT most, least FROM busy WHERE dt = '${daysAgo(1)}' ORDER BY id`)
    expect(rows).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('the history has all versions, NULL where one lacks a column, and says what it leaves out', async () => {
    const { out } = await lake.done('catalog', 'repair')
    expect(out).toContain('note: table busy__history has no column least: its type is not the same in all versions')
    const select = 'SELECT v, dt, id, n, total, most FROM'
    const { rows } = await lake.query(`${select} busy__history ORDER BY v, dt, id`)
    const expected = await readWithDuckDb(lake.store, 'features/busy/', `${select} $files ORDER BY v, dt, id`)
    expect(rows).toHaveLength(DAYS * 4)
    expect(rows).toEqual(expected.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value))))
    const { rows: one } = await lake.query(`SELECT DISTINCT v FROM busy__history WHERE v = '${versions[0]}'`)
    expect(one).toEqual([[versions[0]]])
  })
})
