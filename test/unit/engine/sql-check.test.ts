import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { inspectSql } from '../../../lib/engine/sql-check.ts'

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const inputs = ['t', 'u']
const columns = ['a', 'b', 'ts', 'user']

/** Inputs that a case leaves out are not of interest here. */
async function problemsOf(sql: string): Promise<string[]> {
  const { problems } = await inspectSql(connection, sql, { inputs, columns })
  return problems.filter(({ message }) => !message.includes('never reads it')).map(({ message }) => message)
}

describe('allows', () => {
  it.each([
    'SELECT a, count(*) AS n FROM t GROUP BY a',
    'SELECT count(*) FILTER (WHERE ts >= $start AND ts < $end) AS n FROM t',
    'FROM t SELECT a',
    'WITH x AS (SELECT a FROM t) SELECT x.a FROM x JOIN u USING (a)',
    'WITH t AS (SELECT a FROM t) SELECT a FROM t',
    'WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x WHERE n < 5) SELECT n FROM x',
    'SELECT a FROM t WHERE a IN (SELECT a FROM u)',
    'SELECT a FROM (SELECT a FROM t ORDER BY b LIMIT 3)',
    'SELECT a FROM t ORDER BY ALL',
    'SELECT a, sum(b) AS s FROM t GROUP BY ALL',
    'SELECT a FROM t UNION ALL SELECT a FROM u ORDER BY a LIMIT 1 OFFSET 2',
    'SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b',
    'SELECT DISTINCT a FROM t',
    'SELECT row_number() OVER (ORDER BY a) AS n FROM t',
    'SELECT row_number() OVER w AS n FROM t WINDOW w AS (PARTITION BY a ORDER BY b)',
    'SELECT first_value(a ORDER BY b) OVER (PARTITION BY a) AS n FROM t',
    'SELECT sum(a) OVER (PARTITION BY b) AS s, rank() OVER () AS r FROM t',
    'SELECT a FROM t ASOF JOIN u ON t.a >= u.a',
    'SELECT list_transform([1, 2], lambda x: x + 1) AS l, [x FOR x IN [1] IF x > 0] AS m FROM t',
    'SELECT i FROM t, range(3) r(i)',
    'SELECT i FROM t, unnest([1, 2]) r(i)',
    'SELECT i FROM generate_series(1, 3) r(i)',
    'SELECT v FROM (VALUES (1), (2)) x(v), t',
    'VALUES (1), (2)',
    'SELECT age(ts, $start) AS x FROM t',
    'SELECT user FROM t',
    'SELECT e.current_date FROM t AS e',
    'SELECT a AS t FROM t ORDER BY t',
    'SELECT list_transform([1], lambda t: t + 1) AS l FROM t',
    "SELECT a::DATE, EXTRACT(year FROM ts) AS y, ts AT TIME ZONE 'UTC' AS z FROM t",
    '-- now()\nSELECT a /* * */ FROM t;',
    'SELECT no_such_function(a) FROM t',
  ])('%s', async (sql) => {
    expect(await problemsOf(sql)).toEqual([])
  })
})

