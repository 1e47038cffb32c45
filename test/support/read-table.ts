import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'

/** One output file of a view: its partition, its hash and its rows as text, NULL spelled out. */
export interface OutputFile {
  readonly partition: string
  readonly sha256: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

let files = 0

/** All output files of a view, in order of time, read by a plain query. */
export async function readTable(store: ObjectStore, engine: LocalEngine, view: string): Promise<OutputFile[]> {
  const found: OutputFile[] = []
  for (const { key } of await listAll(store, { prefix: `features/${view}/` })) {
    const partition = /dt=([^/]+)\/features\.parquet$/.exec(key)?.[1]
    if (partition === undefined) continue
    const bytes = (await store.get(key))?.bytes ?? new Uint8Array()
    found.push({ partition, sha256: createHash('sha256').update(bytes).digest('hex'), ...(await readRows(engine, bytes)) })
  }
  return found
}

async function readRows(engine: LocalEngine, bytes: Uint8Array): Promise<Pick<OutputFile, 'columns' | 'rows'>> {
  const file = join(engine.scratch, `read-${files++}.parquet`)
  await writeFile(file, bytes)
  try {
    return await engine.engine.session('UTC', async (session) => {
      const columns = (await session.rows(`DESCRIBE SELECT * FROM read_parquet('${file}')`)).map((row) => String(row.column_name))
      const rows = await session.rows(`SELECT COLUMNS(*)::VARCHAR FROM read_parquet('${file}')`)
      return { columns, rows: rows.map((row) => columns.map((column) => String(row[column] ?? 'NULL'))) }
    })
  } finally {
    await rm(file)
  }
}
