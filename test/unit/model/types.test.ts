import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { parseEngineType, renderEngineType } from '../../../lib/model/engine-type.ts'
import { bridgeType, renderStoreCast } from '../../../lib/model/types.ts'

async function values(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(sql)).getRowsJson()
  connection.closeSync()
  return rows.flat()
}

describe('parseEngineType', () => {
  it.each([
    ['int', 'INTEGER'],
    ['timestamptz', 'TIMESTAMP WITH TIME ZONE'],
    ['timestamp with time zone[]', 'TIMESTAMP WITH TIME ZONE[]'],
    ['timestamp without time zone', 'TIMESTAMP'],
    ['numeric', 'DECIMAL(18,3)'],
    ['decimal(9)', 'DECIMAL(9,0)'],
    ['varchar(10)', 'VARCHAR'],
    ['double precision', 'DOUBLE'],
    ['FLOAT[3][]', 'FLOAT[3][]'],
    ['STRUCT("a ""b" INTEGER, c INTEGER[], date DATE)', 'STRUCT("a ""b" INTEGER, "c" INTEGER[], "date" DATE)'],
    ['STRUCT(INTEGER, STRUCT(a INT)[])', 'STRUCT(INTEGER, STRUCT("a" INTEGER)[])'],
    ['MAP(VARCHAR, STRUCT(a TIMESTAMP WITH TIME ZONE))', 'MAP(VARCHAR, STRUCT("a" TIMESTAMP WITH TIME ZONE))'],
    ["ENUM('x', 'it''s')", "ENUM('x', 'it''s')"],
    ['UNION(num INTEGER, str VARCHAR)', 'UNION("num" INTEGER, "str" VARCHAR)'],
  ])('%s', (text, rendered) => {
    expect(renderEngineType(parseEngineType(text))).toBe(rendered)
    expect(renderEngineType(parseEngineType(rendered))).toBe(rendered)
  })

  it('reads what the engine writes', async () => {
    const sql = `SELECT typeof(x) FROM (SELECT unnest([1]) x) UNION ALL SELECT unnest([typeof({'a b': [1], 'c': now()}), typeof(map{'a': 1.5}),
      typeof([[1.5]::FLOAT[1]]), typeof('a'::ENUM('a', 'b')), typeof(1::HUGEINT), typeof(TIME '1:2:3'), typeof('{}'::JSON)])`
    for (const text of await values(sql)) {
      const rendered = renderEngineType(parseEngineType(String(text)))
      expect(await values(`SELECT typeof(NULL::${rendered}) = typeof(NULL::${text})`)).toEqual([true])
    }
  })

  it.each(['', 'INTEGR', 'DECIMAL(40,1)', 'DECIMAL(3,4)', 'STRUCT(a)', 'INTEGER[', 'INTEGER x', 'MAP(INTEGER)', 'ENUM(1)', "'a"])(
    '%j is refused',
    (text) => {
      expect(() => parseEngineType(text)).toThrow(expect.objectContaining({ name: 'InvalidInputError' }))
    },
  )
})

