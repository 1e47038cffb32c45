import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { canonicalSql, sqlTokens } from '../../../lib/model/sql-tokens.ts'

describe('sqlTokens', () => {
  it.each([
    ['SELECT a -- c\n, "B c" /* x /* nested */ y */ FROM t ;', ['SELECT', 'a', ',', '"B c"', 'FROM', 't']],
    ["'it''s' E'a\\'b' x'41' n'd'", ["'it''s'", "E'a\\'b'", "x'41'", "n'd'"]],
    ["$$a'b -- no$$ $t$ $$ $t$ $start $1 ?", ["$$a'b -- no$$", '$t$ $$ $t$', '$start', '$1', '?']],
    ['1e5 1_000 .5 1. 1.5e-3 0x1F', ['1e5', '1_000', '.5', '1.', '1.5e-3', '0', 'x1F']],
    [
      'a>=-1 a<>-1 a||b x::int y:=2 a->>b a!=-1 2**3 7//2',
      'a >= - 1 a <> - 1 a || b x :: int y := 2 a ->> b a !=- 1 2 ** 3 7 // 2'.split(' '),
    ],
    ['a+/* c */b-- end', ['a', '+', 'b']],
    ["'a'\n  -- c\n 'b'", ["'ab'"]],
    ["'a' 'b'", ["'a'", "'b'"]],
    ['1\u00a0+é$1 "a""b"', ['1', '+', 'é$1', '"a""b"']],
    ['[1,2][1:-1] {a:1}', ['[', '1', ',', '2', ']', '[', '1', ':', '-', '1', ']', '{', 'a', ':', '1', '}']],
    [' ; ;', []],
  ])('%s', (sql, tokens) => expect(sqlTokens(sql)).toEqual(tokens))

  it.each([
    ["SELECT\n 'a", 'a string is not closed', 2],
    ['SELECT /* /* */', 'a comment is not closed', 1],
    ['\n\n"a', 'a quoted name is not closed', 3],
    ['$a$ x $$', 'a dollar quote is not closed', 1],
  ])('%j is refused with its line', (sql, message, line) => {
    expect(() => sqlTokens(sql)).toThrow(expect.objectContaining({ message, details: { line } }))
  })
})

describe('canonicalSql', () => {
  it.each([
    'SELECT 1--2\n+ 3',
    "SELECT 'a'\n'b', E'x\\'y'\n'\\'z', $q$ 'a' $q$, x'41'",
    "SELECT 1>=-1,1<>-1, 2**3, 7//2, 'x'like'x', 5-(-2), -- c\r 4",
    'SELECT [1,2,3][1:-1], {\'a\':1}.a, [x*2 for x in [1,2]], "a""b" FROM (SELECT 1 AS "a""b")',
    'SELECT 1.e3, .5, 1_0.5_0, 1e1_0, /* a /* b */ c */ 2*/**/3;',
    "SELECT list_transform([1], lambda x: x+1), 1::VARCHAR||'a', a$b, é FROM (SELECT 1 AS a$b, 2 AS é)",
  ])('the engine gives the same for %j', async (sql) => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const rows = async (text: string) => JSON.stringify((await connection.runAndReadAll(text)).getRowsJson())
    expect(await rows(canonicalSql(sql))).toBe(await rows(sql))
    connection.closeSync()
  })

  it('tells apart what differs, and letter case', () => {
    expect(canonicalSql("SELECT E'a'")).not.toBe(canonicalSql("SELECT E 'a'"))
    expect(canonicalSql('SELECT a')).not.toBe(canonicalSql('select a'))
    expect(canonicalSql("SELECT 'a  b'")).not.toBe(canonicalSql("SELECT 'a b'"))
  })
})
