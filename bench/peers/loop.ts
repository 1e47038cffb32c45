/**
 * What people write first: one query per day, in a loop. No plan, no receipts, no checks, no conditional writes.
 * Usage: node loop.ts LAKE OUT
 */
import { mkdirSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const DAY_MS = 86_400_000
const FIRST = Date.parse('2001-01-01T00:00:00Z')
const LAST = Date.parse('2001-07-01T00:00:00Z')

const [lake = '', out = ''] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
for (let day = FIRST; day <= LAST; day += DAY_MS) {
  const files: string[] = []
  for (let read = Math.max(FIRST, day - 6 * DAY_MS); read <= day; read += DAY_MS) files.push(`'${lake}/flights/dt=${name(read)}/*.parquet'`)
  mkdirSync(`${out}/dt=${name(day)}`, { recursive: true })
  await connection.run(`
    COPY (
      SELECT origin,
             count(*)                                                      AS departures_7d,
             count(*) FILTER (WHERE date >= TIMESTAMP '${name(day)}')      AS departures_1d,
             avg(delay)                                                    AS mean_delay_7d
      FROM read_parquet([${files.join(', ')}], hive_partitioning = false)
      GROUP BY origin
      ORDER BY origin
    ) TO '${out}/dt=${name(day)}/features.parquet' (FORMAT parquet, COMPRESSION zstd)`)
}
connection.closeSync()
instance.closeSync()

function name(day: number): string {
  return new Date(day).toISOString().slice(0, 10)
}
