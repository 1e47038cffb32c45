/**
 * The join of a training set in Athena: labels go to the bucket with what can be told of their time, features are read where they lie, the
 * set is written below the run's prefix. Tables and sent labels are there for the length of a run; a set that did not get whole is removed.
 *
 *     send labels -> tables -> a limit, with a budget -> UNLOAD -> count -> the partitions are still what they were? -> remove all but the set
 */
import { join } from 'node:path'
import { athenaJoinSql, ORDINAL, unloadSql, writtenSql } from '../engine/athena-join.ts'
import { sendSql, sentColumns } from '../engine/athena-labels.ts'
import { digestOfFile } from '../engine/compute.ts'
import type { Session } from '../engine/engine.ts'
import type { PointInTimeJoin } from '../engine/point-in-time.ts'
import { trainingRunPrefix } from '../lake/keys.ts'
import { listAll, type ObjectStore } from '../lake/object-store.ts'
import { listOutputs } from '../lake/outputs.ts'
import type { QueryService, ScanLimit } from '../lake/query-service.ts'
import type { TableStore } from '../lake/table-store.ts'
import type { TrainingManifest } from '../lake/training-manifest.ts'
import { TRAINING_TABLES } from '../model/athena-names.ts'
import { ConflictError, DataError, InvalidInputError, TransientError } from '../model/errors.ts'
import { type GlueTable, glueColumn, glueTable, PARQUET_FILES } from '../model/glue-table.ts'
import { sha256 } from '../model/hash.ts'
import { enumProjection, projected, timeProjection } from '../model/projection.ts'
import { trainingColumn } from '../model/training.ts'
import { publishedTable } from '../model/view-tables.ts'
import { countsOf, type FeatureCounts } from './training-join.ts'
import type { TrainingView } from './training-views.ts'

export interface AthenaEffects {
  readonly queries: QueryService
  readonly tables: TableStore
}

/** A feature with its partitions in order: what is read lies between the first and the last. */
export interface AthenaFeature {
  readonly view: TrainingView
  readonly names: readonly [string, ...string[]]
  /** ETags of the partitions that stand there. */
  readonly etags: ReadonlyMap<string, string>
}

export interface AthenaJob {
  readonly name: string
  readonly run: string
  readonly join: PointInTimeJoin
  readonly features: readonly AthenaFeature[]
  readonly dir: string
  readonly partRows: number
  /** Of a request with a budget. */
  readonly limit?: ScanLimit
  readonly signal?: AbortSignal
}

export interface AthenaSet {
  readonly files: TrainingManifest['files']
  readonly counts: readonly FeatureCounts[]
  readonly scannedBytes: number
}

interface Place {
  readonly store: ObjectStore
  readonly athena: AthenaEffects
  readonly session: Session
}

/** @throws ConflictError where a partition changed meanwhile, DataError where the set is not every label once. */
export async function trainInAthena(job: AthenaJob, place: Place): Promise<AthenaSet> {
  const prefix = trainingRunPrefix(job.name, job.run)
  const statements = athenaStatements(job, { lake: place.store.location, database: place.athena.tables.database })
  const { tables } = statements
  try {
    await sendLabels(job, place, `${prefix}_labels/`)
    for (const table of tables.all) await place.athena.tables.put(table, undefined)
    return await withLimit(job, place, (limited) => joined(job, limited, statements))
  } catch (error) {
    await removeAll(place.store, prefix)
    throw error
  } finally {
    for (const { Name } of tables.all) await place.athena.tables.delete(Name)
    await removeAll(place.store, `${prefix}_labels/`)
  }
}

/** What Athena is asked: the join, which it writes, and then what was written. */
export interface AthenaStatements {
  readonly tables: RunTables
  readonly join: string
  readonly count: string
}

