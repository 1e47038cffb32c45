/**
 * The point-in-time join as SQL: pure functions. A label at t reads, per feature, the partition that was the newest known one at t, found
 * by arithmetic or in a table (`known_<n>`), and its entity there: equi-joins. With `carry`, what is missing from that partition is filled in
 * beforehand (`carried_<n>`), from the last row within the age, so that the join stays one of equality.
 *
 *     labels -> known_<n>: e<n>, the end of the partition -> feature rows where ft = e<n> and the keys are equal
 */
import type { OutputColumn } from '../model/catalog.ts'
import type { KnownSteps, KnownTable } from '../model/known-partitions.ts'
import { type LabelState, trainingColumn } from '../model/training.ts'
import type { Instant } from '../model/zone.ts'
import { PARQUET_SETTINGS } from './build.ts'
import { type LabelTable, labelSql, scanSql } from './label-table.ts'
import { identifier, literal, literalList } from './quote.ts'
import { storedColumnSql, storedType } from './relation.ts'

/** How a label time finds the partition that was the newest known one: by arithmetic, or in a table that `createKnownSql` makes. */
export type Lookup = KnownSteps | Omit<KnownTable, 'steps'>

/** One feature of the training set, with the local files of the partitions that its labels may read. */
export interface JoinedFeature {
  readonly as: string
  /** Which of the lookups tells its partitions. */
  readonly lookup: number
  readonly keys: readonly { readonly column: string; readonly type: string; readonly label: string; readonly labelType: string }[]
  readonly columns: readonly (OutputColumn & { readonly absent?: string | number | boolean | null })[]
  readonly files: readonly string[]
  readonly carryMs?: number
  /** Ends of partitions that labels ask for and that are not there. */
  readonly uncovered: readonly Instant[]
}

export interface PointInTimeJoin {
  readonly labels: LabelTable
  readonly lookups: readonly Lookup[]
  readonly features: readonly JoinedFeature[]
}

export function knownName(lookup: number): string {
  return `known_${lookup}`
}

export function carriedName(feature: number): string {
  return `carried_${feature}`
}

/** The table of steps from a CSV file of (step, cut, before, after), times in milliseconds; kept in microseconds. */
export function createKnownSql(lookup: number, file: string): string {
  const columns = `{'step': 'BIGINT', 'cut': 'BIGINT', 'older': 'BIGINT', 'newer': 'BIGINT'}`
  return (
    `CREATE OR REPLACE TEMP TABLE ${knownName(lookup)} AS SELECT step, cut * 1000 AS cut, older * 1000 AS older, newer * 1000 AS newer ` +
    `FROM read_csv(${literal(file)}, columns=${columns}, header=false, auto_detect=false)`
  )
}

/** Labels with their time `t`, and per lookup the end `e<n>` of the partition that was the newest known one then, in microseconds. */
export function keyedSql({ labels, lookups }: Pick<PointInTimeJoin, 'labels' | 'lookups'>, columns: readonly string[]): string {
  const ends = lookups.map((lookup, at) => `${endSql(lookup, at)} AS e${at}`)
  const joins = lookups.flatMap((lookup, at) =>
    lookup.kind === 'table'
      ? [`JOIN ${knownName(at)} ON ${knownName(at)}.step = (t - ${lookup.base * 1000}) // ${lookup.sizeMs * 1000}`]
      : [],
  )
  const timed = `SELECT ${['file_row_number AS ordinal', ...columns, `${labels.time.micros} AS t`].join(', ')} FROM ${scanSql(labels.file)} ${labels.time.join}`
  return `SELECT timed.*, ${ends.join(', ')} FROM (${timed}) AS timed ${joins.join(' ')}`
}

function endSql(lookup: Lookup, at: number): string {
  if (lookup.kind === 'table') return `CASE WHEN t >= ${knownName(at)}.cut THEN ${knownName(at)}.newer ELSE ${knownName(at)}.older END`
  const size = lookup.sizeMs * 1000
  return `${lookup.end * 1000} + (t - ${lookup.cut * 1000}) // ${size} * ${size}`
}

/** How many labels read each partition: one row per combination, partitions named by their end in milliseconds. */
export function countsSql(join: Pick<PointInTimeJoin, 'labels' | 'lookups'>): string {
  const ends = join.lookups.map((_, at) => `(e${at} // 1000)::BIGINT AS e${at}`)
  return `SELECT ${ends.join(', ')}, count(*)::BIGINT AS labels FROM (${keyedSql(join, [])}) GROUP BY ALL`
}

