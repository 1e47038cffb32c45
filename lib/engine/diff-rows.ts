import type { ViewVersion } from '../model/catalog.ts'
import type { Engine, Row } from './engine.ts'
import { identifier, literal } from './quote.ts'

/** How two files differ at one place. `last bits`: doubles that agree to about 15 digits. */
export type DifferenceKind = 'only here' | 'only there' | 'last bits' | 'different'

export interface Difference {
  readonly kind: DifferenceKind
  /** The entity, as `origin=ATL`. */
  readonly entity: string
  /** Undefined where the whole row is only on one side. */
  readonly column?: string
  readonly here?: string
  readonly there?: string
}

export interface RowDiff {
  readonly rowsHere: number
  readonly rowsThere: number
  /** Rows that differ, by kind; a row counts once for each column that differs. */
  readonly counts: Readonly<Partial<Record<DifferenceKind, number>>>
  /** The first few, in order of entity and column. */
  readonly examples: readonly Difference[]
}

export interface DiffJob {
  readonly version: ViewVersion
  readonly here: string
  readonly there: string
  readonly examples: number
}

/** Doubles nearer than this, relative to the larger, differ in their last bits only. */
const LAST_BITS = 1e-14

/** Compares two local output files of one view row by row, matched on the entity. NULL equals NULL, NaN equals NaN. */
export async function diffRows(engine: Engine, job: DiffJob): Promise<RowDiff> {
  return engine.session('UTC', async (session) => {
    const [rows] = await session.rows(
      `SELECT (SELECT count(*) FROM ${scan(job.here)})::BIGINT AS here, (SELECT count(*) FROM ${scan(job.there)})::BIGINT AS there`,
    )
    const differences = differencesSql(job)
    const counts = await session.rows(`SELECT kind, count(*)::BIGINT AS n FROM (${differences}) GROUP BY kind`)
    const examples = await session.rows(`SELECT * FROM (${differences}) ORDER BY entity, place LIMIT ${job.examples}`)
    return {
      rowsHere: Number(rows?.here),
      rowsThere: Number(rows?.there),
      counts: Object.fromEntries(counts.map((row) => [String(row.kind), Number(row.n)])),
      examples: examples.map(differenceOf),
    }
  })
}

function scan(file: string): string {
  return `read_parquet(${literal(file)}, hive_partitioning=false)`
}

/** One row per difference: kind, entity, place of the column, its name and both values as text. */
function differencesSql({ version, here, there }: DiffJob): string {
  const { entity, schema } = version
  const names = entity.map((name) => `${literal(`${name}=`)} || coalesce(h.${identifier(name)}, t.${identifier(name)})::VARCHAR`)
  const key = names.join(` || ' ' || `)
  const joined = `(SELECT *, true AS present FROM ${scan(here)}) h FULL JOIN (SELECT *, true AS present FROM ${scan(there)}) t ON ${entity
    .map((name) => `h.${identifier(name)} = t.${identifier(name)}`)
    .join(' AND ')}`
  const whole = `SELECT CASE WHEN t.present IS NULL THEN 'only here' ELSE 'only there' END AS kind, ${key} AS entity, 0 AS place, NULL AS name, NULL AS here, NULL AS there FROM ${joined} WHERE h.present IS NULL OR t.present IS NULL`
  const values = schema.filter((column) => !entity.includes(column.name))
  const columns = values.map(({ name, type }, at) => {
    const [a, b] = [`h.${identifier(name)}`, `t.${identifier(name)}`]
    const near = type === 'DOUBLE' || type === 'FLOAT' ? `abs(${a} - ${b}) <= ${LAST_BITS} * greatest(abs(${a}), abs(${b}))` : 'false'
    return (
      `SELECT CASE WHEN ${near} THEN 'last bits' ELSE 'different' END AS kind, ${key} AS entity, ${at + 1} AS place, ${literal(name)} AS name, ` +
      `coalesce(${a}::VARCHAR, 'NULL') AS here, coalesce(${b}::VARCHAR, 'NULL') AS there FROM ${joined} WHERE h.present AND t.present AND ${a} IS DISTINCT FROM ${b}`
    )
  })
  return [whole, ...columns].join('\nUNION ALL\n')
}

function differenceOf(row: Row): Difference {
  const kind = row.kind as DifferenceKind
  const place = row.name === null ? {} : { column: String(row.name), here: String(row.here), there: String(row.there) }
  return { kind, entity: String(row.entity), ...place }
}
