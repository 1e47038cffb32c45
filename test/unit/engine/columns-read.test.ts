import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { findColumnsRead } from '../../../lib/engine/columns-read.ts'

const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run(
  `CREATE TABLE t (a INT, b INT, "Cc" DOUBLE, ts TIMESTAMPTZ, st STRUCT(x INT, y INT), l INT[]); CREATE TABLE u (a INT, b INT, c INT)`,
)

async function read(sql: string): Promise<unknown> {
  const found = await findColumnsRead(connection, sql)
  return 'problem' in found ? found.problem.message : Object.fromEntries(found.columns)
}

const CASES: readonly (readonly [string, Record<string, readonly string[]>])[] = [
  ['SELECT b, a FROM t', { t: ['a', 'b'] }],
  ['SELECT a FROM t', { t: ['a'] }],
  ['SELECT l FROM t', { t: ['l'] }],
  ['SELECT count(*) FROM t', { t: [] }],
  ['SELECT 1 FROM t', { t: [] }],
  ['SELECT count(*) FROM t WHERE b > 1', { t: ['b'] }],
  ['SELECT count(*) FROM t WHERE ts >= $start AND ts < $end', { t: ['ts'] }],
  ["SELECT date_trunc('day', $start) FROM t", { t: [] }],
  ['SELECT count(*) FILTER (WHERE "CC" > 1) FROM T', { t: ['Cc'] }],
  ['SELECT a FROM t WHERE 1 = 0', { t: ['a'] }],
  ['SELECT a FROM t WHERE a IS NULL AND a > 1', { t: ['a'] }],
  ['SELECT a FROM t ORDER BY b', { t: ['a', 'b'] }],
  ['SELECT sum(a) FROM t GROUP BY b HAVING max(ts) > $start', { t: ['a', 'b', 'ts'] }],
  ['SELECT t.a FROM t JOIN u ON t.a = u.b', { t: ['a'], u: ['b'] }],
  ['SELECT c FROM t JOIN u USING (a)', { t: ['a'], u: ['a', 'c'] }],
  ['SELECT x.a, y.b FROM t x CROSS JOIN t y', { t: ['a', 'b'] }],
  ['SELECT t.a FROM t ASOF JOIN u ON t.a >= u.b', { t: ['a'], u: ['b'] }],
  ['SELECT a FROM t SEMI JOIN u USING (a)', { t: ['a'], u: ['a'] }],
  ['SELECT a FROM t UNION SELECT b FROM u', { t: ['a'], u: ['b'] }],
  ['WITH x AS (SELECT a, b FROM t) SELECT a FROM x', { t: ['a', 'b'] }],
  ['WITH x AS MATERIALIZED (SELECT a, b FROM t) SELECT x.a, y.b FROM x JOIN x AS y USING (a)', { t: ['a', 'b'] }],
  ['WITH x AS (SELECT b FROM t) SELECT a FROM u', { u: ['a'] }],
  ['WITH t AS (SELECT a FROM t) SELECT a FROM t', { t: ['a'] }],
  [
    'WITH RECURSIVE r AS (SELECT a, 1 AS n FROM t UNION ALL SELECT r.a, n + 1 FROM r JOIN u ON u.b = r.a) SELECT a FROM r',
    { t: ['a'], u: ['b'] },
  ],
  ['SELECT a FROM t WHERE b IN (SELECT c FROM u)', { t: ['a', 'b'], u: ['c'] }],
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u)', { t: ['a'], u: [] }],
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.c = t.b)', { t: ['a', 'b'], u: ['c'] }],
  ['SELECT (SELECT max(b) FROM u WHERE u.a = t.a) FROM t', { t: ['a'], u: ['a', 'b'] }],
  ['SELECT st.x FROM t', { t: ['st'] }],
  ['SELECT x FROM t, unnest(l) r(x)', { t: ['l'] }],
  ['SELECT t FROM t', { t: ['a', 'b', 'Cc', 'ts', 'st', 'l'] }],
  ['SELECT rowid FROM t', { t: [] }],
  ['SELECT sum(a) OVER (PARTITION BY b ORDER BY ts) FROM t', { t: ['a', 'b', 'ts'] }],
  ['SELECT list_transform(l, lambda x: x + a) FROM t', { t: ['a', 'l'] }],
  ['SELECT i FROM range(3) r(i)', {}],
]

it.each(CASES)('%s', async (sql, expected) => {
  expect(await read(sql)).toEqual(expected)
})

it('does not depend on what the tables hold', async () => {
  const full = await (await DuckDBInstance.create(':memory:')).connect()
  await full.run('CREATE TABLE t AS SELECT 1 AS a, 2 AS b, i AS c FROM range(5000) r(i)')
  const found = await findColumnsRead(full, 'SELECT a FROM t WHERE b = 3 AND c < 0')
  expect('columns' in found && found.columns.get('t')).toEqual(['a', 'b', 'c'])
})

it('gives the binder its word', async () => {
  expect(await read('SELECT zz FROM t')).toMatch(/"zz" not found/)
})
