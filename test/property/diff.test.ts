/**
 * The comparison of tables against naive oracles: every pair of rows looked at alone. fast-check prints the seed of a failure.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutChunks } from '../../lib/engine/diff-chunks.ts'
import { diffSides, type Side } from '../../lib/engine/diff-sides.ts'
import { LAST_BITS_STEPS, severitySql } from '../../lib/engine/difference-sql.ts'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { literal } from '../../lib/engine/quote.ts'
import { openTestEngine } from '../support/house.ts'

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

type Value = number | null

interface OneRow {
  readonly p: number
  readonly k: string | null
  readonly values: readonly Value[]
}

const sql = (value: Value) => (value === null ? 'NULL::DOUBLE' : `${literal(String(value))}::DOUBLE`)
const bits = new DataView(new ArrayBuffer(8))

/** The next double towards zero, by its bits. */
function towardsZero(value: number): number {
  if (value === 0) return 0
  bits.setFloat64(0, Math.abs(value))
  bits.setBigUint64(0, bits.getBigUint64(0) - 1n)
  return bits.getFloat64(0)
}

/** The oracle: 0 the same, 1 last bits, 2 different. */
function severity(a: Value, b: Value, tolerance: number): 0 | 1 | 2 {
  if (a === null || b === null) return a === b ? 0 : 2
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0
  if (!Number.isFinite(a) || !Number.isFinite(b)) return 2
  const apart = Math.abs(a - b)
  const larger = Math.max(Math.abs(a), Math.abs(b))
  if (tolerance > 0 && apart <= tolerance * Math.max(1, larger)) return 0
  return apart <= LAST_BITS_STEPS * (larger - towardsZero(larger)) ? 1 : 2
}

const double = fc.oneof(
  fc.double(),
  fc.double({ min: -10, max: 10 }),
  fc.constantFrom(0, -0, 1, 2 ** 52, Number.MIN_VALUE, Number.MAX_VALUE),
)
/** Values next to each other as often as far apart. */
const pair = fc.oneof(
  fc.tuple(fc.option(double), fc.option(double)),
  fc.tuple(double, fc.integer({ min: 0, max: 10 })).map(([value, steps]): [Value, Value] => {
    let other = value
    for (let step = 0; step < steps && Number.isFinite(value); step++) other = Math.sign(value) * towardsZero(other)
    return [value, other]
  }),
)

it('doubles are the same, differ in their last bits, or are different, as their bits say', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { minLength: 1, maxLength: 100 }), fc.constantFrom(0, 1e-9, 0.01), async (pairs, tolerance) => {
      const rows = pairs.map(([a, b], at) => `(${at}, ${sql(a)}, ${sql(b)})`).join(', ')
      const graded = await engine.engine.session('UTC', (session) =>
        session.rows(
          `SELECT ${severitySql({ here: 'a', there: 'b', type: 'DOUBLE' }, tolerance)} AS s FROM (VALUES ${rows}) t(place, a, b) ORDER BY place`,
        ),
      )
      expect(graded.map((row) => Number(row.s))).toEqual(pairs.map(([a, b]) => severity(a, b, tolerance)))
    }),
    { numRuns: 200 },
  )
})

const COLUMNS = ['x', 'y']
const value = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<Value>(null, 0, 1, 2.5) },
  { weight: 1, arbitrary: fc.constantFrom(1 + 2 ** -52, 1e9) },
)
const row = fc.record({
  p: fc.integer({ min: 1, max: 4 }),
  k: fc.option(fc.constantFrom('a', 'b', 'c'), { freq: 9 }),
  values: fc.tuple(value, value),
})
/** No key twice in a partition; those without a key may be many. */
const table = fc.uniqueArray(row, {
  selector: ({ p, k, values }) => (k === null ? JSON.stringify([p, values]) : `${p} ${k}`),
  maxLength: 12,
})

function sideOf(name: string, rows: readonly OneRow[]): Side {
  const counts = new Map<number, number>()
  for (const { p } of rows) counts.set(p, (counts.get(p) ?? 0) + 1)
  const all = rows.map(({ p, k, values }) => `(${p}, ${k === null ? 'NULL' : literal(k)}, ${values.map(sql).join(', ')})`)
  const relation = rows.length > 0 ? `VALUES ${all.join(', ')}` : `SELECT 0, '', 0::DOUBLE, 0::DOUBLE WHERE false`
  const select = `SELECT p::BIGINT AS p, k0::VARCHAR AS k0, v0, v1 FROM (${relation}) t(p, k0, v0, v1)`
  return { name, rows: counts, relation: (first, last) => `${select} WHERE p BETWEEN ${first} AND ${last}` }
}

