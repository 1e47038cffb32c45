import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

/** What each SELECT gives, as a Parquet file; `settings` are the writer's. */
export async function writeParquet(
  tables: readonly { readonly key: string; readonly sql: string }[],
  name: string,
  settings = 'CODEC snappy',
) {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const made: [string, Uint8Array][] = []
    for (const [at, { key, sql }] of tables.entries()) {
      await connection.run(`COPY (${sql}) TO '${folder}/${at}.parquet' (FORMAT parquet, ${settings})`)
      made.push([key, await readFile(`${folder}/${at}.parquet`)])
    }
    return made
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true })
  }
}
