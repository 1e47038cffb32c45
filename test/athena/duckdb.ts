/** What DuckDB reads in the files of a version: the other side of every comparison. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'

/** Rows of a SELECT over `files`, all Parquet files below the prefix that Athena would read; `dt` and `v` come from their folders. */
export async function readWithDuckDb(store: ObjectStore, prefix: string, select: string): Promise<unknown[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-duckdb-'))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    for (const { key } of await listAll(store, { prefix })) {
      if (/(^|\/)[_.][^/]*$/.test(key)) continue
      const bytes = (await store.get(key))?.bytes ?? new Uint8Array()
      await writeFile(join(folder, `${key.slice(prefix.length).replaceAll('/', '%')}`), bytes)
    }
    await connection.run(`SET TimeZone='UTC'`)
    const files = `(SELECT * EXCLUDE (filename), regexp_extract(filename, 'dt=([^%/]+)', 1) AS dt, regexp_extract(filename, 'v=([0-9a-f]{12})', 1) AS v
      FROM read_parquet('${folder}/*', filename=true, union_by_name=true, hive_partitioning=false))`
    return (await connection.runAndReadAll(select.replace('$files', files))).getRowsJS() as unknown[][]
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true })
  }
}
