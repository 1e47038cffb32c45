/** Law of what counted: the rows that counted give the entity's row alone, and without them it is not there. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Session } from '../../lib/engine/engine.ts'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { lineageOf, ROWS, ROWS_TYPE } from '../../lib/engine/row-lineage.ts'
import { openTestEngine } from '../support/house.ts'

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

/** Rows of two inputs, each a key, a group and a number. */
const row = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }), fc.option(fc.integer({ min: -2, max: 3 })))
const tables = fc.tuple(fc.array(row, { maxLength: 6 }), fc.array(row, { maxLength: 5 }))
type Rows = readonly (readonly [number, number, number | null])[]

const QUERIES = [
  'WITH big AS (SELECT id, g, x FROM a WHERE x > 0) SELECT id, count(*) AS n, sum(x) AS total FROM big GROUP BY id',
  'SELECT id, max(total) AS most FROM (SELECT id, g, sum(x) AS total FROM a GROUP BY ALL HAVING count(*) > 1) AS s GROUP BY id',
  'WITH u AS (SELECT id, x FROM a UNION ALL SELECT g, x FROM b WHERE x IS NOT NULL) SELECT id, sum(x) AS total, count(*) AS n FROM u GROUP BY 1',
  'SELECT p.id, p.n, q.n AS m FROM (SELECT id, count(*) AS n FROM a GROUP BY id) p LEFT JOIN (SELECT g, count(x) AS n FROM b GROUP BY g) q ON q.g = p.id',
  'SELECT id, count(*) AS n FROM (SELECT DISTINCT id, x FROM a) d GROUP BY id',
  'WITH j (k, y, z) AS (SELECT a.id, a.x, b.x FROM a FULL JOIN b USING (id)) SELECT k AS id, sum(y) AS y, sum(z) AS z FROM j GROUP BY k',
  'SELECT id, x FROM (SELECT id, x, row_number() OVER (PARTITION BY id ORDER BY x, g) AS nth FROM a) AS r WHERE nth = 1',
  'SELECT a.id, sum(a.x + b.x) AS s FROM a JOIN b ON b.g = a.g GROUP BY a.id HAVING sum(a.x) > 0',
  'SELECT i.id, i.n FROM (SELECT id, count(*) FILTER (WHERE x > 0) AS n FROM a GROUP BY id) i JOIN b ON b.id = i.id QUALIFY row_number() OVER (PARTITION BY i.id ORDER BY b.x, b.g) = 1',
]
/** A rank picks one of several rows: without it another one is picked. */
const WITHIN = /row_number/

function inputsSql(inputs: readonly Rows[], keep: (input: number, row: number) => boolean): string {
  const parts = inputs.map((rows, i) => {
    const values = rows.flatMap(([id, g, x], r) =>
      keep(i, r) ? [`(${id}, ${g}, ${x}::INTEGER, [{'i': ${i}, 'o': 0, 'r': ${r}}]::${ROWS_TYPE})`] : [],
    )
    const some = values.length > 0 ? values.join(', ') : `(NULL, NULL, NULL::INTEGER, []::${ROWS_TYPE})`
    return `${i === 0 ? 'a' : 'b'} AS (SELECT * FROM (VALUES ${some}) AS v (id, g, x, ${ROWS}) WHERE id IS NOT NULL)`
  })
  return `WITH ${parts.join(', ')}`
}

/** The row of each entity. */
async function outputOf(session: Session, inputs: string, sql: string): Promise<Map<string, string>> {
  const rows = await session.rows(`${inputs} SELECT * FROM (${sql}) AS out`)
  return new Map(rows.map((one) => [String(one.id), JSON.stringify(one)]))
}

it.each(QUERIES)('%s', async (sql) => {
  await engine.parallel(1, async (session) => {
    const followed = (await lineageOf(session, sql, ['a', 'b'])).sql
    await fc.assert(
      fc.asyncProperty(tables, async (inputs) => {
        const all = inputsSql(inputs, () => true)
        const whole = await outputOf(session, all, sql)
        const found = await session.rows(
          `${all} SELECT id, (SELECT list(DISTINCT u.i || ' ' || u.r) FROM unnest(${ROWS}) AS l (u)) AS counted FROM (${followed}) AS out`,
        )
        expect(found.map(({ id }) => String(id)).sort()).toEqual([...whole.keys()].sort())
        for (const { id, counted } of found) {
          const rows = new Set((counted ?? []) as string[])
          const only = await outputOf(
            session,
            inputsSql(inputs, (i, r) => rows.has(`${i} ${r}`)),
            sql,
          )
          expect(only.get(String(id))).toBe(whole.get(String(id)))
          if (WITHIN.test(sql)) continue
          const without = await outputOf(
            session,
            inputsSql(inputs, (i, r) => !rows.has(`${i} ${r}`)),
            sql,
          )
          expect(without.has(String(id)), `rows of ${id} that did not count`).toBe(false)
        }
      }),
      { numRuns: 25 },
    )
  })
})
