import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { findNaiveZonedMix } from '../../../lib/engine/zone-check.ts'

const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run("SET TimeZone = 'America/New_York'")
await connection.run(`CREATE TABLE t (a INT, b INT, ts TIMESTAMPTZ, n TIMESTAMP, d DATE, s VARCHAR, l TIMESTAMP[], st STRUCT(x TIMESTAMP, y TIMESTAMPTZ), m MAP(VARCHAR, TIMESTAMP), sec TIMESTAMP_S);
  CREATE TABLE u (a INT, ts TIMESTAMPTZ, n TIMESTAMP, l TIMESTAMPTZ[]); CREATE TABLE w (n TIMESTAMPTZ)`)

describe('refuses', () => {
  it.each([
    'SELECT a FROM t WHERE ts >= n',
    'SELECT a FROM t WHERE n >= ts',
    'SELECT a FROM t WHERE n >= $start',
    'SELECT a FROM t WHERE n BETWEEN $start AND $end',
    'SELECT a FROM t WHERE sec::TIMESTAMPTZ >= $start',
    "SELECT a FROM t WHERE ts >= TIMESTAMP '2001-01-01'",
    'SELECT a FROM t WHERE ts BETWEEN n AND ts',
    'SELECT a FROM t WHERE ts IN (n, ts)',
    'SELECT a FROM t WHERE ts IN (SELECT n FROM u)',
    'SELECT a FROM t WHERE ts > (SELECT max(n) FROM u)',
    'SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.ts > t.n)',
    'SELECT coalesce(ts, n) FROM t',
    'SELECT CASE WHEN a > 1 THEN ts ELSE n END FROM t',
    'SELECT CASE ts WHEN n THEN 1 END FROM t',
    'SELECT nullif(ts, n) FROM t',
    'SELECT ts FROM t UNION ALL SELECT n FROM u',
    'SELECT n FROM t EXCEPT SELECT ts FROM u',
    'WITH RECURSIVE x AS (SELECT ts FROM t UNION ALL SELECT n FROM u, x) SELECT ts FROM x',
    'SELECT t.a FROM t JOIN u ON t.ts = u.n',
    'SELECT t.a FROM t LEFT JOIN u ON t.a = u.a AND t.n < u.ts',
    'SELECT t.a FROM t ASOF JOIN u ON t.ts >= u.n',
    'SELECT t.a FROM t JOIN w USING (n)',
    'SELECT greatest(ts, n) FROM t',
    "SELECT date_diff('day', ts, n) FROM t",
    'SELECT ts - n FROM t',
    'SELECT count(*) FILTER (WHERE ts > n) FROM t',
    'SELECT lag(ts, 1, n) OVER (ORDER BY a) FROM t',
    'SELECT a FROM t ORDER BY coalesce(n, ts)',
    'SELECT sum(a) FROM t GROUP BY coalesce(n, ts)',
    'SELECT sum(a) FROM t GROUP BY b HAVING max(n) > min(ts)',
    'SELECT [ts, n] FROM t',
    'SELECT t.a FROM t JOIN u ON t.l = u.l',
    'SELECT list_contains(l, ts) FROM t',
    'SELECT list_filter(l, lambda x: x > $start) FROM t',
    "SELECT m['k'] = ts FROM t",
    'SELECT st = {x: ts, y: ts} FROM t',
    'SELECT a FROM t WHERE (ts, a) > (n, a)',
    'SELECT n::TIMESTAMPTZ FROM t',
    'SELECT try_cast(n AS TIMESTAMPTZ) FROM t',
    "SELECT a FROM t WHERE ts > strptime(s, '%Y')",
    'SELECT a FROM t WHERE ts > d + INTERVAL 1 DAY',
    "SELECT a FROM t WHERE date_trunc('day', ts) = date_trunc('day', d)",
    'SELECT a FROM t WHERE $end::DATE - INTERVAL 3 DAY <= ts',
    "SELECT a FROM (VALUES (TIMESTAMP '2001-01-01'), (TIMESTAMPTZ '2001-01-01')) v(a)",
  ])('%s', async (sql) => {
    const [problem] = await findNaiveZonedMix(connection, sql)
    expect(problem?.message).toMatch(/is a naive TIMESTAMP and meets a time with a zone/)
  })
})

