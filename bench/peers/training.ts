/**
 * What people write by hand: the labels joined with three feature tables, one query, all cores. `join`: the day before, by equality;
 * `asof`: the last row of the past 30 days. In the order of the labels, or with `unordered` as it comes. No coverage, no states, no ages,
 * no manifest. Usage: node training.ts LAKE OUT join|asof [unordered]
 */
import { DuckDBInstance } from '@duckdb/node-api'

const [lake = '', out = '', kind = 'join', order] = process.argv.slice(2)
const VIEWS = ['user_day', 'shop_day', 'city_day']
const table = (view: string) => `read_parquet('${lake}/features/${view}/*/*/features.parquet', hive_partitioning = false)`
const known = `l.t - INTERVAL 30 MINUTES`

const equal = (view: string) =>
  `LEFT JOIN ${table(view)} AS ${view} ON ${view}.id = l.${view}_id AND ${view}.feature_time = date_trunc('day', ${known})`
const latest = (view: string) =>
  `ASOF LEFT JOIN ${table(view)} AS ${view} ON ${view}.id = l.${view}_id AND ${known} >= ${view}.feature_time`
const within = (view: string, column: string) => `CASE WHEN l.t - ${view}.feature_time <= INTERVAL 30 DAYS THEN ${view}.${column} END`

const columns = VIEWS.flatMap((view) =>
  ['n', 'mean', 'most', 'kinds'].map((column) => {
    const value = kind === 'asof' ? within(view, column) : `${view}.${column}`
    return `${column === 'n' ? `coalesce(${value}, 0)` : value} AS ${view}__${column}`
  }),
)

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
await connection.run(`
  COPY (
    SELECT l.* EXCLUDE (file_row_number), ${columns.join(', ')}
    FROM read_parquet('${lake}/labels.parquet', file_row_number = true) AS l
    ${VIEWS.map(kind === 'asof' ? latest : equal).join('\n')}
    ${order === 'unordered' ? '' : 'ORDER BY l.file_row_number'}
  ) TO '${out}' (FORMAT parquet)`)
connection.closeSync()
instance.closeSync()
