import { version as duckdbVersion } from '@duckdb/node-api'
import { hashOf } from '../model/hash.ts'

/**
 * How every output and piece is written. Snappy, since files are small and many: 168 of one kB are read in 24 ms, with zstd in 36. Part of
 * the engine build: another setting gives other bytes.
 */
export const PARQUET_SETTINGS = 'FORMAT parquet, PARQUET_VERSION v1, COMPRESSION snappy, ROW_GROUP_SIZE 122880'

/** The pinned memory limit of an engine instance, in MB. A query near it spills, and where it spills decides the order of its sums. */
export const MEMORY_LIMIT_MB = 1024

/** What must be the same for two computations to give the same bytes. */
export interface EngineBuild {
  /** 12 hex over all the rest. */
  readonly id: string
  /** For people: `DuckDB v1.5.5 x64, 1024 MB`. */
  readonly description: string
}

export function engineBuild(architecture: string, memoryLimitMb: number): EngineBuild {
  const duckdb = duckdbVersion()
  return {
    id: hashOf([duckdb, architecture, memoryLimitMb, PARQUET_SETTINGS], 12),
    description: `DuckDB ${duckdb} ${architecture}, ${memoryLimitMb} MB`,
  }
}
