import type { ViewVersion } from '../model/catalog.ts'
import { outputColumns } from './check-output.ts'
import type { EntityValues } from './counted-rows.ts'
import type { Engine } from './engine.ts'
import { identifier, literal } from './quote.ts'

/** The row of one entity in a local output file, each value as the engine writes it; undefined where the entity is not in it. */
export function readEntityRow(
  engine: Engine,
  version: ViewVersion,
  file: string,
  entity: EntityValues,
): Promise<Readonly<Record<string, string | null>> | undefined> {
  return engine.session(version.zone, async (session) => {
    const where = version.entity.map((name) => {
      const type = version.schema.find((column) => column.name === name)?.type ?? 'VARCHAR'
      return `${identifier(name)} = CAST(${literal(entity[name] ?? '')} AS ${type})`
    })
    const names = ['feature_time', ...version.schema.map(({ name }) => name)]
    const columns = names.map((name) => `CAST(${identifier(name)} AS VARCHAR) AS ${identifier(name)}`)
    const [row] = await session.rows(
      `SELECT ${columns.join(', ')} FROM (SELECT ${outputColumns(version.schema).join(', ')} FROM read_parquet(${literal(file)}, hive_partitioning=false)) WHERE ${where.join(' AND ')}`,
    )
    return row && Object.fromEntries(names.map((name) => [name, row[name] === null ? null : String(row[name])]))
  })
}
