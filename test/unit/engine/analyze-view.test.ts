import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnalyzedInput, analyzeView } from '../../../lib/engine/analyze-view.ts'
import { Engine } from '../../../lib/engine/engine.ts'
import { parseView } from '../../../lib/model/parse-view.ts'
import type { View } from '../../../lib/model/view.ts'

const FLIGHTS: AnalyzedInput = {
  name: 'flights',
  columns: [
    { name: 'date', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'delay', type: 'BIGINT' },
    { name: 'origin', type: 'VARCHAR' },
    { name: 'id', type: 'UBIGINT' },
  ],
}

let engine: Engine
beforeAll(() => {
  engine = new Engine({ scratch: mkdtempSync(join(tmpdir(), 'analyze-')) })
})
afterAll(() => engine.close())

function view(sql: string, header = ''): View {
  const text = `/* ---\ndescription: x\nentity: origin\ngrain: day\ninputs: {flights: 7 days}\n${header}\n--- */\n${sql}\n`
  const { view: parsed, problems } = parseView('busy.sql', text)
  if (!parsed) throw new Error(JSON.stringify(problems))
  return parsed
}

const analyze = (sql: string, header = '') =>
  analyzeView(engine, view(sql, header), { inputs: [FLIGHTS], lineOf: (path) => 100 + Number(path[1] ?? 0) })

describe('a view that is right', () => {
  it('gives its schema in one spelling, in the order of the SQL', async () => {
    const sql =
      "SELECT sum(delay) AS total, origin, $start AS since, {a: 1, b: [delay]} AS s, date::DATE::VARCHAR || 'x' AS t FROM flights GROUP BY ALL"
    const { schema, problems } = await analyze(sql)
    expect(problems).toEqual([])
    expect(schema).toEqual([
      { name: 'total', type: 'HUGEINT' },
      { name: 'origin', type: 'VARCHAR' },
      { name: 'since', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 's', type: 'STRUCT("a" INTEGER, "b" BIGINT[])' },
      { name: 't', type: 'VARCHAR' },
    ])
  })

  it('names the columns read, of an input that only counts none', async () => {
    expect((await analyze('SELECT origin, avg(DELAY) AS d FROM flights GROUP BY 1')).columnsRead.get('flights')).toEqual([
      'delay',
      'origin',
    ])
    expect((await analyze("SELECT 'x' AS origin, count(*) AS n FROM flights")).columnsRead.get('flights')).toEqual([])
  })

  it('says what depends on the order of rows', async () => {
    expect((await analyze('SELECT origin, first(delay) AS d, max(delay) AS m FROM flights GROUP BY 1')).orderSensitive).toEqual(['first'])
  })

  it('leaves nothing behind', async () => {
    await analyze('SELECT origin FROM flights')
    const rows = await engine.session('UTC', (session) => session.rows('SELECT table_name FROM duckdb_tables()'))
    expect(rows).toEqual([])
  })
})

describe('rules', () => {
  const SQL = 'SELECT origin, count(*) AS n, sum(delay) AS total, max(delay) AS "end" FROM flights GROUP BY 1'

  it.each([
    ['n > 0', false],
    ['n IS NULL OR total / n < 5', false],
    ["feature_time > TIMESTAMPTZ '2001-01-01 00:00:00+00'", false],
    ['count(*) > 100', true],
    ['max(n) < 10 * min(n) AND bool_and(n > 0)', true],
    ['list_sum([n, 1]) > 0', false],
  ])('%s: per partition %s', async (sql, perPartition) => {
    const { rules, problems } = await analyze(SQL, `expect: [${JSON.stringify(sql)}]\nwarn: [${JSON.stringify(sql)}]`)
    expect(problems).toEqual([])
    expect(rules).toEqual({ expect: [{ sql, perPartition }], warn: [{ sql, perPartition }] })
  })

  it.each([
    ['n', 'is no condition'],
    ['nn > 0', "column nn does not exist, did you mean 'n'?"],
    ['delay > 0', 'column delay does not exist'],
    ['n > 0 AND count(*) > 1', 'must appear in the GROUP BY'],
    ['n > (SELECT 1)', 'has a sub-query'],
    ['sum(n) OVER () > 1', 'has a window function'],
    ['feature_time < now()', 'now() reads the clock'],
    ['n > $start', 'has a parameter'],
    ['n > 0) OR (n > 1', 'does not parse'],
    ['n > 0 -- always', 'is not one expression'],
    ['n > 0, n > 1', 'is not one expression'],
    ['n > 0 UNION SELECT true', 'is not one expression'],
    ['n > 0 positive', 'syntax error'],
    ['end > 0', "end is a keyword of SQL, so the column 'end' cannot stand here without quotes"],
  ])('refuses %s', async (sql, message) => {
    const { problems } = await analyze(SQL, `expect:\n  - n > 0\n  - ${JSON.stringify(sql)}`)
    expect(problems).toEqual([expect.objectContaining({ file: 'busy.sql', line: 101, message: expect.stringContaining(message) })])
  })
})

describe('a table that Athena does not take', () => {
  const wide = (comment: string) => {
    const names = Array.from({ length: 3800 }, (_, at) => `spent_in_category_${at}`)
    const header = `columns:\n${names.map((name) => `  ${name}: ${comment}`).join('\n')}`
    return analyze(`SELECT origin, ${names.map((name) => `count(*) AS ${name}`).join(', ')} FROM flights GROUP BY origin`, header)
  }

  it('is refused with its size and what to do', async () => {
    const { problems } = await wide('c'.repeat(300))
    expect(problems).toMatchObject([
      {
        message: 'the 3801 columns of its table, with their comments, are larger than Athena takes',
        found: expect.stringMatching(/^1\d{6} bytes$/),
        allowed: ['1015808 bytes: split the view, or comment on fewer columns'],
      },
    ])
    expect((await wide('short')).problems).toEqual([])
  })
})
