import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { classifiedNames, classifyFunction, type FunctionPlace, KEYWORD_FUNCTIONS } from '../../../lib/engine/functions.ts'

const connection = await (await DuckDBInstance.create(':memory:')).connect()

async function engineNames(place: FunctionPlace): Promise<string[]> {
  const types = place === 'value' ? "'scalar', 'aggregate', 'macro'" : "'table', 'table_macro'"
  const reader = await connection.runAndReadAll(`SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN (${types})`)
  return reader.getRows().map(([name]) => String(name))
}

const matches = (pattern: string, name: string) =>
  /\w\*$/.test(pattern) ? name.toLowerCase().startsWith(pattern.slice(0, -1)) : name.toLowerCase() === pattern

describe.each(['value', 'table'] as const)('functions of the engine build as a %s', (place) => {
  it('are all classified', async () => {
    const names = await engineNames(place)
    expect(names.length).toBeGreaterThan(50)
    expect(names.filter((name) => classifyFunction(name, place, 2) === undefined)).toEqual([])
  })

  it('are all that is classified', async () => {
    const names = await engineNames(place)
    const gone = classifiedNames(place).filter((pattern) => !names.some((name) => matches(pattern, name)))
    expect(gone.filter((name) => !KEYWORD_FUNCTIONS.has(name))).toEqual([])
  })

  it('are classified once', () => {
    const names = classifiedNames(place)
    expect(new Set(names).size).toBe(names.length)
  })
})

it('knows only pragma functions that a SELECT cannot call', async () => {
  const types = await connection.runAndReadAll('SELECT DISTINCT function_type FROM duckdb_functions() ORDER BY 1')
  expect(types.getRows().flat()).toEqual(['aggregate', 'macro', 'pragma', 'scalar', 'table', 'table_macro'])
})

it.each([...KEYWORD_FUNCTIONS])('keyword %s calls a refused function', async (keyword) => {
  await connection.runAndReadAll(`SELECT ${keyword}`)
  expect(classifyFunction(keyword, 'value', 0)?.kind).toBe('refused')
})

it.each([
  ['now', 'value', 0, 'refused'],
  ['NOW', 'value', 0, 'refused'],
  ['age', 'value', 1, 'refused'],
  ['age', 'value', 2, 'pure'],
  ['random', 'value', 0, 'refused'],
  ['hash', 'value', 1, 'refused'],
  ['version', 'value', 0, 'refused'],
  ['__internal_decompress_string', 'value', 1, 'refused'],
  ['error', 'value', 1, 'pure'],
  ['uuid_extract_timestamp', 'value', 1, 'pure'],
  ['date_trunc', 'value', 2, 'pure'],
  ['**', 'value', 2, 'pure'],
  ['count', 'value', 1, 'pure'],
  ['sum', 'value', 1, 'order'],
  ['any_value', 'value', 1, 'order'],
  ['histogram', 'value', 1, 'pure'],
  ['histogram', 'table', 2, 'refused'],
  ['range', 'table', 2, 'pure'],
  ['read_csv', 'table', 1, 'refused'],
  ['duckdb_settings', 'table', 0, 'refused'],
  ['query', 'table', 1, 'refused'],
] as const)('%s as a %s with %i arguments is %s', (name, place, count, kind) => {
  expect(classifyFunction(name, place, count)?.kind).toBe(kind)
})

it('does not know a name that the engine does not have', () => {
  expect(classifyFunction('no_such_function', 'value', 1)).toBeUndefined()
})
