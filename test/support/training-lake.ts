import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { jsonBytes } from '../../lib/lake/json-object.ts'
import { outputKey, PUBLISHED_KEY, viewEntryKey, viewVersionKey } from '../../lib/lake/keys.ts'
import type { ObjectStore } from '../../lib/lake/object-store.ts'
import type { ViewEntry } from '../../lib/lake/view-entry.ts'
import type { OutputColumn, ViewSettings, ViewVersion } from '../../lib/model/catalog.ts'
import type { Grain } from '../../lib/model/partition.ts'
import type { Published } from '../../lib/model/published.ts'

/** A view as a test makes it up: the SQL never runs. */
export interface MadeView {
  readonly view: string
  readonly version: string
  readonly grain: Grain
  readonly zone: string
  readonly entity: readonly string[]
  readonly schema: readonly OutputColumn[]
  readonly settings: Partial<ViewSettings>
}

const SETTINGS: ViewSettings = {
  description: 'made up',
  expect: [],
  warn: [],
  nonFinite: 'refuse',
  badRows: {},
  repairMs: 0,
  availableAfterMs: 0,
  columns: {},
  absent: {},
}

/** Registers and publishes views, as the registry holds them. */
export async function publishViews(store: ObjectStore, views: readonly MadeView[]): Promise<void> {
  for (const { view, version, grain, zone, entity, schema, settings } of views) {
    const frozen: ViewVersion = { format: 1, view, version, sql: 'SELECT', entity, grain, zone, warmUp: 'skip', inputs: [], schema }
    const entry: ViewEntry = { format: 1, view, candidate: version, settings: { ...SETTINGS, ...settings } }
    await store.put(viewVersionKey(view, version), jsonBytes(frozen))
    await store.put(viewEntryKey(view), jsonBytes(entry))
  }
  await publish(store, Object.fromEntries(views.map(({ view, version }) => [view, version])))
}

export async function publish(store: ObjectStore, views: Published['views']): Promise<void> {
  const published: Published = { format: 1, views }
  await store.put(PUBLISHED_KEY, jsonBytes(published))
}

/**
 * Puts the outputs of one version as transform writes them: entity columns, `feature_time`, the others. `rows` is SQL that gives `dt` and
 * `feature_time` besides the columns of the schema; `partitions` is all that stands there, also without rows.
 */
export async function putOutputs(store: ObjectStore, made: MadeView, rows: string, partitions: readonly string[]): Promise<void> {
  const others = made.schema.map(({ name }) => name).filter((name) => !made.entity.includes(name))
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`)
  const columns = [...quoted(made.entity), 'feature_time::TIMESTAMP_MS AS feature_time', ...quoted(others)].join(', ')
  await withTables(async (run, folder) => {
    await run(`CREATE TABLE rows AS ${rows}`)
    for (const name of partitions) {
      await run(`COPY (SELECT ${columns} FROM rows WHERE dt = '${name}') TO '${folder}/${name}.parquet' (FORMAT parquet)`)
      await store.put(outputKey(made.view, made.version, name), await readFile(`${folder}/${name}.parquet`))
    }
  })
}

/** What a SELECT gives as a Parquet file. */
export async function parquetOf(sql: string): Promise<Uint8Array> {
  return withTables(async (run, folder) => {
    await run(`COPY (${sql}) TO '${folder}/made.parquet' (FORMAT parquet)`)
    return readFile(`${folder}/made.parquet`)
  })
}

/** Rows of Parquet objects, file after file, values as text, NULL as null. */
export async function readParts(store: ObjectStore, keys: readonly string[]): Promise<Record<string, string | null>[]> {
  return withTables(async (run, folder) => {
    const rows: Record<string, string | null>[] = []
    for (const [at, key] of keys.entries()) {
      const file = join(folder, `part-${at}.parquet`)
      await writeFile(file, (await store.get(key))?.bytes ?? new Uint8Array())
      const found = await run(`SELECT COLUMNS(*)::VARCHAR FROM read_parquet('${file}')`)
      rows.push(...(found as Record<string, string | null>[]))
    }
    return rows
  })
}

async function withTables<T>(work: (run: (sql: string) => Promise<unknown[]>, folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-made-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone='UTC'")
    return await work(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson(), folder)
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Folders that a run left in the scratch folder of an engine. */
export async function leftovers(scratch: string): Promise<string[]> {
  return (await readdir(scratch)).filter((name) => name !== 'spill')
}