describe('allows', () => {
  it.each([
    'SELECT a FROM t WHERE ts >= $start AND ts < $end',
    "SELECT a FROM t WHERE ts >= '2001-01-01'",
    "SELECT a FROM t WHERE ts >= DATE '2001-01-01'",
    "SELECT a FROM t WHERE ts >= TIMESTAMPTZ '2001-01-01 00:00:00'",
    'SELECT a FROM t WHERE ts >= d',
    'SELECT a FROM t WHERE ts BETWEEN d AND $end',
    'SELECT ts::DATE, ts::TIMESTAMP, $start::DATE FROM t',
    'SELECT a FROM t WHERE ts::TIMESTAMP > n',
    'SELECT a FROM t WHERE ts::DATE > d',
    'SELECT a FROM t WHERE n > d',
    "SELECT a FROM t WHERE n > '2001-01-01'",
    "SELECT a FROM t WHERE n AT TIME ZONE 'UTC' > ts",
    "SELECT a FROM t WHERE ts AT TIME ZONE 'UTC' > n",
    'SELECT a FROM t WHERE ts > $end - INTERVAL 3 DAY',
    'SELECT a FROM t WHERE ts > (d + INTERVAL 1 DAY)::DATE',
    "SELECT date_trunc('day', ts), date_trunc('day', $start), date_diff('day', ts, $end) FROM t",
    "SELECT strftime(ts, '%H'), extract(hour FROM ts), ts::VARCHAR FROM t",
    'SELECT a FROM t ORDER BY ts, n',
    'SELECT t.a FROM t JOIN u USING (n)',
    'SELECT max(ts), max(n) FROM t',
    'SELECT s::TIMESTAMPTZ FROM t',
    'SELECT st.y > ts FROM t',
    'SELECT NULL::TIMESTAMPTZ, coalesce(ts, NULL) FROM t',
    'SELECT to_timestamp(a) < ts FROM t',
    'SELECT list_contains(u.l, $start) FROM u',
    'SELECT x FROM range($start, $end, INTERVAL 1 DAY) r(x)',
  ])('%s', async (sql) => {
    expect(await findNaiveZonedMix(connection, sql)).toEqual([])
  })
})

it.each([
  ["SELECT 'é', $start\nFROM t WHERE $end > n AND n < $start", [/^n is/, /^n is/], ['n AND', 'n < ']],
  ["SELECT ts > TIMESTAMP '2001-01-01' FROM t", [/^'2001-01-01' is/], ["'2001"]],
])('names the expression and its place: %s', async (sql, messages, texts) => {
  const problems = await findNaiveZonedMix(connection, sql)
  expect(problems.map(({ message }, index) => messages[index]?.test(message))).toEqual(messages.map(() => true))
  expect(problems.map(({ offset }) => offset)).toEqual(texts.map((text) => sql.indexOf(text)))
})

it.each([
  ['SELECT n > ts FROM t', /^n AT TIME ZONE/],
  ["SELECT ts > TIMESTAMP '2001-01-01' FROM t", /^TIMESTAMPTZ '…'/],
  ['SELECT ts > d + INTERVAL 1 DAY FROM t', /::DATE/],
])('says what to write: %s', async (sql, allowed) => {
  const [problem] = await findNaiveZonedMix(connection, sql)
  expect(problem?.allowed).toMatch(allowed)
})

it.each(['SELECT ts::TIMETZ FROM t', "SELECT TIMETZ '12:00' FROM t", 'SELECT s::TIMETZ::VARCHAR FROM t'])(
  'refuses a time of day with a zone: %s',
  async (sql) => {
    const problems = await findNaiveZonedMix(connection, sql)
    expect(problems.map(({ message }) => message).join()).toMatch(/time of day with a zone/)
  },
)

it('gives the binder its word', async () => {
  const sql = 'SELECT $start, zz FROM t'
  expect(await findNaiveZonedMix(connection, sql)).toMatchObject([
    { message: expect.stringContaining('"zz" not found'), offset: sql.indexOf('zz') },
  ])
})
