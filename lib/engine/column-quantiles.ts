import type { Engine } from './engine.ts'
import { identifier, literalList } from './quote.ts'

/** Quantiles of a column's finite values; undefined where it has none. */
export interface Quantiles {
  readonly q10: number
  readonly q50: number
  readonly q90: number
}

export interface FileQuantiles {
  readonly rows: number
  /** By the columns that were asked for. */
  readonly columns: readonly (Quantiles | undefined)[]
}

export interface QuantileJob {
  /** Output files of one view on local disk. */
  readonly files: readonly string[]
  /** Numeric columns. */
  readonly columns: readonly string[]
}

/** Rows and quantiles of each file, in the order of the files. Takes as much memory as the columns of all of them together. */
export function columnQuantiles(engine: Engine, { files, columns }: QuantileJob): Promise<FileQuantiles[]> {
  return engine.session('UTC', async (session) => {
    const values = columns.map((column, at) => `, CAST(${identifier(column)} AS DOUBLE) AS v${at}`)
    const quantiles = columns.map((_, at) => `, quantile_cont(v${at}, [0.1, 0.5, 0.9]) FILTER (WHERE isfinite(v${at})) AS q${at}`)
    const scan = `SELECT filename${values.join('')} FROM read_parquet(${literalList(files)}, hive_partitioning=false, filename=true)`
    const rows = await session.rows(`SELECT filename, count(*)::BIGINT AS n${quantiles.join('')} FROM (${scan}) GROUP BY filename`)
    const found = new Map(rows.map((row) => [String(row.filename), row]))
    return files.map((file) => {
      const row = found.get(file)
      return { rows: Number(row?.n ?? 0), columns: columns.map((_, at) => quantilesOf(row?.[`q${at}`])) }
    })
  })
}

function quantilesOf(value: unknown): Quantiles | undefined {
  if (!Array.isArray(value)) return undefined
  const [q10, q50, q90] = value.map(Number)
  return q10 === undefined || q50 === undefined || q90 === undefined ? undefined : { q10, q50, q90 }
}

/** Whether a column of this type of the engine is a number. */
export function isNumeric(type: string): boolean {
  return /^((TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)
}
