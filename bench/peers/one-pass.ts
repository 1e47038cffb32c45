/**
 * The peer that knows everything beforehand: one query over all flights writes all days, on all cores. No plan, no receipts, no
 * checks, nothing to go on from when it is ended halfway. Usage: node one-pass.ts LAKE OUT
 */
import { DuckDBInstance } from '@duckdb/node-api'

const [lake = '', out = ''] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
await connection.run('SET partitioned_write_max_open_files = 1000')
await connection.run(`
  COPY (
    WITH daily AS (
      SELECT origin, date_trunc('day', date) AS day, count(*) AS departures, count(delay) AS delays, sum(delay) AS delay
      FROM read_parquet('${lake}/flights/*/*.parquet', hive_partitioning = false)
      GROUP BY ALL
    ),
    days AS (SELECT unnest(range(TIMESTAMP '2001-01-01', TIMESTAMP '2001-07-02', INTERVAL 1 DAY)) AS day)
    SELECT strftime(days.day, '%Y-%m-%d')                                        AS dt,
           origin,
           sum(departures)::BIGINT                                               AS departures_7d,
           coalesce(sum(departures) FILTER (WHERE daily.day = days.day), 0)::BIGINT AS departures_1d,
           sum(delay) / sum(delays)                                              AS mean_delay_7d
    FROM daily JOIN days ON daily.day > days.day - INTERVAL 7 DAY AND daily.day <= days.day
    GROUP BY ALL
    ORDER BY dt, origin
  ) TO '${out}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (dt))`)
connection.closeSync()
instance.closeSync()