/** Bytes of a statement that Athena takes: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const STATEMENT_BYTES_MAX = 262_144

/** @throws InvalidInputError for a statement or a table that is larger than Athena takes, and for labels that it cannot hold. */
export function athenaStatements(
  job: AthenaJob,
  { lake, database }: { readonly lake: string; readonly database: string },
): AthenaStatements {
  const tables = tablesOf(job, lake)
  const select = athenaJoinSql(job.join, { database, labels: tables.labels, features: tables.features })
  const names = job.join.features.map(({ as }) => as)
  const statements = {
    join: unloadSql(select, `${lake}/${rowsPrefix(job)}`),
    count: writtenSql(names, { database, name: tables.set }),
  }
  const bytes = Math.max(...Object.values(statements).map((sql) => Buffer.byteLength(sql)))
  if (bytes <= STATEMENT_BYTES_MAX) return { tables, ...statements }
  const columns = job.join.features.reduce((sum, feature) => sum + feature.columns.length, job.join.labels.columns.length)
  throw new InvalidInputError(
    `the query of training set ${job.name} is ${bytes} bytes, with ${columns} columns of labels and ${names.length} features; Athena takes ` +
      `${STATEMENT_BYTES_MAX}: name fewer 'columns' of the features, make it two training sets of the same labels, or use engine: duckdb`,
  )
}

function rowsPrefix({ name, run }: AthenaJob): string {
  return `${trainingRunPrefix(name, run)}rows/`
}

async function joined(job: AthenaJob, { store, athena }: Place, statements: AthenaStatements): Promise<AthenaSet> {
  const made = await runQuery(job, athena, statements.join)
  const counting = await runQuery(job, athena, statements.count)
  const written = await athena.queries.rows(counting.id)
  const counts = countWritten(job, written)
  for (const feature of job.features) await requireUnchanged(store, feature)
  const files = await digestFiles(job, store, rowsPrefix(job), written)
  return { files, counts, scannedBytes: made.scannedBytes + counting.scannedBytes }
}

/** A request with a budget has queries of its own, of which none scans more than the budget buys, whatever was estimated. */
async function withLimit<T>({ limit }: AthenaJob, place: Place, work: (place: Place) => Promise<T>): Promise<T> {
  if (limit === undefined) return work(place)
  const limited = await place.athena.queries.limit(limit)
  try {
    return await work({ ...place, athena: { ...place.athena, queries: limited.queries } })
  } finally {
    await limited.close()
  }
}

function runQuery(job: AthenaJob, { queries, tables }: AthenaEffects, sql: string) {
  return queries.run(sql, {
    database: tables.database,
    token: sha256(Buffer.from(`${job.run} ${sql}`)),
    ...(job.signal && { signal: job.signal }),
  })
}

async function sendLabels({ join: pit, dir, partRows }: AthenaJob, { store, session }: Place, prefix: string): Promise<void> {
  for (let from = 0; from < pit.labels.rows; from += partRows) {
    const name = `part-${String(from / partRows).padStart(5, '0')}.parquet`
    const file = join(dir, `sent-${name}`)
    await session.run(sendSql(pit, file, { from, to: from + partRows }))
    await store.put(prefix + name, { file }, { ifNoneMatch: '*' })
  }
}

interface RunTables {
  readonly all: readonly GlueTable[]
  readonly labels: string
  readonly set: string
  readonly features: readonly { readonly table: string; readonly first: string; readonly last: string }[]
}

