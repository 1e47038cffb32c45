/** The SQL of a comparison. All counts come from one join, whatever the number of columns. */
import { isNumber, isTime, severitySql } from './difference-sql.ts'
import type { TableDiffJob } from './table-diff.ts'
import { localMicrosSql } from './time-sql.ts'

/** Rows that differ in some column or are on one side only: mostly few, and all that has to be looked at closely. */
export const DIFFERING = 'differing_rows'

/** On which sides a key is (`h`, `t`), and both values (`a0`, `b0`, ...), where these are not the same. */
export function joinedSql({ here, there, keys, columns }: TableDiffJob): string {
  const key = keys.map((_, at) => `coalesce(h.k${at}, t.k${at}) AS k${at}`)
  const values = columns.map((_, at) => `h.v${at} AS a${at}, t.v${at} AS b${at}`)
  const on = ['h.p = t.p', ...keys.map((_, at) => `h.k${at} = t.k${at}`)]
  const differs = ['h.h IS NULL', 't.t IS NULL', ...columns.map((_, at) => `h.v${at} IS DISTINCT FROM t.v${at}`)]
  return (
    `SELECT ${['coalesce(h.p, t.p) AS p', 'h.h IS NOT NULL AS h', 't.t IS NOT NULL AS t', ...key, ...values].join(', ')} ` +
    `FROM (SELECT *, true AS h FROM (${here})) h FULL JOIN (SELECT *, true AS t FROM (${there})) t ON ${on.join(' AND ')} ` +
    `WHERE ${differs.join(' OR ')}`
  )
}

/** How severely each column differs (`s0`, ...), and the row (`worst`). */
export function gradedSql({ columns, tolerance }: TableDiffJob): string {
  const severities = columns.map(
    ({ type }, at) => `CASE WHEN h AND t THEN ${severitySql({ here: `a${at}`, there: `b${at}`, type }, tolerance)} ELSE 0 END AS s${at}`,
  )
  const graded = `SELECT ${['*', ...severities].join(', ')} FROM ${DIFFERING}`
  return `SELECT *, greatest(0${columns.map((_, at) => `, s${at}`).join('')}) AS worst FROM (${graded})`
}

/** What `gradedSql` says of each partition `p`: rows, and per column how many differ, how and how much. */
export function countsSql(job: TableDiffJob): string {
  const count = (where: string, name: string) => `count(*) FILTER (WHERE ${where})::BIGINT AS ${name}`
  const rows = [
    'p',
    count('worst = 1', 'last_bits'),
    count('worst = 2', 'different'),
    count('NOT t', 'only_here'),
    count('NOT h', 'only_there'),
  ]
  const columns = job.columns.flatMap(({ type }, at) => [
    count(`s${at} = 1`, `l${at}`),
    count(`s${at} = 2`, `d${at}`),
    count(`s${at} = 2 AND (a${at} IS NULL) <> (b${at} IS NULL)`, `n${at}`),
    ...(isTime(type)
      ? [count(`s${at} = 2 AND abs(${localDaySql(job, `a${at}`, type)} - ${localDaySql(job, `b${at}`, type)}) = 1`, `o${at}`)]
      : []),
    ...(isNumber(type) ? sizesSql(at) : []),
  ])
  return [...rows, ...columns].join(', ')
}

function sizesSql(at: number): string[] {
  const [a, b] = [`a${at}::DOUBLE`, `b${at}::DOUBLE`]
  const where = `FILTER (WHERE s${at} > 0 AND isfinite(${a}) AND isfinite(${b}))`
  return [
    `max(abs(${a} - ${b})) ${where} AS m${at}`,
    `max(abs(${a} - ${b}) / greatest(abs(${a}), abs(${b}))) ${where} AS r${at}`,
    `sum(${b} - ${a}) ${where} AS x${at}`,
  ]
}

/** Days since 1970 on the zone's clock; a date and a time without a zone have their own. */
function localDaySql({ zone, range }: TableDiffJob, value: string, type: string): string {
  const micros = `epoch_us(${type === 'DATE' ? `${value}::TIMESTAMP` : value})`
  const zoned = type === 'TIMESTAMP WITH TIME ZONE'
  return `floor((${zoned ? localMicrosSql(micros, zone, range) : micros}) / 86400000000)`
}
