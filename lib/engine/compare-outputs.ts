import type { Engine } from './engine.ts'
import { identifier, literal } from './quote.ts'

export interface CompareJob {
  readonly entity: readonly string[]
  /** Columns of the same name and type on both sides. */
  readonly columns: readonly string[]
  /** Those of them whose medians are wanted; numbers. */
  readonly medians: readonly string[]
  /** Output files on local disk. */
  readonly here: string
  readonly there: string
}

export interface OutputComparison {
  /** Entities on either side, and those that are on one side only or differ in any column. */
  readonly rows: number
  readonly different: number
  /** Rows that differ, by column. */
  readonly byColumn: readonly number[]
  /** Medians of finite values; undefined where there are none. */
  readonly medians: readonly { readonly here?: number; readonly there?: number }[]
}

/** How much of one partition differs between two versions. NULL equals NULL. */
export function compareOutputs(engine: Engine, { entity, columns, medians, here, there }: CompareJob): Promise<OutputComparison> {
  return engine.session('UTC', async (session) => {
    const on = entity.map((name) => `h.${identifier(name)} = t.${identifier(name)}`).join(' AND ')
    const both = 'h.present AND t.present'
    const differs = columns.map((name) => `h.${identifier(name)} IS DISTINCT FROM t.${identifier(name)}`)
    const counts = differs.map((one, at) => `, count(*) FILTER (WHERE ${both} AND ${one})::BIGINT AS d${at}`)
    const middle = (side: string, name: string) => {
      const value = `CAST(${side}.${identifier(name)} AS DOUBLE)`
      return `median(${value}) FILTER (WHERE isfinite(${value}))`
    }
    const middles = medians.map((name, at) => `, ${middle('h', name)} AS h${at}, ${middle('t', name)} AS t${at}`)
    const any = ['h.present IS NULL', 't.present IS NULL', ...differs].join(' OR ')
    const [row] = await session.rows(
      `SELECT count(*)::BIGINT AS n, count(*) FILTER (WHERE ${any})::BIGINT AS different${counts.join('')}${middles.join('')} ` +
        `FROM ${scan(here)} h FULL JOIN ${scan(there)} t ON ${on}`,
    )
    return {
      rows: Number(row?.n),
      different: Number(row?.different),
      byColumn: columns.map((_, at) => Number(row?.[`d${at}`])),
      medians: medians.map((_, at) => ({ ...numbered('here', row?.[`h${at}`]), ...numbered('there', row?.[`t${at}`]) })),
    }
  })
}

function scan(file: string): string {
  return `(SELECT *, true AS present FROM read_parquet(${literal(file)}, hive_partitioning=false))`
}

function numbered<K extends string>(name: K, value: unknown): { readonly [key in K]?: number } {
  return typeof value === 'number' ? ({ [name]: value } as { readonly [key in K]: number }) : {}
}
