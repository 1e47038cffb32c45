import { DataError, HindcastError } from '../model/errors.ts'
import type { SourceColumn } from '../model/source.ts'
import type { Engine } from './engine.ts'
import { fileTypes } from './file-types.ts'
import { spellType } from './spell-type.ts'

/**
 * The columns of a Parquet file on local disk under the engine's scratch folder, in the order of the file. The engine ignores letter
 * case, so of two names that differ in it alone the first is taken. @throws DataError naming `key` where it is no Parquet file.
 */
export async function readParquetColumns(engine: Engine, file: string, key: string): Promise<SourceColumn[]> {
  const types = await engine.session('UTC', async (session) => {
    try {
      return await fileTypes(session, file)
    } catch (error) {
      if (!(error instanceof HindcastError)) throw error
      throw new DataError(`${key} cannot be read as Parquet: ${error.message.replaceAll(file, key)}`, {}, { cause: error })
    }
  })
  const seen = new Set<string>()
  return Object.entries(types).flatMap(([name, type]) => {
    if (seen.has(name.toLowerCase())) return []
    seen.add(name.toLowerCase())
    return [{ name, type: spellType(type) }]
  })
}
