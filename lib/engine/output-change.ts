import type { ViewVersion } from '../model/catalog.ts'
import { isNumeric } from './column-quantiles.ts'
import type { Engine, Session } from './engine.ts'
import { featureTable } from './feature-table.ts'
import { identifier, literal } from './quote.ts'

/** Two outputs of one partition on local disk: what stood there, and what takes its place. */
export interface OutputPairFiles {
  readonly version: ViewVersion
  readonly before: string
  readonly after: string
}

/** What the second does to the entities of the first. */
export interface OutputChange {
  /** Entities that are new, gone, and there before and after with other values. */
  readonly added: number
  readonly removed: number
  readonly changed: number
  /** The largest relative change of a number, the first in order of column and entity of those as large. */
  readonly largest?: { readonly entity: string; readonly column: string; readonly before: string; readonly after: string }
}

/** Compares the rows by entity. @throws DataError for a file that is no output of the version. */
export function changeOfOutput(engine: Engine, { version, before, after }: OutputPairFiles): Promise<OutputChange> {
  return engine.session(version.zone, async (session) => {
    const others = version.schema.filter(({ name }) => !version.entity.includes(name))
    const relation = (file: string) => featureTable(version, [file]).relation
    const on = version.entity.map((name) => `a.${identifier(name)} = b.${identifier(name)}`).join(' AND ')
    const key = identifier(version.entity[0] ?? '')
    const differs = others.map(({ name }) => `a.${identifier(name)} IS DISTINCT FROM b.${identifier(name)}`).join(' OR ') || 'false'
    const from = `WITH a AS (${relation(before)}), b AS (${relation(after)}) SELECT`
    const [counts] = await session.rows(
      `${from} count(*) FILTER (WHERE a.${key} IS NULL)::BIGINT AS added, count(*) FILTER (WHERE b.${key} IS NULL)::BIGINT AS removed, ` +
        `count(*) FILTER (WHERE a.${key} IS NOT NULL AND b.${key} IS NOT NULL AND (${differs}))::BIGINT AS changed FROM a FULL JOIN b ON ${on}`,
    )
    const numbers = others.filter(({ type }) => isNumeric(type)).map(({ name }) => name)
    const largest = numbers.length > 0 ? await largestOf(session, { from, on, numbers, entity: version.entity }) : undefined
    const { added, removed, changed } = counts ?? {}
    return { added: Number(added), removed: Number(removed), changed: Number(changed), ...(largest && { largest }) }
  })
}

interface Largest {
  readonly from: string
  readonly on: string
  readonly numbers: readonly string[]
  readonly entity: readonly string[]
}

async function largestOf(session: Session, { from, on, numbers, entity }: Largest): Promise<OutputChange['largest']> {
  const name = entity.map((column) => `${literal(`${column}=`)} || a.${identifier(column)}::VARCHAR`).join(` || ',' || `)
  const each = numbers.map((column, at) => {
    const [x, y] = [`a.${identifier(column)}`, `b.${identifier(column)}`]
    const size = `abs(${y}::DOUBLE - ${x}::DOUBLE) / greatest(abs(${x}::DOUBLE), abs(${y}::DOUBLE))`
    return `${from} ${at} AS nr, ${literal(column)} AS name, ${name} AS entity, ${x}::VARCHAR AS before, ${y}::VARCHAR AS after, ${size} AS size FROM a JOIN b ON ${on} WHERE ${x} <> ${y}`
  })
  const all = each.map((sql) => `(${sql})`).join(' UNION ALL ')
  const [row] = await session.rows(`SELECT * FROM (${all}) ORDER BY size DESC NULLS LAST, nr, entity LIMIT 1`)
  return row && { entity: String(row.entity), column: String(row.name), before: String(row.before), after: String(row.after) }
}