describe('bridgeType', () => {
  it.each([
    ['BIGINT', 'bigint', undefined],
    ['INTEGER', 'int', undefined],
    ['JSON', 'string', undefined],
    ["ENUM('a')", 'string', undefined],
    ['DECIMAL(38,0)', 'decimal(38,0)', undefined],
    ['HUGEINT', 'bigint', 'bigint'],
    ['TIMESTAMP', 'timestamp', 'floor_us'],
    ['TIMESTAMPTZ', 'timestamp', 'floor_us'],
    ['TIMESTAMP_NS', 'timestamp', 'floor_ns'],
    ['FLOAT[3]', 'array<float>', undefined],
    ['STRUCT(a INTEGER, b VARCHAR[])', 'struct<a:int,b:array<string>>', undefined],
    ['MAP(VARCHAR, STRUCT(x DECIMAL(9,2))[])', 'map<string,array<struct<x:decimal(9,2)>>>', undefined],
  ])('%s is %s', (type, glue, storeAs) => {
    expect(bridgeType(type)).toEqual({ kind: 'held', engine: renderEngineType(parseEngineType(type)), glue, ...(storeAs && { storeAs }) })
  })

  const refused = [
    ['UTINYINT', 'SMALLINT'],
    ['UINTEGER', 'BIGINT'],
    ['UBIGINT', 'DECIMAL(20,0)'],
    ['UHUGEINT', 'DECIMAL(38,0)'],
    ['UUID', 'VARCHAR'],
    ['TIME', 'VARCHAR'],
    ['TIMETZ', 'VARCHAR'],
    ['INTERVAL', 'VARCHAR'],
    ['BIT', 'VARCHAR'],
    ['BIGNUM', 'VARCHAR'],
    ['UNION(a INTEGER)', 'VARCHAR'],
    ['HUGEINT[]', 'BIGINT[]'],
    ['TIMESTAMP[2]', 'VARCHAR[2]'],
    ['MAP(UUID, UINTEGER)', 'MAP(VARCHAR, BIGINT)'],
    ['STRUCT(a UINTEGER, b HUGEINT[])', 'STRUCT("a" BIGINT, "b" BIGINT[])'],
    ['STRUCT(INTEGER, VARCHAR)', 'STRUCT("f1" INTEGER, "f2" VARCHAR)'],
  ] as const

  it.each(refused)('%s is refused, and the engine can cast it to %s, which is held', async (type, cast) => {
    expect(bridgeType(type)).toMatchObject({ kind: 'refused', cast })
    expect(bridgeType(cast).kind).toBe('held')
    const from = type === 'STRUCT(INTEGER, VARCHAR)' ? "row(1, 'a')" : `NULL::${type}`
    expect(await values(`SELECT typeof(CAST(${from} AS ${cast}))`)).toHaveLength(1)
  })

  it('says how to rename a field that Glue cannot name', () => {
    expect(bridgeType('STRUCT("A b" INTEGER)')).toMatchObject({ reason: expect.stringContaining('struct_pack') })
  })
})

describe('renderStoreCast', () => {
  it.each([
    ['TIMESTAMP', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999'],
    ['TIMESTAMP', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999'],
    ['TIMESTAMP', '1970-01-01 00:00:00', '1970-01-01 00:00:00'],
    ['TIMESTAMP', '2001-12-31 23:59:59.999999', '2001-12-31 23:59:59.999'],
    ['TIMESTAMP', '0001-01-01 00:00:00.001999', '0001-01-01 00:00:00.001'],
    ['TIMESTAMP_NS', '1969-12-31 23:59:59.999999999', '1969-12-31 23:59:59.999'],
    ['TIMESTAMP_NS', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999'],
    ['TIMESTAMP_NS', '2001-01-01 00:00:00.123999999', '2001-01-01 00:00:00.123'],
    ['TIMESTAMP_MS', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999'],
    ['TIMESTAMP_S', '1969-12-31 23:59:59', '1969-12-31 23:59:59'],
    ['TIMESTAMPTZ', '2001-04-01 01:59:59.999999+00', '2001-04-01 01:59:59.999'],
    ['TIMESTAMPTZ', '1969-12-31 23:59:59.9999-05', '1970-01-01 04:59:59.999'],
    ['HUGEINT', '9223372036854775807', '9223372036854775807'],
    ['VARCHAR', 'a', 'a'],
    ...['TIMESTAMP', 'TIMESTAMPTZ', 'TIMESTAMP_NS', 'TIMESTAMP_MS', 'TIMESTAMP_S'].flatMap((type) => [
      [type, 'infinity', null] as const,
      [type, '-infinity', null] as const,
    ]),
  ] as const)('%s %s is stored as %s', async (type, value, stored) => {
    const sql = renderStoreCast('"x y"', type)
    expect(await values(`SELECT CAST(${sql} AS VARCHAR) FROM (SELECT CAST('${value}' AS ${type}) AS "x y")`)).toEqual([stored])
  })

  it('does not depend on the zone of the session', async () => {
    const sql = `SELECT ${renderStoreCast('t', 'TIMESTAMPTZ')}::VARCHAR FROM (SELECT TIMESTAMPTZ '2001-04-01 07:00:00.0009Z' AS t)`
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run("SET TimeZone = 'America/New_York'")
    expect((await connection.runAndReadAll(sql)).getRowsJson()).toEqual([['2001-04-01 07:00:00']])
    connection.closeSync()
  })

  it('does not wrap a number that does not fit', async () => {
    await expect(values(`SELECT ${renderStoreCast('x', 'HUGEINT')} FROM (SELECT 9223372036854775808::HUGEINT AS x)`)).rejects.toThrow(
      'out of range',
    )
  })
})
