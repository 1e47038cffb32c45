/**
 * Labels as they are sent to Athena. All that is to be told of a label's time is told here, by the same SQL as for a join on this machine:
 * the end `e` of its newest known partition per lookup, what has passed since (`d` in microseconds, `s` in whole seconds), and whether
 * that partition is missing (`u`). Values of `absent` go along as columns, so that none is spelled in two dialects. What is left to Athena
 * are equalities.
 */

import { InvalidInputError } from '../model/errors.ts'
import { bridgeType, renderStoreCast } from '../model/types.ts'
import { PARQUET_SETTINGS } from './build.ts'
import { labelSql } from './label-table.ts'
import { absentSql, type JoinedFeature, keyedSql, type PointInTimeJoin } from './point-in-time.ts'
import { literal } from './quote.ts'

/** The number of a label in its file, from 0, as a column of the set: files that Athena writes have no order. */
export const ORDINAL_COLUMN = '__ordinal'

/** One column that is sent: its name, the SQL over the label that makes it, its type in Glue. */
export interface SentColumn {
  readonly name: string
  readonly sql: string
  readonly glue: string
}

/** @throws InvalidInputError for label columns of a type that Athena cannot hold. */
export function sentColumns(join: PointInTimeJoin): SentColumn[] {
  const { labels, lookups, features } = join
  const own = labels.columns.map(({ name, type }, at) => ({
    name: `c${at}`,
    sql: renderStoreCast(`l.c${at}`, requireHeld(name, type)),
    glue: glueOf(type),
  }))
  const times = lookups.flatMap((_, at) => [
    { name: `e${at}`, sql: `CAST(make_timestamp(l.e${at}) AS TIMESTAMP_MS)`, glue: 'timestamp' },
    { name: `d${at}`, sql: `CAST(l.t - l.e${at} AS BIGINT)`, glue: 'bigint' },
    { name: `s${at}`, sql: `CAST((l.t - l.e${at}) // 1000000 AS INTEGER)`, glue: 'int' },
  ])
  return [
    { name: 'ordinal', sql: 'l.ordinal', glue: 'bigint' },
    ...own,
    ...times,
    ...features.flatMap((one, at) => ofFeature(join, one, at)),
  ]
}

function requireHeld(name: string, type: string): string {
  const bridged = bridgeType(type)
  if (bridged.kind === 'held' && name.toLowerCase() !== ORDINAL_COLUMN) return type
  const what = bridged.kind === 'held' ? 'has a name that hindcast keeps for itself' : `is ${type}, which Athena cannot hold`
  const cast = bridged.kind === 'held' ? 'another name' : `a column of type ${bridged.cast}`
  throw new InvalidInputError(`label column '${name}' ${what}; expected ${cast}, or engine: duckdb`)
}

function glueOf(type: string): string {
  const bridged = bridgeType(type)
  return bridged.kind === 'held' ? bridged.glue : 'string'
}

function ofFeature({ labels }: PointInTimeJoin, feature: JoinedFeature, at: number): SentColumn[] {
  const keys = feature.keys.flatMap(({ label, labelType }, key) =>
    isTime(labelType) ? [{ name: `k${at}_${key}`, sql: timeKeySql(`l.c${placeOf(labels.columns, label)}`), glue: 'timestamp' }] : [],
  )
  const absent = feature.columns.flatMap(({ type, absent }, column) =>
    absent === undefined || absent === null
      ? []
      : [{ name: `a${at}_${column}`, sql: renderStoreCast(absentSql(absent, type), type), glue: glueOf(type) }],
  )
  const ends = feature.uncovered.map((end) => end * 1000).join(', ')
  const uncovered = ends === '' ? [] : [{ name: `u${at}`, sql: `l.e${feature.lookup} IN (${ends})`, glue: 'boolean' }]
  return [...keys, ...absent, ...uncovered]
}

function isTime(type: string): boolean {
  return type.startsWith('TIMESTAMP')
}

/** Feature tables hold times in milliseconds: a finer one is nowhere equal. */
function timeKeySql(value: string): string {
  return `CASE WHEN epoch_us(${value}) % 1000 = 0 THEN CAST(make_timestamp(epoch_us(${value})) AS TIMESTAMP_MS) END`
}

function placeOf(columns: readonly { readonly name: string }[], label: string): number {
  return columns.findIndex(({ name }) => name === label)
}

/** The column that is sent of a label's key: the label's own, or that of a time. */
export function sentKey({ labels }: Pick<PointInTimeJoin, 'labels'>, feature: JoinedFeature, at: number, key: number): string {
  const { label = '', labelType = '' } = feature.keys[key] ?? {}
  return isTime(labelType) ? `k${at}_${key}` : `c${placeOf(labels.columns, label)}`
}

/** Writes labels `[from, to)` by their place in the file, as they are sent. */
export function sendSql(join: PointInTimeJoin, file: string, range: { readonly from: number; readonly to: number }): string {
  const own = join.labels.columns.map(({ name }, at) => `${labelSql(name)} AS c${at}`)
  const columns = sentColumns(join).map(({ name, sql }) => `${sql} AS ${name}`)
  return (
    `COPY (SELECT ${columns.join(', ')} FROM (${keyedSql(join, own)}) AS l WHERE l.ordinal >= ${range.from} AND l.ordinal < ${range.to} ` +
    `ORDER BY l.ordinal) TO ${literal(file)} (${PARQUET_SETTINGS})`
  )
}