describe('refuses', () => {
  it.each([
    ['', /there is no statement/],
    ['-- only this', /there is no statement/],
    ['SELECT a FROM t; SELECT b FROM t', /more than one statement/],
    ['selec a', /syntax error at or near "selec"/],
    ['INSERT INTO t VALUES (1)', /INSERT is not a SELECT/],
    ["/* x */ COPY t TO 'x.csv'", /COPY is not a SELECT/],
    ["ATTACH 'x.db'", /ATTACH is not/],
    ['SET threads = 3', /SET is not/],
    ['PRAGMA version', /PRAGMA is not/],
    ['CREATE TABLE x AS SELECT 1', /CREATE is not/],
    ['PIVOT t ON a USING sum(b)', /PIVOT is not/],
    ['EXPLAIN SELECT 1', /EXPLAIN is not/],
    ['SELECT * FROM t', /^\* takes whatever/],
    ['FROM t', /^\* takes whatever/],
    ['TABLE t', /^\* takes whatever/],
    ['SELECT * EXCLUDE (a) FROM t', /^\* takes/],
    ['SELECT x.* FROM t x', /^x\.\* takes/],
    ['SELECT COLUMNS(*) FROM t', /^COLUMNS\(…\) takes/],
    ["SELECT max(COLUMNS('a.*')) FROM t", /^COLUMNS/],
    ['SELECT coalesce(*COLUMNS(*)) FROM t', /^COLUMNS/],
    ['SELECT a FROM (SELECT * FROM t)', /^\* takes/],
    ['WITH x AS (FROM t) SELECT a FROM x', /^\* takes/],
    ['SELECT #1 FROM t', /^#1 depends/],
    ['SELECT t FROM t', /^t is a whole row/],
    ['SELECT to_json(x) FROM t x', /^x is a whole row/],
    ['SELECT now() FROM t', /^now\(\) reads the clock/],
    ['SELECT pg_catalog.now() FROM t', /^now\(\) reads/],
    ['SELECT current_date FROM t', /^current_date reads the clock/],
    ['SELECT a FROM t WHERE ts > CURRENT_TIMESTAMP', /^current_timestamp reads/],
    ['SELECT session_user FROM t', /^session_user says who/],
    ['SELECT age(ts) FROM t', /^age\(\) with one argument/],
    ['SELECT a FROM t ORDER BY random()', /^random\(\) is random/],
    ['SELECT a FROM t WHERE a IN (SELECT uuid()::INT FROM u)', /^uuid\(\) is random/],
    ["SELECT list_aggregate([a], 'reservoir_quantile', 0.5) FROM t", /^reservoir_quantile is random/],
    ["SELECT getvariable('x') FROM t", /^getvariable\(\) depends/],
    ['SELECT rowid FROM t', /^rowid is/],
    ['SELECT a FROM t USING SAMPLE 10', /^a sample is random/],
    ['SELECT a FROM t TABLESAMPLE 10%', /^a sample is random/],
    ['SELECT a FROM (SELECT a FROM t USING SAMPLE reservoir(10 ROWS) REPEATABLE (3))', /^a sample/],
    ['SELECT a FROM t LIMIT 3', /^LIMIT without ORDER BY/],
    ['SELECT a FROM t LIMIT 3%', /^LIMIT without ORDER BY/],
    ['SELECT a FROM t OFFSET 3', /^OFFSET without ORDER BY/],
    ['SELECT a FROM (SELECT a FROM t LIMIT 3) ORDER BY a', /^LIMIT without/],
    ['SELECT a FROM t WHERE a IN (SELECT a FROM u LIMIT 1) ORDER BY a', /^LIMIT without/],
    ['SELECT a FROM t UNION SELECT a FROM u LIMIT 1', /^LIMIT without/],
    ['SELECT DISTINCT ON (a) a, b FROM t', /^DISTINCT ON without/],
    ['SELECT a FROM t POSITIONAL JOIN u', /^a positional join/],
    ['SELECT a FROM t NATURAL JOIN u', /^a natural join/],
    ['SELECT row_number() OVER () FROM t', /^row_number\(\) OVER without/],
    ['SELECT lag(a) OVER (PARTITION BY b) FROM t', /^lag\(\) OVER without/],
    ['SELECT sum(a) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t', /^sum\(\) OVER without/],
    ["SELECT a FROM 'x.parquet'", /^table x.parquet is a file/],
    ["SELECT a FROM read_csv('x.csv')", /^read_csv\(\) reads files/],
    ['SELECT a FROM duckdb_tables()', /^duckdb_tables\(\) reads the catalogue/],
    ["SELECT a FROM query('SELECT 1')", /^query\(\) runs SQL/],
    ["SELECT a FROM query_table('t')", /^query_table\(\) runs SQL/],
    ['SELECT a FROM other', /^table other is not a declared input/],
    ['SELECT a FROM main.t', /^table main.t names a schema/],
    ['SELECT a FROM information_schema.tables', /names a schema/],
    ['SELECT a FROM x, (WITH x AS (SELECT 1) SELECT a FROM x)', /^table x is not/],
    ['SELECT a FROM t WHERE a = $other', /^parameter \$other has no value/],
    ['SELECT a FROM t WHERE a = ?', /^parameter \? has no value/],
    ['SELECT a FROM t WHERE a = $1', /^parameter \$1 has no value/],
    ['SHOW TABLES', /^SHOW and DESCRIBE/],
    ['DESCRIBE t', /^SHOW and DESCRIBE/],
    ['SELECT c FROM t PIVOT (sum(b) FOR a IN (1, 2) GROUP BY c)', /^PIVOT takes/],
    ['SELECT n FROM (UNPIVOT t ON a, b INTO NAME n VALUE v)', /^UNPIVOT takes/],
  ])('%s', async (sql, message) => {
    const found = await problemsOf(sql)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
  })
})

it('lists every problem, in the order of the text', async () => {
  const found = await problemsOf('SELECT *, now(), random() FROM t, v WHERE a = $x LIMIT 1')
  expect(found.map((message) => message.split(' ')[0])).toEqual(['*', 'now()', 'random()', 'table', 'parameter', 'LIMIT'])
})

it.each([
  ["SELECT 'é😀' AS x,\n  now() AS y FROM t", 'now()'],
  ["SELECT '$x', /* $x */ $x FROM t -- $x", '$x FROM'],
  ["SELECT 'é😀' FROM t GROUP BY )", ')'],
])('gives the place in code units: %s', async (sql, text) => {
  const { problems } = await inspectSql(connection, sql, { inputs: ['t'] })
  expect(problems[0]?.offset).toBe(sql.indexOf(text))
})

describe('a column that is named like a keyword', () => {
  const keywords = ['at', 'order', 'Desc', 'case', 'left', 'end']
  const inspect = (sql: string, known = keywords) => inspectSql(connection, sql, { inputs: ['t'], columns: known })

  it.each([
    ['SELECT at FROM t', 'at'],
    ['SELECT max(at) AS x FROM t', 'at'],
    ['SELECT count(*) FILTER (WHERE at >= $start) AS n FROM t', 'at'],
    ["SELECT date_trunc('day', at) AS d FROM t", 'at'],
    ['SELECT at::DATE AS d FROM t', 'at'],
    ['SELECT a FROM t ORDER BY at', 'at'],
    ['SELECT AT + a AS x FROM t', 'AT'],
    ['SELECT "at", case FROM t', 'case'],
    ['SELECT order, sum(a) FROM t GROUP BY order', 'order'],
    ["SELECT 'é😀', -- at\n desc, a FROM t", 'desc'],
    ['SELECT a FROM t WHERE a > 3 AND end < 4', 'end'],
    ['SELECT left FROM t', 'left'],
    ['SELECT at, end FROM t', 'at'],
  ])('%s', async (sql, word) => {
    const [problem, ...more] = (await inspect(sql)).problems
    const column = keywords.find((name) => name.toLowerCase() === word.toLowerCase())
    expect(more).toEqual([])
    expect(problem).toMatchObject({ found: word, allowed: `"${column}"`, offset: sql.search(new RegExp(`\\b${word}\\b`)) })
    expect(problem?.message).toBe(`${word} is a keyword of SQL, so the column '${column}' cannot stand here without quotes`)
  })

  it.each([
    // Quoted, it does not parse either; or nobody has such a column; or the word is right where it stands.
    ['SELECT a b c at FROM t', keywords],
    ['SELECT at FROM t', ['a']],
    ['SELECT a FROM t ORDER BY )', ['order', 'by']],
    ['selec a FROM t', keywords],
  ])('leaves other errors as they are: %s', async (sql, known) => {
    const { problems } = await inspect(sql, known)
    expect(problems.map(({ message }) => message)).toEqual([expect.stringMatching(/^syntax error at or near/)])
  })
})

it('reports an input that is never read, also one that a CTE hides', async () => {
  const { problems, tables } = await inspectSql(connection, 'WITH U AS (SELECT a FROM T) SELECT a FROM u', { inputs: ['t', 'u'] })
  expect(problems.map(({ message }) => message)).toEqual(['input u is declared but the SQL never reads it'])
  expect(tables).toEqual(['t'])
})

it('tells what the SQL uses and what may depend on the order of rows', async () => {
  const sql = 'SELECT a, list(b ORDER BY ts) AS l, COUNT(*) AS n, lag(a) OVER (ORDER BY a) AS p FROM t GROUP BY a ORDER BY upper(a) LIMIT 3'
  const { functions, orderSensitive, problems } = await inspectSql(connection, sql, { inputs: ['t'] })
  expect(problems).toEqual([])
  expect(functions).toEqual(['count_star', 'lag', 'list', 'upper'])
  expect(orderSensitive).toEqual(['lag', 'limit', 'list'])
})

it('takes a bare user for the column only where there is one', async () => {
  const { problems } = await inspectSql(connection, 'SELECT user FROM t', { inputs: ['t'] })
  expect(problems.map(({ allowed }) => allowed)).toEqual(['$start and $end, or the column with its table: t.user'])
})
