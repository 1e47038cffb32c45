/**
 * The point-in-time join as Athena runs it, over labels as `athena-labels.ts` sends them: pure functions. It means what
 * `point-in-time.ts` means; a test holds them equal. Everything is joined by equality, also `carry`: per entity, the last row before a
 * partition's end is a running maximum over the union of both, never a search per label.
 *
 *     labels -> (carry: at<n>: partition, entity -> last row) -> feature rows where feature_time and the keys are equal
 */
import { type LabelState, trainingColumn } from '../model/training.ts'
import { ORDINAL_COLUMN, sentKey } from './athena-labels.ts'
import type { JoinedFeature, PointInTimeJoin } from './point-in-time.ts'
import { identifier, literal } from './quote.ts'

/** The label's number as a column of the set's table. */
export const ORDINAL = { name: ORDINAL_COLUMN, glue: 'bigint' }

/** A feature's table and the partitions of it that are read, both included. */
export interface FeatureRange {
  readonly table: string
  readonly first: string
  readonly last: string
}

/** Where the join's tables are, by feature. */
export interface JoinTables {
  readonly database: string
  readonly labels: string
  readonly features: readonly FeatureRange[]
}

/** Each label once, in no order, with its number and the columns of every feature. */
export function athenaJoinSql(join: PointInTimeJoin, tables: JoinTables): string {
  const { labels, features } = join
  const carried = features.flatMap((feature, at) => (feature.carryMs === undefined ? [] : [carriedSql(join, tables, { feature, at })]))
  const columns = [
    `l.ordinal AS ${identifier(ORDINAL_COLUMN)}`,
    ...labels.columns.map(({ name }, at) => `l.c${at} AS ${identifier(name)}`),
    ...features.flatMap(featureSql),
  ]
  const joins = features.flatMap((feature, at) => joinSql(join, tables, { feature, at }))
  const withs = carried.length > 0 ? `WITH ${carried.join(', ')} ` : ''
  return `${withs}SELECT ${columns.join(', ')} FROM ${tableSql(tables, tables.labels)} AS l ${joins.join(' ')}`.trimEnd()
}

/**
 * The join as one statement that writes Parquet files below `to`, which has to be empty. UNLOAD knows no partitions here, so none of the
 * limits of CREATE TABLE AS (100 partitions): https://docs.aws.amazon.com/athena/latest/ug/unload.html
 */
export function unloadSql(select: string, to: string): string {
  return `UNLOAD (${select}) TO ${literal(to)} WITH (format = 'PARQUET', compression = 'SNAPPY')`
}

/** Labels by file and by the states of all features, and the greatest age of each: what was written, read back. */
export function writtenSql(names: readonly string[], table: { readonly database: string; readonly name: string }): string {
  const states = names.map((as) => identifier(trainingColumn(as, 'state')))
  const ages = names.map((as) => `max(${identifier(trainingColumn(as, 'age'))})`)
  const by = ['"$path"', ...states].join(', ')
  return `SELECT ${[by, 'count(*)', ...ages].join(', ')} FROM ${identifier(table.database)}.${identifier(table.name)} GROUP BY ${by}`
}

interface Placed {
  readonly feature: JoinedFeature
  readonly at: number
}

function tableSql({ database }: JoinTables, table: string): string {
  return `${identifier(database)}.${identifier(table)}`
}

function rowsSql(tables: JoinTables, at: number, columns: readonly string[]): string {
  const { table, first, last } = tables.features[at] ?? { table: '', first: '', last: '' }
  return `SELECT ${columns.join(', ')} FROM ${tableSql(tables, table)} WHERE dt BETWEEN ${literal(first)} AND ${literal(last)}`
}

