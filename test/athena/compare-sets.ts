/** Two training sets held against each other by one query of DuckDB, however many labels they have. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { ObjectStore } from '../../lib/lake/object-store.ts'
import type { TrainingManifest } from '../../lib/lake/training-manifest.ts'

export interface Compared {
  /** Labels that both sets have, by their number. */
  readonly rows: number
  /** Labels that one set lacks, has twice, or has with another value in any column. */
  readonly differing: number
  /** Columns with other values, and in how many labels. */
  readonly columns: Readonly<Record<string, number>>
}

/** A set that Athena made, by `__ordinal`, against one that DuckDB made, whose files are in the order of the labels. */
export async function compareSets(store: ObjectStore, athena: TrainingManifest, duckdb: TrainingManifest): Promise<Compared> {
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-sets-'))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run(`SET TimeZone='UTC'`)
    await bring(store, athena, join(folder, 'there'))
    await bring(store, duckdb, join(folder, 'here'))
    await connection.run(`CREATE VIEW there AS SELECT * FROM read_parquet('${folder}/there/*')`)
    const here = `read_parquet('${folder}/here/*', filename = true, file_row_number = true)`
    await connection.run(
      `CREATE VIEW here AS SELECT row_number() OVER (ORDER BY filename, file_row_number) - 1 AS __ordinal, * EXCLUDE (filename, file_row_number) FROM ${here}`,
    )
    return await compare(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true })
  }
}

async function bring(store: ObjectStore, { files }: TrainingManifest, folder: string): Promise<void> {
  await mkdir(folder)
  for (const [at, { key }] of files.entries()) {
    const etag = (await store.head(key))?.etag ?? ''
    await store.download(key, join(folder, `${String(at).padStart(5, '0')}.parquet`), { ifMatch: etag })
  }
}

async function compare(connection: DuckDBConnection): Promise<Compared> {
  const types = async (view: string) => {
    const rows = (await connection.runAndReadAll(`DESCRIBE ${view}`)).getRowObjectsJson()
    return new Map(rows.map((row) => [String(row.column_name), String(row.column_type)]))
  }
  const [there, here] = [await types('there'), await types('here')]
  if ([...there.keys()].sort().join() !== [...here.keys()].sort().join())
    throw new Error(`columns differ: ${[...there.keys()]} and ${[...here.keys()]}`)
  const names = [...here.keys()].filter((name) => name !== '__ordinal')
  // Athena's times are naive, in UTC; everything else is compared as the type that DuckDB gave.
  const unequal = names.map((name) => `CAST(t."${name}" AS ${here.get(name)}) IS DISTINCT FROM h."${name}"`)
  const alone = 't.__ordinal IS NULL OR h.__ordinal IS NULL'
  const counts = unequal.map((sql, at) => `count(*) FILTER (WHERE ${sql}) AS n${at}`)
  const [row] = (
    await connection.runAndReadAll(
      `SELECT count(*) FILTER (WHERE NOT (${alone})) AS both_have, count(*) FILTER (WHERE ${[alone, ...unequal].join(' OR ')}) AS differing, ` +
        `${counts.join(', ')} FROM there AS t FULL JOIN here AS h ON t.__ordinal = h.__ordinal`,
    )
  ).getRowObjectsJson()
  const columns = names.flatMap((name, at) => (Number(row?.[`n${at}`]) > 0 ? [[name, Number(row?.[`n${at}`])] as const] : []))
  return { rows: Number(row?.both_have), differing: Number(row?.differing), columns: Object.fromEntries(columns) }
}
