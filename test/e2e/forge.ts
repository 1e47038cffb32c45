import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { openLake } from '../../lib/lake/open-lake.ts'

/** Runs statements in an engine of its own, which may read and write any file. */
export async function runSql(...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    for (const statement of statements) await connection.run(statement)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

export interface Place {
  readonly lake: string
  readonly view: string
  readonly partition: string
}

function folderOf({ lake, view, partition }: Place): string {
  const versions = readdirSync(join(lake, 'features', view))
  const held = versions.find((version) => readdirSync(join(lake, 'features', view, version)).includes(`dt=${partition}`))
  return join('features', view, held ?? '', `dt=${partition}`)
}

/** Overwrites an output with a SELECT over it (`old`), as somebody's script might. Gives the new ETag and bytes. */
export async function tamperOutput(place: Place, select: string): Promise<{ readonly etag: string; readonly bytes: Uint8Array }> {
  const scratch = mkdtempSync(join(tmpdir(), 'hindcast-forge-'))
  const lake = await openLake(place.lake)
  try {
    const key = `${folderOf(place)}/features.parquet`
    const file = join(scratch, 'new.parquet')
    const old = `old AS (SELECT * FROM read_parquet('${join(place.lake, key)}', hive_partitioning=false))`
    await runSql(`COPY (WITH ${old} ${select}) TO '${file}' (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION snappy)`)
    const bytes = readFileSync(file)
    const { etag } = await lake.store.put(key, bytes)
    return { etag, bytes }
  } finally {
    await lake.close()
    rmSync(scratch, { recursive: true })
  }
}

/** The same with a receipt that certifies the new bytes: what would stand there if its writer computed other bytes than a backfill does. */
export async function forgeOutput(place: Place, select: string): Promise<void> {
  const { etag, bytes } = await tamperOutput(place, select)
  const folder = join(place.lake, folderOf(place))
  const receipt = readdirSync(folder).find((name) => name.startsWith('_receipt.')) ?? ''
  const parts = receipt.split('.')
  const forged = [...parts.slice(0, 4), createHash('sha256').update(bytes).digest('hex'), etag].join('.')
  renameSync(join(folder, receipt), join(folder, forged))
}
