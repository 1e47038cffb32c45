import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'

/** The first and the last of the 182 days; six flights at exactly midnight make the last one. */
export const FLIGHT_DAYS = { first: '2001-01-01', last: '2001-07-01' }

/** Lays the 3,000,000 flights of the npm package `vega-datasets` on a lake folder: `flights/dt=<day>/*.parquet`, one file a day. */
export async function layFlights(lake: string): Promise<void> {
  await rm(lake, { recursive: true, force: true })
  await mkdir(lake, { recursive: true })
  const file = fileURLToPath(new URL('../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  const sql =
    `COPY (SELECT *, strftime(date, '%Y-%m-%d') AS dt FROM read_parquet('${file}')) ` +
    `TO '${join(lake, 'flights')}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (dt))`
  await connection.run(`SET partitioned_write_max_open_files = 1000`)
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}