/** Statements that fill `carried_<n>` for a feature that carries: per missing (partition, entity) the end of the last row within the age. */
export function carrySql(join: PointInTimeJoin, at: number): string[] {
  const feature = join.features[at]
  if (feature?.carryMs === undefined) return []
  const names = feature.keys.map((_, key) => `k${key}`)
  const equal = names.map((name) => `f.${name} = l.${name}`).join(' AND ')
  const labelKeys = feature.keys.map(({ label, labelType }, key) => `${keySql(labelSql(label), labelType)} AS k${key}`)
  const rows = rowsSql(feature, [])
  // As an anti join it takes twice as long.
  const missing =
    `SELECT DISTINCT l.e${feature.lookup} AS e, ${names.map((name) => `l.${name}`).join(', ')} FROM (${keyedSql(join, labelKeys)}) AS l ` +
    `LEFT JOIN (${rows}) AS f ON f.ft = l.e${feature.lookup} AND ${equal} WHERE f.ft IS NULL AND NOT (${uncoveredSql(feature)})`
  return [
    `CREATE TEMP TABLE missing_${at} AS ${missing}`,
    `CREATE TEMP TABLE ${carriedName(at)} AS SELECT l.e, f.ft, ${names.map((name) => `l.${name}`).join(', ')} ` +
      `FROM missing_${at} AS l ASOF JOIN (${rows}) AS f ON ${equal} AND l.e > f.ft WHERE l.e - f.ft <= ${feature.carryMs * 1000}`,
    `DROP TABLE missing_${at}`,
  ]
}

/**
 * Strings and numbers that are nearly all different gain nothing from a dictionary: stopping early takes a sixth off the time of a set.
 * Its bytes are no feature table's, so this is none of the engine build's settings.
 */
const DICTIONARY_SIZE_LIMIT = 6000

/** Writes labels `[from, to)` by their place in the file, each once and in order, with the columns of every feature. */
export function writeSql(join: PointInTimeJoin, file: string, range: { readonly from: number; readonly to: number }, name: string): string {
  const { labels, features } = join
  const own = labels.columns.map((_, at) => `c${at}`)
  const keyed = keyedSql(
    join,
    labels.columns.map((column, at) => `${labelSql(column.name)} AS c${at}`),
  )
  const joins = features.map((feature, at) => `LEFT JOIN (${effectiveRowsSql(feature, at)}) AS f${at} ON ${onSql(feature, at, labels)}`)
  const values = features.flatMap((feature, at) => feature.columns.map((_, value) => `f${at}.v${value} AS f${at}v${value}`))
  const found = [...values, ...features.flatMap(hitSql), ...timesSql(join)]
  const whole = range.from === 0 && range.to >= labels.rows
  const ordered =
    `SELECT ${[...own.map((name) => `l.${name}`), ...found].join(', ')} FROM (${keyed}) AS l ${joins.join(' ')} ` +
    `${whole ? '' : `WHERE l.ordinal >= ${range.from} AND l.ordinal < ${range.to} `}ORDER BY l.ordinal`
  // What can be told from the rest is made after the sort, which takes longer for each column that it carries.
  const columns = [...labels.columns.map((column, at) => `l.c${at} AS ${identifier(column.name)}`), ...features.flatMap(featureSql)]
  return (
    `COPY (SELECT ${columns.join(', ')} FROM (${ordered}) AS l) TO ${literal(file)} ` +
    `(${PARQUET_SETTINGS}, DICTIONARY_SIZE_LIMIT ${DICTIONARY_SIZE_LIMIT}, KV_METADATA {'hindcast.training': ${literal(name)}})`
  )
}

/** What has to be known of a feature's row to tell its state and age: whether it is there, and with `carry` its own partition's end. */
function hitSql({ carryMs }: JoinedFeature, at: number): string[] {
  if (carryMs === undefined) return [`f${at}.ft IS NOT NULL AS f${at}hit`]
  const hit = `coalesce(f${at}.ft = f${at}.e OR l.t - f${at}.ft <= ${carryMs * 1000}, false)`
  return [`${hit} AS f${at}hit`, `f${at}.ft AS f${at}end`]
}

