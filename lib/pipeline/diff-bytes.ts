import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diffRows, type RowDiff } from '../engine/diff-rows.ts'
import type { LocalEngine } from '../engine/local-engine.ts'
import type { OutputPair } from './compare-partitions.ts'

/** Rows of a difference that are shown of each kind. */
const EXAMPLES = 3
/** How far back rows may tell of. */
const TOLD_BACK_MS = 400 * 86_400_000

/** Explains how two outputs of one partition differ, row by row. @throws DataError for bytes that are no output of the version. */
export async function diffBytes(engine: LocalEngine, { version, partition, here, there }: OutputPair): Promise<RowDiff> {
  const files = [join(engine.scratch, `${randomUUID()}.parquet`), join(engine.scratch, `${randomUUID()}.parquet`)] as const
  await Promise.all([writeFile(files[0], here), writeFile(files[1], there)])
  try {
    const range = { start: partition.start - TOLD_BACK_MS, end: partition.end }
    return await diffRows(engine.engine, { version, here: files[0], there: files[1], range, examples: EXAMPLES })
  } finally {
    await Promise.all(files.map((file) => rm(file)))
  }
}
