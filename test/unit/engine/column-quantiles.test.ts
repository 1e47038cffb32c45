import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { columnQuantiles, isNumeric } from '../../../lib/engine/column-quantiles.ts'
import { compareOutputs } from '../../../lib/engine/compare-outputs.ts'
import { Engine } from '../../../lib/engine/engine.ts'

let engine: Engine
beforeAll(() => {
  engine = new Engine({ scratch: mkdtempSync(join(tmpdir(), 'hindcast-quantiles-')) })
})
afterAll(() => engine.close())

let files = 0

/** A file with these rows; NULL, NaN and infinities as they are written in SQL. */
async function write(rows: readonly { readonly id: number; readonly v: number | null; readonly n: number | null }[]): Promise<string> {
  const file = join(engine.scratch, `${files++}.parquet`)
  const text = (value: number | null) => (value === null ? 'NULL' : Number.isFinite(value) ? String(value) : `'${value}'`)
  const values = rows.map(({ id, v, n }) => `(${id}, CAST(${text(v)} AS DOUBLE), CAST(${text(n)} AS BIGINT))`).join(', ')
  const select =
    rows.length > 0 ? `SELECT * FROM (VALUES ${values}) t(id, v, n)` : 'SELECT 1 AS id, 1.0::DOUBLE AS v, 1::BIGINT AS n WHERE false'
  await engine.session('UTC', (session) => session.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`))
  return file
}

/** Linear between the two nearest values, as quantile_cont is defined. */
function naiveQuantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [low = 0, high = 0] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (high - low) * (at - Math.floor(at))
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
)
const count = fc.option(fc.integer({ min: 0, max: 5 }), { nil: null })
const table = fc.uniqueArray(fc.record({ id: fc.nat(12), v: value, n: count }), { selector: ({ id }) => id, maxLength: 12 })

test('quantiles of each file are those of its finite values, empty files among them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(table, { minLength: 1, maxLength: 4 }), async (tables) => {
      const paths: string[] = []
      for (const rows of tables) paths.push(await write(rows))
      const found = await columnQuantiles(engine, { files: paths, columns: ['v', 'n'] })
      for (const [at, rows] of tables.entries()) {
        expect(found[at]?.rows).toBe(rows.length)
        for (const [column, name] of (['v', 'n'] as const).entries()) {
          const finite = rows.flatMap((row) => (row[name] !== null && Number.isFinite(row[name]) ? [row[name]] : []))
          const got = found[at]?.columns[column]
          if (finite.length === 0) expect(got).toBeUndefined()
          else {
            expect(got?.q10).toBeCloseTo(naiveQuantile(finite, 0.1))
            expect(got?.q50).toBeCloseTo(naiveQuantile(finite, 0.5))
            expect(got?.q90).toBeCloseTo(naiveQuantile(finite, 0.9))
          }
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('a comparison counts what a look at each entity finds', async () => {
  await fc.assert(
    fc.asyncProperty(table, table, async (here, there) => {
      const job = { entity: ['id'], columns: ['v', 'n'], medians: ['v'], here: await write(here), there: await write(there) }
      const found = await compareOutputs(engine, job)
      const ids = [...new Set([...here, ...there].map(({ id }) => id))]
      const both = ids.flatMap((id) => {
        const [a, b] = [here.find((row) => row.id === id), there.find((row) => row.id === id)]
        return a && b ? [[a, b] as const] : []
      })
      const differs = (name: 'v' | 'n') => both.filter(([a, b]) => !Object.is(a[name], b[name])).length
      const changed = both.filter(([a, b]) => !Object.is(a.v, b.v) || !Object.is(a.n, b.n)).length
      expect(found.rows).toBe(ids.length)
      expect(found.different).toBe(changed + ids.length - both.length)
      expect(found.byColumn).toEqual([differs('v'), differs('n')])
      const finite = (rows: typeof here) => rows.flatMap(({ v }) => (v !== null && Number.isFinite(v) ? [v] : []))
      for (const [side, rows] of [
        ['here', finite(here)],
        ['there', finite(there)],
      ] as const) {
        if (rows.length === 0) expect(found.medians[0]?.[side]).toBeUndefined()
        else expect(found.medians[0]?.[side]).toBeCloseTo(naiveQuantile(rows, 0.5))
      }
    }),
    { numRuns: 60 },
  )
})

test.each([
  ['DOUBLE', true],
  ['DECIMAL(10,2)', true],
  ['BIGINT', true],
  ['HUGEINT', true],
  ['INTEGER', true],
  ['VARCHAR', false],
  ['BOOLEAN', false],
  ['DOUBLE[]', false],
  ['TIMESTAMP', false],
])('%s is a number: %s', (type, numeric) => expect(isNumeric(type)).toBe(numeric))