/** Per lookup the age of the newest known partition; where a feature needs more than that, the times themselves. */
function timesSql({ lookups, features }: PointInTimeJoin): string[] {
  const needed = lookups.flatMap((_, at) => (features.some((feature) => feature.lookup === at && !isPlain(feature)) ? [`l.e${at}`] : []))
  const ages = lookups.map((_, at) => `CAST((l.t - l.e${at}) // 1000000 AS INTEGER) AS age${at}`)
  return needed.length === 0 ? ages : [...ages, 'l.t', ...needed]
}

/** All its labels have a partition, and none reads an older one. */
function isPlain({ carryMs, uncovered }: JoinedFeature): boolean {
  return carryMs === undefined && uncovered.length === 0
}

function onSql({ lookup, keys }: JoinedFeature, at: number, { columns }: LabelTable): string {
  const place = (label: string) => columns.findIndex(({ name }) => name === label)
  const equal = keys.map(({ label, labelType }, key) => `f${at}.k${key} = ${keySql(`l.c${place(label)}`, labelType)}`)
  return [`f${at}.e = l.e${lookup}`, ...equal].join(' AND ')
}

/** Rows of a feature under the end `e` of the partition for which they stand, which is not their own (`ft`) where they are carried. */
function effectiveRowsSql(feature: JoinedFeature, at: number): string {
  const values = feature.columns.map((column, value) => `${storedColumnSql(column)} AS v${value}`)
  const rows = rowsSql(feature, values)
  if (feature.carryMs === undefined) return `SELECT *, ft AS e FROM (${rows})`
  const equal = feature.keys.map((_, key) => `r.k${key} = c.k${key}`).join(' AND ')
  return `SELECT *, ft AS e FROM (${rows}) UNION ALL SELECT r.*, c.e FROM ${carriedName(at)} AS c JOIN (${rows}) AS r ON r.ft = c.ft AND ${equal}`
}

function rowsSql({ keys, columns, files }: JoinedFeature, values: readonly string[]): string {
  if (files.length === 0) return emptyRowsSql(keys, values.length > 0 ? columns : [])
  const selected = keys.map(({ column, type }, key) => `${keySql(identifier(column), type)} AS k${key}`)
  return `SELECT ${['epoch_us(feature_time) AS ft', ...selected, ...values].join(', ')} FROM read_parquet(${literalList(files)}, hive_partitioning=false)`
}

function emptyRowsSql(keys: JoinedFeature['keys'], columns: readonly OutputColumn[]): string {
  const none = (type: string, name: string) => `CAST(NULL AS ${type}) AS ${name}`
  const typed = [
    none('BIGINT', 'ft'),
    ...keys.map(({ type }, key) => none(/^TIMESTAMP/.test(type) ? 'TIMESTAMP' : storedType(type), `k${key}`)),
    ...columns.map(({ type }, value) => none(storedType(type), `v${value}`)),
  ]
  return `SELECT ${typed.join(', ')} WHERE false`
}

/** Times as keys: what is stored is naive, in UTC, whatever the SQL gave. */
function keySql(value: string, type: string): string {
  return /^TIMESTAMP/.test(type) ? `make_timestamp(epoch_us(${value}))` : value
}

function uncoveredSql({ uncovered, lookup }: JoinedFeature): string {
  return uncovered.length === 0 ? 'false' : `l.e${lookup} IN (${uncovered.map((end) => end * 1000).join(', ')})`
}

/** The columns of one feature: values, then age and state. */
function featureSql(feature: JoinedFeature, at: number): string[] {
  const { as, lookup, carryMs } = feature
  const [hit, end, newest] = [`l.f${at}hit`, `l.f${at}end`, `l.e${lookup}`]
  const uncovered = uncoveredSql(feature)
  const value = carryMs === undefined ? state('value') : `CASE WHEN ${end} < ${newest} THEN ${state('carried')} ELSE ${state('value')} END`
  const asked = uncovered === 'false' ? state('absent') : `CASE WHEN ${uncovered} THEN ${state('no_partition')} ELSE ${state('absent')} END`
  const carried = `CAST((l.t - ${end}) // 1000000 AS INTEGER)`
  const known = uncovered === 'false' ? `l.age${lookup}` : `CASE WHEN NOT (${uncovered}) THEN l.age${lookup} END`
  const age = carryMs === undefined ? known : `CASE WHEN ${hit} THEN ${carried} ELSE ${known} END`
  const context = { hit, uncovered, carries: carryMs !== undefined }
  return [
    ...feature.columns.map(
      (column, index) => `${valueSql(column, `l.f${at}v${index}`, context)} AS ${identifier(trainingColumn(as, column.name))}`,
    ),
    `${age} AS ${identifier(trainingColumn(as, 'age'))}`,
    `CASE WHEN ${hit} THEN ${value} ELSE ${asked} END AS ${identifier(trainingColumn(as, 'state'))}`,
  ]
}

