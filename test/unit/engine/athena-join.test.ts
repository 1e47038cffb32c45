/** Athena's join, run by DuckDB on what is sent, gives what DuckDB's own join gives: the SQL is of both dialects. test/athena has Trino. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { athenaJoinSql, unloadSql, writtenSql } from '../../../lib/engine/athena-join.ts'
import { sendSql, sentColumns } from '../../../lib/engine/athena-labels.ts'
import { Engine, type Row, type Session } from '../../../lib/engine/engine.ts'
import { labelColumns, readLabelTimes } from '../../../lib/engine/label-table.ts'
import { carriedName, carrySql, type JoinedFeature, type PointInTimeJoin, writeSql } from '../../../lib/engine/point-in-time.ts'
import { identifier } from '../../../lib/engine/quote.ts'

const DAY_MS = 86_400_000
const START = Date.UTC(2024, 0, 1)
const COLUMNS = [
  { name: 'n', type: 'HUGEINT', absent: 0 },
  { name: 'mean', type: 'DOUBLE' },
  { name: 'last', type: 'TIMESTAMP WITH TIME ZONE', absent: '2000-01-01 00:00:00+00' },
]
const BASE: Omit<JoinedFeature, 'as'> = {
  lookup: 0,
  keys: [{ column: 'id', type: 'BIGINT', label: 'who', labelType: 'INTEGER' }],
  columns: COLUMNS,
  files: [],
  uncovered: [],
}

describe('athenaJoinSql', () => {
  let scratch: string
  let engine: Engine
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'hindcast-athena-sql-'))
    engine = new Engine({ scratch: join(scratch, 'e') })
  })
  afterAll(async () => {
    await engine.close()
    await rm(scratch, { recursive: true, force: true })
  })

  /** 2,000 labels of 30 users over 20 days, users without rows, NULL users, times between milliseconds; the partition of day 9 is missing. */
  async function prepare(session: Session) {
    const [labels, rows] = [join(engine.scratch, 'labels.parquet'), join(engine.scratch, 'rows.parquet')]
    await session.run(
      `COPY (SELECT nullif((hash(range) % 30)::INTEGER, 7) AS who, TIMESTAMPTZ '2024-01-05 00:00:00+00' + to_microseconds((range * 864_000_111)::BIGINT) AS "At",` +
        ` CASE WHEN range % 3 = 0 THEN TIMESTAMP '2024-01-01' + to_days((range % 5)::INTEGER) + to_microseconds((range % 2)::BIGINT) END AS since FROM range(2000)) TO '${labels}' (FORMAT parquet)`,
    )
    await session.run(
      `COPY (SELECT id, (TIMESTAMP '2024-01-01' + to_days(d::INTEGER))::TIMESTAMP_MS AS feature_time, nullif(d, 11)::BIGINT AS n, id / 7 AS mean,` +
        ` (TIMESTAMP '2024-01-01' + to_hours(d::INTEGER))::TIMESTAMP_MS AS last, (TIMESTAMP '2024-01-01' + to_days((id % 5)::INTEGER))::TIMESTAMP_MS AS since,` +
        ` strftime(TIMESTAMP '2024-01-01' + to_days((d - 1)::INTEGER), '%Y-%m-%d') AS dt` +
        ` FROM range(1, 25) d(d), range(26) i(id) WHERE d <> 9 AND hash(d * 100 + id) % 4 <> 0 AND (id % 5 <> 2 OR d < 10)) TO '${rows}' (FORMAT parquet)`,
    )
    const columns = await labelColumns(session, labels)
    return { rows, labels: await readLabelTimes(session, { file: labels, name: 'labels', columns, time: { column: 'At' } }) }
  }

  async function both(
    session: Session,
    features: readonly JoinedFeature[],
    from: Awaited<ReturnType<typeof prepare>>,
  ): Promise<[Row[], Row[]]> {
    const { rows, labels } = from
    const lookups = [{ kind: 'steps' as const, cut: START + 1_800_000, end: START, sizeMs: DAY_MS }]
    const job: PointInTimeJoin = { labels, lookups, features: features.map((feature) => ({ ...feature, files: [rows] })) }
    for (const at of features.keys()) {
      await session.run(`DROP TABLE IF EXISTS ${carriedName(at)}`)
      for (const sql of carrySql(job, at)) await session.run(sql)
    }
    const [here, sent] = [join(engine.scratch, 'here.parquet'), join(engine.scratch, 'sent.parquet')]
    await session.run(writeSql(job, here, { from: 0, to: labels.rows }, 'late'))
    await session.run(sendSql(job, sent, { from: 0, to: labels.rows }))
    await session.run(`CREATE OR REPLACE TEMP VIEW sent AS SELECT * FROM read_parquet('${sent}')`)
    await session.run(`CREATE OR REPLACE TEMP VIEW rows AS SELECT * FROM read_parquet('${rows}')`)
    const tables = {
      database: 'temp',
      labels: 'sent',
      features: features.map(() => ({ table: 'rows', first: '2024-01-01', last: '2024-01-31' })),
    }
    const other = athenaJoinSql(job, tables)
    // Athena's times are naive and of milliseconds.
    const names = Object.entries(await session.columnTypes(other)).flatMap(([name, type]) =>
      name === '__ordinal'
        ? []
        : [type.startsWith('TIMESTAMP') ? `epoch_ms(${identifier(name)}) AS ${identifier(name)}` : identifier(name)],
    )
    const mine = await session.rows(`SELECT ${names.join(', ')} FROM read_parquet('${here}')`)
    const theirs = await session.rows(`SELECT ${names.join(', ')} FROM (${other}) ORDER BY __ordinal`)
    return [mine, theirs]
  }

  it('gives the rows of the join on this machine: absent, carry, missing partitions, one view twice, times as keys', async () => {
    await engine.parallel(2, async (session) => {
      const from = await prepare(session)
      const sinceKey = { column: 'since', type: 'TIMESTAMP', label: 'since', labelType: 'TIMESTAMP' }
      const features: JoinedFeature[] = [
        { ...BASE, as: 'plain' },
        { ...BASE, as: 'holed', uncovered: [START + 9 * DAY_MS] },
        { ...BASE, as: 'carried', carryMs: 3 * DAY_MS },
        { ...BASE, as: 'far', carryMs: 12.5 * DAY_MS, uncovered: [START + 9 * DAY_MS] },
        { ...BASE, as: 'timed', keys: [...BASE.keys, sinceKey] },
      ]
      const [mine, theirs] = await both(session, features, from)
      expect(mine).toHaveLength(2000)
      expect(theirs).toEqual(mine)
      const states = (name: string) => [...new Set(mine.map((row) => row[`${name}__state`]))].sort()
      expect(states('plain')).toEqual(['absent', 'value'])
      expect(states('far')).toEqual(['absent', 'carried', 'no_partition', 'value'])
      expect(states('timed')).toEqual(['absent', 'value'])
    })
  })

  it('refuses label columns that Athena cannot hold, before anything is sent', () => {
    const labels = { file: '', columns: [{ name: 'key', type: 'UUID' }], rows: 1, first: 0, last: 0, time: { micros: '0', join: '' } }
    expect(() => sentColumns({ labels, lookups: [], features: [] })).toThrow(
      "label column 'key' is UUID, which Athena cannot hold; expected a column of type VARCHAR, or engine: duckdb",
    )
  })

  it('writes with UNLOAD and counts what was written', () => {
    expect(unloadSql('SELECT 1', "s3://b/it's/")).toBe(
      "UNLOAD (SELECT 1) TO 's3://b/it''s/' WITH (format = 'PARQUET', compression = 'SNAPPY')",
    )
    expect(writtenSql(['a'], { database: 'd', name: 't' })).toBe(
      'SELECT "$path", "a__state", count(*), max("a__age") FROM "d"."t" GROUP BY "$path", "a__state"',
    )
  })
})
