import { afterAll, describe, expect, it, test } from 'vitest'
import { csvNames } from '../../../lib/engine/decode.ts'
import { literal } from '../../../lib/engine/quote.ts'
import { strictCast } from '../../../lib/engine/strict-cast.ts'
import { openTestEngine } from '../../support/house.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

/** The value as text, NULL where the cast refuses it. */
async function cast(text: string, type: string): Promise<string | null> {
  const [row] = await engine.engine.session('UTC', (session) =>
    session.rows(`SELECT (${strictCast('v', type)})::VARCHAR AS v FROM (VALUES (${literal(text)})) AS t(v)`),
  )
  return row?.v === null || row?.v === undefined ? null : String(row.v)
}

describe('a cast never changes what a value says', () => {
  it.each([
    ['BIGINT', '5', '5'],
    ['BIGINT', '3.7', null],
    ['BIGINT', '1e3', null],
    ['DECIMAL(10,2)', '1.55', '1.55'],
    ['DECIMAL(10,2)', '-1.5', '-1.50'],
    ['DECIMAL(10,2)', '1.5500', '1.55'],
    ['DECIMAL(10,2)', '.5', '0.50'],
    ['DECIMAL(10,2)', '1.555', null],
    ['DECIMAL(10,2)', '123456789.00', null],
    ['DECIMAL(10,5)', '1e-5', '0.00001'],
    ['DECIMAL(10,4)', '1e-5', null],
    ['DECIMAL(38,10)', '1.5', '1.5000000000'],
    ['DECIMAL(38,10)', '1.5e-11', null],
    ['DECIMAL(5,0)', '12', '12'],
    ['DECIMAL(5,0)', '12.5', null],
    ['DECIMAL(5,0)', '.', null],
    ['DATE', '2024-01-02', '2024-01-02'],
    ['DATE', '2024-01-02 00:00:00', '2024-01-02'],
    ['DATE', '2024-01-02T23:59:59', null],
    ['DATE', '2024-01-02T00:00:00Z', null],
    ['DATE', '2024-02-30', null],
    ['BIGINT[]', '[1,null,3]', '[1, NULL, 3]'],
    ['BIGINT[]', '[]', '[]'],
    ['BIGINT[]', '[1,"x"]', null],
    ['BIGINT[]', '[1,1.5]', null],
    ['BIGINT[]', '[99999999999999999999]', null],
    ['BIGINT[]', '{"a":1}', null],
    ['BIGINT[]', '5', null],
    ['BIGINT[]', 'null', null],
    ['BIGINT[2]', '[1,2]', '[1, 2]'],
    ['BIGINT[2]', '[1,2,3]', null],
    ['DECIMAL(10,2)[]', '[1.25, 2]', '[1.25, 2.00]'],
    ['DECIMAL(10,2)[]', '["q"]', null],
    ['DATE[][]', '[["2024-01-02"],[]]', '[[2024-01-02], []]'],
    ['DATE[][]', '[["2024-01-02"],["no"]]', null],
    ['STRUCT(a BIGINT, "b c" DATE)', '{"a":1,"b c":"2024-01-02","more":true}', "{'a': 1, 'b c': 2024-01-02}"],
    ['STRUCT(a BIGINT, b DATE)', '{"a":1}', "{'a': 1, 'b': NULL}"],
    ['STRUCT(a BIGINT, b DATE)', '{"a":"oops"}', null],
    ['STRUCT(a BIGINT, b DATE)', '{"a":1.5,"b":"2024-01-02"}', null],
    ['STRUCT(a BIGINT, b DATE)', '{"a":1,"b":"nodate"}', null],
    ['STRUCT(l STRUCT(x DOUBLE)[])', '{"l":[{"x":1.5},{"x":null},null]}', "{'l': [{'x': 1.5}, {'x': NULL}, NULL]}"],
    ['STRUCT(l STRUCT(x DOUBLE)[])', '{"l":[{"x":"y"}]}', null],
    ['MAP(VARCHAR, BIGINT)', '{"a":1,"b":null}', '{a=1, b=NULL}'],
    ['MAP(VARCHAR, BIGINT)', '{"a":1.5}', null],
    ['MAP(BIGINT, VARCHAR)', '{"x":"y"}', null],
    ['VARCHAR[]', '["a",1,{"b":2}]', '[a, 1, \'{"b":2}\']'],
    ['VARCHAR[]', 'not json', null],
  ] as const)('%s of %s is %s', async (type, text, expected) => {
    expect(await cast(text, type)).toBe(expected)
  })
})

test('names of a header are read with the quotes and the delimiter of the rest', () => {
  const names = (line: string, quote = '"', delimiter = ',') => csvNames(line, { delimiter, quote })
  expect(names('\uFEFFa, b ,"c"')).toEqual(['a', 'b', 'c'])
  expect(names("t;k;'d'", "'", ';')).toEqual(['t', 'k', 'd'])
  expect(names('"t";"odd;name";"k"', '"', ';')).toEqual(['t', 'odd;name', 'k'])
  expect(names('"a ""b""",c,,"", "d e" ')).toEqual(['a "b"', 'c', '', '', 'd e'])
  expect(names('it\'s,5" disk')).toEqual(["it's", '5" disk'])
  expect(names('')).toEqual([''])
})
