import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { PARQUET_SETTINGS } from '../lib/engine/build.ts'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import { jsonBytes } from '../lib/lake/json-object.ts'
import { outputKey, PUBLISHED_KEY, partitionPrefix, versionPrefix } from '../lib/lake/keys.ts'
import type { ObjectStore } from '../lib/lake/object-store.ts'
import { openLake } from '../lib/lake/open-lake.ts'
import { type Receipt, receiptName } from '../lib/lake/receipts.ts'
import { writeRegistry } from '../lib/lake/registry.ts'
import type { Catalog, ViewVersion } from '../lib/model/catalog.ts'
import { hashOf } from '../lib/model/hash.ts'
import { Calendar, type Partition } from '../lib/model/partition.ts'
import type { Published } from '../lib/model/published.ts'
import { zoneNamed } from '../lib/model/zone.ts'
import { checkDefinitions } from '../lib/pipeline/check.ts'

/** The views of the benchmark with the entities of each; nine of ten have a row on a day. */
export const VIEWS = [
  { view: 'user_day', entities: 5000 },
  { view: 'shop_day', entities: 2000 },
  { view: 'city_day', entities: 300 },
] as const

const FIRST = '2024-01-01'
const DAYS = 180
export const LABELS = 1_000_000

/** The definitions folder: the source is never read, the outputs are made here. */
function definitions(): { file: string; text: string }[] {
  const view = ({ view }: { readonly view: string }) => ({
    file: `${view}.sql`,
    text: `/* ---\ndescription: ${view}\nentity: id\ngrain: day\ninputs: {events: 1 day}\navailable_after: 30 minutes\nabsent: {n: 0}\n--- */\nSELECT id, count(*) AS n, avg(x) AS mean, max(x) AS most, count(DISTINCT kind) AS kinds FROM events GROUP BY id\n`,
  })
  const feature = ({ view }: { readonly view: string }, more: string) => `  - {view: ${view}, entity: {id: ${view}_id}${more}}\n`
  const set = (name: string, more: string) => ({
    file: `${name}.training.yaml`,
    text: `description: ${name}\nlabels:\n  key: labels.parquet\n  time: {column: t, zone: UTC}\nfeatures:\n${VIEWS.map((one) => feature(one, more)).join('')}`,
  })
  const source = `description: events\nkey: events/dt={yyyy}-{MM}-{dd}/\nformat: parquet\nevent_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR, kind: VARCHAR, x: DOUBLE}\nstart: ${FIRST}\n`
  return [{ file: 'events.source.yaml', text: source }, ...VIEWS.map(view), set('plain', ''), set('carried', ', carry: 30 days')]
}

/** Lays `dir/lake` and `dir/features`: three published views of 180 days with receipts, and a million labels. Always the same bytes. */
export async function layTrainingLake(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  await mkdir(join(dir, 'features'), { recursive: true })
  const files = definitions()
  for (const { file, text } of files) await writeFile(join(dir, 'features', file), text)
  const lake = await openLake(join(dir, 'lake'))
  const engine = new LocalEngine({ scratch: join(dir, 'scratch') })
  try {
    const { catalog } = await checkDefinitions({ files, engine: engine.engine, lake, sample: false })
    if (!catalog) throw new Error('the definitions of the benchmark are wrong')
    await writeRegistry(lake.store, catalog, 0)
    const published: Published = { format: 1, views: Object.fromEntries(catalog.candidates) }
    await lake.store.put(PUBLISHED_KEY, jsonBytes(published))
    await layOutputs(join(dir, 'lake'), catalog)
    for (const { version } of catalog.features.values()) await putReceipts(lake.store, version, engine.build.id)
  } finally {
    await engine.close()
    await lake.close()
  }
}

async function layOutputs(root: string, catalog: Catalog): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run('SET partitioned_write_max_open_files = 1000')
  for (const { view, entities } of VIEWS) {
    const made = join(root, '..', 'made', view)
    await mkdir(made, { recursive: true })
    await connection.run(`COPY (${rowsSql(entities)}) TO '${made}' (${PARQUET_SETTINGS}, PARTITION_BY (dt), OVERWRITE true)`)
    const prefix = versionPrefix(view, catalog.candidates.get(view) ?? '')
    for (const name of await readdir(made)) {
      const [file] = await readdir(join(made, name))
      await mkdir(join(root, prefix, name), { recursive: true })
      await rename(join(made, name, file ?? ''), join(root, prefix, name, 'features.parquet'))
    }
  }
  await connection.run(`COPY (${labelsSql()}) TO '${join(root, 'labels.parquet')}' (${PARQUET_SETTINGS})`)
  connection.closeSync()
  instance.closeSync()
}

function rowsSql(entities: number): string {
  return `
    SELECT 'e' || lpad(e::VARCHAR, 6, '0') AS id,
           (TIMESTAMP '${FIRST}' + to_days(d::INTEGER + 1))::TIMESTAMP_MS AS feature_time,
           (hash(e, d) % 1000)::BIGINT AS n,
           (hash(e, d, 1) % 100000) / 7.0 AS mean,
           (hash(e, d, 2) % 100000) / 13.0 AS most,
           (hash(e, d, 3) % 50)::BIGINT AS kinds,
           strftime(TIMESTAMP '${FIRST}' + to_days(d::INTEGER), '%Y-%m-%d') AS dt
    FROM range(${DAYS}) AS days (d), range(${entities}) AS entities (e)
    WHERE hash(e, d, 4) % 10 <> 0
    ORDER BY d, e`
}

/** Over 140 days that have 30 before them, in no order. */
function labelsSql(): string {
  const ids = VIEWS.map(({ view, entities }, at) => `'e' || lpad((hash(i, ${at}) % ${entities})::VARCHAR, 6, '0') AS ${view}_id`)
  return `
    SELECT ${ids.join(', ')},
           TIMESTAMP '${FIRST}' + to_days(32) + to_microseconds((hash(i, 9) % (140 * 86400000000::UBIGINT))::BIGINT) AS t,
           (hash(i, 10) % 2)::INTEGER AS label
    FROM range(${LABELS}) AS labels (i)`
}

/** Beside every output what live leaves there; half an hour after its end, as `available_after` says. */
async function putReceipts(store: ObjectStore, version: ViewVersion, engine: string): Promise<void> {
  const days = new Calendar('day', zoneNamed('UTC'))
  for (let at = 0; at < DAYS; at++) {
    const partition = days.partition(days.indexOf(FIRST) + at)
    const found = await store.head(outputKey(version.view, version.version, partition.name))
    if (found) await putReceipt(store, version, { partition, engine, etag: found.etag })
  }
}

async function putReceipt(
  store: ObjectStore,
  { view, version }: ViewVersion,
  { partition, engine, etag }: { readonly partition: Partition; readonly engine: string; readonly etag: string },
): Promise<void> {
  const { name } = partition
  const ids = { fingerprint: hashOf([view, name]), engine, sha256: hashOf([view, name], 64), etag }
  const written = new Date(partition.end + 20 * 60_000).toISOString()
  const body: Receipt = {
    format: 1,
    view,
    version,
    partition: name,
    start: new Date(partition.start).toISOString(),
    end: new Date(partition.end).toISOString(),
    ...ids,
    inputs: [],
    rows: 0,
    bytes: 0,
    warnings: [],
    durations: {},
    writer: 'live',
    first_written: written,
    written,
  }
  await store.put(partitionPrefix(view, version, name) + receiptName(ids), jsonBytes(body))
}