function state(name: LabelState): string {
  return literal(name)
}

interface ValueContext {
  readonly hit: string
  readonly uncovered: string
  readonly carries: boolean
}

function valueSql({ type, absent }: JoinedFeature['columns'][number], value: string, { hit, uncovered, carries }: ValueContext): string {
  if (absent === undefined || absent === null) return carries ? `CASE WHEN ${hit} THEN ${value} END` : value
  const known = uncovered === 'false' ? '' : ` WHEN ${uncovered} THEN NULL`
  return `CASE WHEN ${hit} THEN ${value}${known} ELSE ${absentSql(absent, type)} END`
}

/** A value of `absent` as the column has it. */
export function absentSql(value: string | number | boolean | null, type: string): string {
  return `CAST(${literal(value)} AS ${storedType(type)})`
}

/** Labels by the states of all features, and the greatest age of each: what was written, read back. */
export function statesSql(files: readonly string[], names: readonly string[]): string {
  const states = names.map((as, at) => `${identifier(trainingColumn(as, 'state'))} AS s${at}`)
  const ages = names.map((as, at) => `max(${identifier(trainingColumn(as, 'age'))})::BIGINT AS a${at}`)
  return `SELECT ${states.join(', ')}, ${ages.join(', ')}, count(*)::BIGINT AS labels FROM read_parquet(${literalList(files)}, hive_partitioning=false) GROUP BY ALL`
}

/** One feature of a finished training set, with the partitions that are no longer what they were. */
export interface ChangedFeature {
  readonly as: string
  readonly lookup: number
  readonly carryMs?: number
  /** Ends of the partitions that changed or are gone. */
  readonly changed: readonly Instant[]
}

/**
 * How many rows of a finished set (its file in the place of the labels) depend on a changed partition: the one that was the newest known,
 * and with `carry` those down to the row that was taken, or to the end of the age where none was.
 */
export function affectedSql(join: Pick<PointInTimeJoin, 'labels' | 'lookups'>, features: readonly ChangedFeature[]): string {
  const own = features.flatMap(({ as }, at) => [
    `${labelSql(trainingColumn(as, 'state'))} AS s${at}`,
    `${labelSql(trainingColumn(as, 'age'))}::BIGINT AS a${at}`,
  ])
  const joins = features.map(({ lookup, changed }, at) => {
    const ends = changed.map((end) => `(${end * 1000}::BIGINT)`).join(', ')
    return `ASOF LEFT JOIN (SELECT * FROM (VALUES ${ends || '(NULL::BIGINT)'}) AS ends (e) WHERE e IS NOT NULL) AS c${at} ON l.e${lookup} >= c${at}.e`
  })
  const hits = features.map((feature, at) => `coalesce(c${at}.e > ${lowestSql(feature, at)}, false)`)
  const counts = hits.map((hit, at) => `count(*) FILTER (WHERE ${hit})::BIGINT AS n${at}`)
  return `SELECT count(*) FILTER (WHERE ${hits.join(' OR ')})::BIGINT AS labels, ${counts.join(', ')} FROM (${keyedSql(join, own)}) AS l ${joins.join(' ')}`
}

/** Below the end of the oldest partition that a row depends on; its age is cut to whole seconds. */
function lowestSql({ lookup, carryMs }: ChangedFeature, at: number): string {
  const newest = `l.e${lookup} - 1`
  const absent = carryMs === undefined ? newest : `least(${newest}, l.t - ${carryMs * 1000} - 1)`
  return `CASE l.s${at} WHEN ${state('value')} THEN ${newest} WHEN ${state('carried')} THEN l.t - (l.a${at} + 1) * 1000000 WHEN ${state('absent')} THEN ${absent} END`
}
