/** Changes of outputs of every type that a feature table can have. */
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { changeOfOutput } from '../../../lib/engine/output-change.ts'
import type { ViewVersion } from '../../../lib/model/catalog.ts'
import { openTestEngine } from '../../support/house.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const TYPES = {
  id: 'BIGINT',
  place: 'VARCHAR',
  tiny: 'TINYINT',
  huge: 'HUGEINT',
  part: 'DOUBLE',
  money: 'DECIMAL(38,2)',
  seen: 'TIMESTAMP WITH TIME ZONE',
  day: 'DATE',
  flag: 'BOOLEAN',
  many: 'BIGINT[]',
  pair: 'STRUCT(a INTEGER, b VARCHAR)',
} as const
const VERSION: ViewVersion = {
  format: 1,
  view: 'v',
  version: '0123456789ab',
  sql: 'SELECT 1',
  entity: ['id', 'place'],
  grain: 'day',
  zone: 'America/New_York',
  warmUp: 'skip',
  inputs: [],
  schema: Object.entries(TYPES).map(([name, type]) => ({ name, type })),
}
let files = 0

/** An output file with these rows: `id, place, tiny, huge, part, money`; the other columns are the same in all. */
async function output(...rows: readonly string[]): Promise<string> {
  const file = join(engine.scratch, `${files++}.parquet`)
  const values = rows.map((row) => `(${row}, TIMESTAMP '2001-01-01', DATE '2001-01-01', true, [1::BIGINT], {'a': 1, 'b': 'x'})`).join(', ')
  const columns = Object.entries(TYPES).map(([name, type]) => {
    const stored = type === 'HUGEINT' ? 'BIGINT' : type.startsWith('TIMESTAMP') ? 'TIMESTAMP_MS' : type
    return `CAST(${name} AS ${stored}) AS ${name}`
  })
  const [id, place, ...others] = columns
  const select = [id, place, "TIMESTAMP_MS '2001-01-02' AS feature_time", ...others].join(', ')
  const where = rows.length === 0 ? 'WHERE false' : ''
  const from = rows.length === 0 ? '(VALUES (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL))' : `(VALUES ${values})`
  await engine.engine.session('UTC', (session) =>
    session.run(`COPY (SELECT ${select} FROM ${from} AS t(${Object.keys(TYPES).join(', ')}) ${where}) TO '${file}' (FORMAT parquet)`),
  )
  return file
}

const change = (before: string, after: string) => changeOfOutput(engine.engine, { version: VERSION, before, after })

it('counts entities, and names the largest relative change of a number', async () => {
  const before = await output("1, 'a', 1, 100, 1.5, 10", "1, 'b', 1, 100, 1.5, 10", "2, 'a', NULL, 100, NULL, 10", "3, 'a', 1, 1, 1, 1")
  const after = await output("1, 'a', 1, 100, 1.5, 10", "1, 'b', 2, 101, 1.5, 40", "2, 'a', 5, 100, 2, 10", "4, 'a', 1, 1, 1, 1")
  expect(await change(before, after)).toEqual({
    added: 1,
    removed: 1,
    changed: 2,
    largest: { entity: 'id=1,place=b', column: 'money', before: '10.00', after: '40.00' },
  })
})

it('between empty outputs and others, and from and to zero', async () => {
  const [none, one] = [await output(), await output("1, 'a', 0, 0, 0, 0")]
  expect(await change(none, one)).toEqual({ added: 1, removed: 0, changed: 0 })
  expect(await change(one, none)).toEqual({ added: 0, removed: 1, changed: 0 })
  expect(await change(none, none)).toEqual({ added: 0, removed: 0, changed: 0 })
  expect(await change(one, await output("1, 'a', 0, 9223372036854775807, -1e300, 0"))).toMatchObject({
    changed: 1,
    largest: { column: 'huge', before: '0', after: '9223372036854775807' },
  })
})