/** Per partition that labels ask for and entity of theirs: the end of the last row there or before, within the age. */
function carriedSql(join: PointInTimeJoin, tables: JoinTables, { feature, at }: Placed): string {
  const { lookup, uncovered, carryMs = 0 } = feature
  const names = feature.keys.map((_, key) => `k${key}`)
  const sent = feature.keys.map((_, key) => `l.${sentKey(join, feature, at, key)}`)
  // Labels without an entity are in no partition; together they would be the largest group of all.
  const known = [...sent.map((key) => `${key} IS NOT NULL`), ...(uncovered.length > 0 ? [`NOT l.u${at}`] : [])].join(' AND ')
  const asked = `SELECT DISTINCT l.e${lookup} AS e, ${sent.map((key, index) => `${key} AS k${index}`).join(', ')} FROM ${tableSql(tables, tables.labels)} AS l WHERE ${known}`
  const rows = rowsSql(tables, at, ['feature_time AS e', ...feature.keys.map(({ column }, key) => `${identifier(column)} AS k${key}`)])
  const both =
    `SELECT e, ${names.join(', ')}, CAST(NULL AS TIMESTAMP(3)) AS ft, 1 AS asked FROM (${asked}) AS a ` +
    `UNION ALL SELECT e, ${names.join(', ')}, e AS ft, 0 AS asked FROM (${rows}) AS r`
  const last = `max(ft) OVER (PARTITION BY ${names.join(', ')} ORDER BY e, asked ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  return (
    `at${at} AS (SELECT e, ${names.join(', ')}, ft FROM (SELECT e, ${names.join(', ')}, asked, ${last} AS ft FROM (${both}) AS b) AS w ` +
    `WHERE asked = 1 AND date_diff('millisecond', ft, e) <= ${carryMs})`
  )
}

function joinSql(join: PointInTimeJoin, tables: JoinTables, { feature, at }: Placed): string[] {
  const { lookup, keys, columns, carryMs } = feature
  const sent = keys.map((_, key) => `l.${sentKey(join, feature, at, key)}`)
  const rows = rowsSql(tables, at, [
    'feature_time AS ft',
    ...keys.map(({ column }, key) => `${identifier(column)} AS k${key}`),
    ...columns.map(({ name }, value) => `${identifier(name)} AS v${value}`),
  ])
  const equal = (name: string) => sent.map((key, index) => `${name}.k${index} = ${key}`).join(' AND ')
  if (carryMs === undefined) return [`LEFT JOIN (${rows}) AS f${at} ON f${at}.ft = l.e${lookup} AND ${equal(`f${at}`)}`]
  return [
    `LEFT JOIN at${at} ON at${at}.e = l.e${lookup} AND ${equal(`at${at}`)}`,
    `LEFT JOIN (${rows}) AS f${at} ON f${at}.ft = at${at}.ft AND ${equal(`f${at}`)}`,
  ]
}

/** The columns of one feature: values, then age and state. */
function featureSql(feature: JoinedFeature, at: number): string[] {
  const { as, columns, lookup, carryMs, uncovered } = feature
  const hit =
    carryMs === undefined
      ? `f${at}.ft IS NOT NULL`
      : `coalesce(f${at}.ft = l.e${lookup} OR l.d${lookup} + date_diff('millisecond', f${at}.ft, l.e${lookup}) * 1000 <= ${carryMs * 1000}, false)`
  const missing = uncovered.length > 0 ? ` WHEN l.u${at} THEN` : ''
  const newest = missing === '' ? `l.s${lookup}` : `CASE${missing} NULL ELSE l.s${lookup} END`
  // Partitions end with a second: what has passed from one end to another has no fraction.
  const carried = `l.s${lookup} + CAST(date_diff('second', f${at}.ft, l.e${lookup}) AS INTEGER)`
  const found =
    carryMs === undefined ? state('value') : `CASE WHEN f${at}.ft < l.e${lookup} THEN ${state('carried')} ELSE ${state('value')} END`
  const values = columns.map(({ absent }, value) => {
    const other = absent === undefined || absent === null ? '' : `${missing && `${missing} NULL`} ELSE l.a${at}_${value}`
    return `CASE WHEN ${hit} THEN f${at}.v${value}${other} END`
  })
  return [
    ...values.map((sql, value) => `${sql} AS ${identifier(trainingColumn(as, columns[value]?.name ?? ''))}`),
    `${carryMs === undefined ? newest : `CASE WHEN ${hit} THEN ${carried} ELSE ${newest} END`} AS ${identifier(trainingColumn(as, 'age'))}`,
    `CASE WHEN ${hit} THEN ${found}${missing && `${missing} ${state('no_partition')}`} ELSE ${state('absent')} END AS ${identifier(trainingColumn(as, 'state'))}`,
  ]
}

/** VARCHAR without a length, as all text of a set is. */
function state(name: LabelState): string {
  return `CAST(${literal(name)} AS VARCHAR)`
}