/** Every row against every row. */
function oracle(here: readonly OneRow[], there: readonly OneRow[], tolerance: number) {
  const isPair = (a: OneRow, b: OneRow) => a.p === b.p && a.k !== null && a.k === b.k
  const matched = here.flatMap((a) =>
    there
      .filter((b) => isPair(a, b))
      .map((b) => ({ p: a.p, grades: COLUMNS.map((_, at) => severity(a.values[at] ?? null, b.values[at] ?? null, tolerance)) })),
  )
  const ends = [...new Set([...here, ...there].map(({ p }) => p))].sort()
  return {
    partitions: ends.map((end) => {
      const inside = matched.filter(({ p }) => p === end).map(({ grades }) => Math.max(...grades))
      return {
        end,
        matched: inside.length,
        lastBits: inside.filter((worst) => worst === 1).length,
        different: inside.filter((worst) => worst === 2).length,
        onlyHere: here.filter((a) => a.p === end && !there.some((b) => isPair(a, b))).length,
        onlyThere: there.filter((b) => b.p === end && !here.some((a) => isPair(a, b))).length,
      }
    }),
    columns: COLUMNS.map((name, at) => ({
      name,
      lastBits: matched.filter(({ grades }) => grades[at] === 1).length,
      different: matched.filter(({ grades }) => grades[at] === 2).length,
    })),
  }
}

it('tables are compared as a loop over all pairs of rows would, in chunks of any size', async () => {
  await fc.assert(
    fc.asyncProperty(table, table, fc.constantFrom(0, 1e-9), fc.constantFrom(3, 9, 1000), async (here, there, tolerance, valuesMax) => {
      const job = { keys: ['k'], columns: COLUMNS.map((name) => ({ name, type: 'DOUBLE' })), zone: 'UTC', range: { start: 0, end: 0 } }
      const found = await engine.engine.session('UTC', (session) =>
        diffSides(session, sideOf('here', here), sideOf('there', there), { ...job, tolerance, examples: 3, valuesMax }),
      )
      const wanted = oracle(here, there, tolerance)
      expect(found.partitions.map(({ net: _, ...rows }) => rows)).toEqual(wanted.partitions)
      if (wanted.partitions.length === 0) return
      expect(found.columns.map(({ name, lastBits, different }) => ({ name, lastBits, different }))).toEqual(wanted.columns)
      for (const kind of ['only here', 'only there'] as const) {
        const rows = wanted.partitions.reduce((sum, one) => sum + (kind === 'only here' ? one.onlyHere : one.onlyThere), 0)
        expect(found.examples.filter((one) => one.kind === kind).length).toBeLessThanOrEqual(rows)
        if (rows > 0) expect(found.examples.some((one) => one.kind === kind)).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

it('a key that is there twice in one partition is an error with its count and an example', async () => {
  const rows: OneRow[] = [1, 1, 2].map((p, at) => ({ p, k: 'a', values: [at, at] }))
  const job = {
    keys: ['k'],
    columns: COLUMNS.map((name) => ({ name, type: 'DOUBLE' })),
    zone: 'UTC',
    range: { start: 0, end: 0 },
    examples: 1,
  }
  const compare = engine.engine.session('UTC', (session) => diffSides(session, sideOf('here', rows.slice(1)), sideOf('old', rows), job))
  await expect(compare).rejects.toThrow(
    /old has 1 keys more than once \(2 rows\), such as k=a in the partition that ends at 1970-01-01T00:00:00.001Z/,
  )
})

describe('chunks', () => {
  it('hold every partition once, in order, and no more values than allowed', () => {
    const partitions = fc
      .array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 })
      .map((all) => all.map((rows, at) => ({ end: at * 10, rows })))
    fc.assert(
      fc.property(partitions, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 5, max: 60 }), (all, columns, valuesMax) => {
        const chunks = cutChunks(all, columns, valuesMax)
        const rowsMax = Math.max(1, Math.floor(valuesMax / columns))
        for (const { end, rows } of all) {
          const holding = chunks.filter(({ first, last }) => first <= end && end <= last)
          expect(holding.length).toBe(Math.max(1, Math.ceil(rows / rowsMax)))
          expect(new Set(holding.map(({ bucket }) => bucket)).size).toBe(holding.length)
        }
        for (const { first, last, buckets } of chunks) {
          const rows = all.filter(({ end }) => end >= first && end <= last).reduce((sum, one) => sum + one.rows, 0)
          expect(rows).toBeLessThanOrEqual(rowsMax * buckets)
        }
      }),
    )
  })
})