/** Tables of one run, under names that no view can have; they are none of those that publishing keeps. */
function tablesOf(job: AthenaJob, lake: string): RunTables {
  const base = `${TRAINING_TABLES}${job.run.toLowerCase().replace(/[^a-z0-9]/g, '_')}`
  const prefix = `${lake}/${trainingRunPrefix(job.name, job.run)}`
  const plain = (name: string, location: string, columns: readonly { readonly name: string; readonly glue: string }[]) =>
    glueTable({
      name,
      description: `training set ${job.name}, run ${job.run}; there while it is made`,
      columns: columns.map(({ name, glue }) => glueColumn(name, glue)),
      partitionKeys: [],
      files: PARQUET_FILES,
      location,
      parameters: {},
    })
  const features = job.features.map((feature, at) => featureTable(feature, `${base}__f${at}`, lake))
  const [labels, set] = [`${base}__labels`, `${base}__set`]
  const counted = job.features.flatMap(({ view: { feature } }) => [
    { name: trainingColumn(feature.as, 'age'), glue: 'int' },
    { name: trainingColumn(feature.as, 'state'), glue: 'string' },
  ])
  return {
    all: [plain(labels, `${prefix}_labels/`, sentColumns(job.join)), plain(set, `${prefix}rows/`, [ORDINAL, ...counted]), ...features],
    labels,
    set,
    features: job.features.map(({ names }, at) => ({ table: features[at]?.Name ?? '', first: names[0], last: names.at(-1) ?? names[0] })),
  }
}

/** The table of a version as publishing writes it, with the partitions that this run reads. */
function featureTable({ view: { published }, names }: AthenaFeature, name: string, lake: string): GlueTable {
  const [first, last] = [names[0], names.at(-1) ?? names[0]]
  const { grain } = published.version
  const table = publishedTable({ lake, published: { ...published, first }, versions: [] })
  // A range of one partition is an error, and months are few: both are listed.
  const partitions =
    first === last || grain === 'month'
      ? enumProjection('dt', names)
      : { ...timeProjection('dt', { grain, first }), 'projection.dt.range': `${first},${last}` }
  const location = `${table.StorageDescriptor.Location}dt=\${dt}/`
  return { ...table, Name: name, Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', ...projected(location, partitions) } }
}

/** Columns of a counting query: the file, the states, the number of labels, the ages. */
function countWritten({ join: { features, labels } }: AthenaJob, rows: readonly (readonly (string | undefined)[])[]): FeatureCounts[] {
  const n = features.length
  const written = rows.reduce((sum, row) => sum + Number(row[n + 1]), 0)
  if (written !== labels.rows)
    throw new DataError(`the join gave ${written} rows for ${labels.rows} labels: a partition holds an entity twice; nothing was kept`)
  return features.map((_, at) =>
    countsOf(
      rows.map((row) => ({ s0: row[at + 1], labels: row[n + 1], a0: row[n + 2 + at] ?? null })),
      0,
    ),
  )
}

/** Athena reads what stands there when it reads it: a partition that was written meanwhile is in the set, or half of its readers'. */
async function requireUnchanged(store: ObjectStore, { view, names, etags }: AthenaFeature): Promise<void> {
  const { version } = view.published
  const now = await listOutputs(store, version, names[0], names.at(-1) ?? names[0])
  const changed = names.find((name) => now.get(name)?.output?.etag !== etags.get(name))
  if (changed === undefined) return
  throw new ConflictError(`partition ${changed} of ${version.view} was replaced or deleted while it was read; try again`)
}

async function digestFiles(job: AthenaJob, store: ObjectStore, prefix: string, written: readonly (readonly (string | undefined)[])[]) {
  const rowsOf = new Map<string, number>()
  for (const row of written) {
    const key = (row[0] ?? '').slice(store.location.length + 1)
    rowsOf.set(key, (rowsOf.get(key) ?? 0) + Number(row[job.join.features.length + 1]))
  }
  const files: TrainingManifest['files'][number][] = []
  for (const { key, etag } of await listAll(store, { prefix })) {
    if (job.signal?.aborted) throw new TransientError('the training set was interrupted')
    const file = join(job.dir, `set-${files.length}.parquet`)
    await store.download(key, file, { ifMatch: etag })
    const { size: bytes, sha256 } = await digestOfFile(file)
    files.push({ key, rows: rowsOf.get(key) ?? 0, bytes, sha256 })
  }
  return files
}

async function removeAll(store: ObjectStore, prefix: string): Promise<void> {
  for (const { key } of await listAll(store, { prefix })) await store.delete(key)
}
