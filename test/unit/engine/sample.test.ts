import { mkdtempSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { sqlOf } from '../../../lib/cli/init-from/names.ts'
import { sniffCsv } from '../../../lib/engine/csv-dialect.ts'
import { Engine, type Session } from '../../../lib/engine/engine.ts'
import { mergeFields } from '../../../lib/engine/merge-fields.ts'
import { parseSelect } from '../../../lib/engine/parse-tree.ts'
import { identifier, literal } from '../../../lib/engine/quote.ts'
import { csvFields, jsonFields, parquetFields } from '../../../lib/engine/sample-fields.ts'
import { reservedWords, SampleTable } from '../../../lib/engine/sample-rows.ts'
import { thinObject } from '../../../lib/engine/thin-object.ts'

const engine = new Engine({ scratch: mkdtempSync(join(tmpdir(), 'sample-')) })
afterAll(() => engine.close())

let files = 0
async function file(content: string | Uint8Array): Promise<string> {
  const path = join(engine.scratch, `${files++}.raw`)
  await writeFile(path, content)
  return path
}
const inSession = <T>(work: (session: Session) => Promise<T>) => engine.session('UTC', work)

describe('thinning', () => {
  const thin = async (text: string | Uint8Array, compression: 'none' | 'gzip', isCsv: boolean) => {
    const out = join(engine.scratch, `${files++}.lines`)
    const seen = await thinObject(await file(text), out, { key: 'x', compression, isCsv })
    return { seen, text: await readFile(out, 'utf8') }
  }

  it('keeps a short object as it is, packed or not, without a line break at its end too', async () => {
    for (const text of ['a,b\n1,2\n', 'a,b\n1,2', '', '\n']) {
      expect((await thin(text, 'none', true)).text).toBe(text)
      expect((await thin(gzipSync(text), 'gzip', false)).text).toBe(text)
    }
  })

  it('keeps lines that are spread evenly, and the header', async () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => String(at))
    const { seen, text } = await thin(`id\n${rows.join('\n')}\n`, 'none', true)
    const kept = text.trim().split('\n')
    expect(seen).toBe(100_001)
    expect(kept[0]).toBe('id')
    expect(kept.length).toBeGreaterThan(5000)
    expect(kept.length).toBeLessThan(10_001)
    const steps = kept.slice(2).map((id, at) => Number(id) - Number(kept[at + 1]))
    expect(new Set(steps).size).toBe(1)
    expect(Number(kept.at(-1))).toBeGreaterThan(99_900)
  })

  it('cuts no row of CSV inside its quotes', async () => {
    const rows = Array.from({ length: 50_000 }, (_, at) => `${at},"a\n""b"",\nc"`)
    const { text } = await thin(`id,note\n${rows.join('\n')}\n`, 'none', true)
    expect(text.replaceAll(/\d+,"a\n""b"",\nc"\n/g, '')).toBe('id,note\n')
  })

  it('refuses a packed object that is cut off', async () => {
    const packed = gzipSync(Array.from({ length: 10_000 }, (_, at) => `${at * 7919}`).join('\n'))
    await expect(thin(packed.subarray(0, 5000), 'gzip', false)).rejects.toThrow('x cannot be read as gzip')
  })
})

describe('fields', () => {
  it('of nested JSON, with what several objects have', async () => {
    const first = await file('{"id": 1, "user": {"id": "a", "tags": ["x"]}, "n": null, "big": 1}\nnot json\n[1]\n')
    const second = await file(
      '{"id": 2, "user": {"id": null, "A b": 1.5}, "user_id": 3, "n": "x", "big": 1.5, "list": [{"a": 1}], "empty": []}\n',
    )
    const found = await inSession(async (session) => [await jsonFields(session, first), await jsonFields(session, second)])
    const merged = mergeFields(found, 'json').map(({ name, path, type, present }) => [name, type, path, present.map(Number).join('')])
    expect(merged).toEqual([
      ['id', 'BIGINT', undefined, '11'],
      ['user_id_2', 'VARCHAR', '$.user.id', '11'],
      ['user_a_b', 'DOUBLE', '$.user."A b"', '01'],
      ['user_id', 'BIGINT', undefined, '01'],
      ['n', 'VARCHAR', undefined, '11'],
      ['big', 'DOUBLE', undefined, '11'],
      ['list', 'JSON', undefined, '01'],
      ['empty', 'JSON', undefined, '01'],
      ['user_tags', 'VARCHAR[]', '$.user.tags', '10'],
    ])
  })

  it('of Parquet, where types differ', async () => {
    const [a, b] = [join(engine.scratch, 'a.parquet'), join(engine.scratch, 'b.parquet')]
    const found = await inSession(async (session) => {
      await session.run(`COPY (SELECT 1::INTEGER AS n, 'x' AS t, {'id': 1, 'in': {'b': 2}} AS s) TO ${literal(a)} (FORMAT parquet)`)
      await session.run(`COPY (SELECT 1::BIGINT AS N, 2 AS t) TO ${literal(b)} (FORMAT parquet)`)
      return [await parquetFields(session, a), await parquetFields(session, b)]
    })
    expect(mergeFields(found, 'parquet').map(({ at, type, conflict, present }) => [at.join('.'), type ?? conflict, present])).toEqual([
      ['N', 'BIGINT', [false, true]],
      ['t', ['INTEGER', 'VARCHAR'], [true, true]],
      ['s', 'STRUCT("id" INTEGER, "in" STRUCT("b" INTEGER))', [true, false]],
      ['s.id', 'INTEGER', [true, false]],
      ['s.in', 'STRUCT("b" INTEGER)', [true, false]],
      ['s.in.b', 'INTEGER', [true, false]],
    ])
  })

  it.each([
    ['id;Name;id;;"x"\n1;a;2;3;4\n', ';', true, ['Name', 'x']],
    ['1\ta\t2\n2\tb\t3\n', '\t', false, ['column1', 'column2', 'column3']],
    ['a,b\n1,"x, y"\n', ',', true, ['a', 'b']],
  ])('of CSV: %j', async (text, delimiter, header, names) => {
    const path = await file(text)
    const csv = await inSession((session) => sniffCsv(session, path, 'x.csv'))
    expect(csv).toMatchObject({ delimiter, header, quote: '"' })
    const fields = await inSession((session) => csvFields(session, path, csv))
    expect(fields.map(({ at }) => at)).toEqual(names.map((name) => [name]))
  })

  it('refuses CSV that the decoder could not read', async () => {
    const path = await file('# a\n# b\nname,n\nx,1\ny,2\n')
    await expect(inSession((session) => sniffCsv(session, path, 'x.csv'))).rejects.toThrow('x.csv has 2 lines before its header')
  })
})

it('counts what values are, by the casts of the decoder', async () => {
  const text = [
    'n,t,d,z,b,mixed',
    '1,2024-01-05 10:00:00,2024-01-05,2024-01-05T10:00:00Z,true,n/a',
    '-2.50,2024-01-05T10:15:00,2024-01-06,2024-01-05 10:00:00+02,false,7',
    ',,,,,n/a',
    'nan,2024-01-06,2024-01-07,soon,true,x',
  ].join('\n')
  const path = await file(text)
  await inSession(async (session) => {
    const csv = { delimiter: ',', quote: '"', header: true }
    const fields = ['n', 't', 'd', 'z', 'b', 'mixed'].map((name) => ({ name, inside: [] }))
    const table = await SampleTable.open(session, { kind: 'csv', compression: 'none', csv }, fields)
    const added = await table.add(0, { key: 'x.csv', file: path, captures: {}, folder: 3 }, () => true)
    expect(added).toEqual({ rows: 4, bad: 0 })
    const of = (index: number) => table.facts(index, [0])
    expect(await of(0)).toMatchObject({
      rows: 4,
      values: 3,
      distinct: 3,
      integers: 1,
      numbers: 2,
      nonFinite: 1,
      decimals: 2,
      least: -2.5,
      greatest: 1,
      oddNumber: 'nan',
    })
    expect(await of(1)).toMatchObject({ values: 3, dates: 1, naiveTimes: 3, zonedTimes: 0 })
    expect(await of(2)).toMatchObject({ dates: 3, naiveTimes: 3 })
    expect(await of(3)).toMatchObject({ zonedTimes: 2, naiveTimes: 0, oddTime: 'soon' })
    expect(await of(4)).toMatchObject({ booleans: 3 })
    expect(await of(5)).toMatchObject({ values: 4, numbers: 1, oddNumber: 'n/a', oddNumbers: 2 })
    const zoned = { type: 'TIMESTAMPTZ', isNaive: false, failed: 1 }
    expect(await table.quarters(3, zoned)).toEqual([
      { folder: 3, quarter: Date.UTC(2024, 0, 5, 8) / 900_000, rows: 1 },
      { folder: 3, quarter: Date.UTC(2024, 0, 5, 10) / 900_000, rows: 1 },
    ])
    expect(await table.range(3, zoned)).toEqual({ first: Date.UTC(2024, 0, 5, 8), last: Date.UTC(2024, 0, 5, 10) })
    expect(await table.unreadableShare(3, zoned)).toBe(0.5)
    expect(await table.mostPerFolder([4])).toBe(2)
    await table.close()
  })
})

it('counts rows that are none, and tells the first', async () => {
  const path = await file('{"a": 1}\nnot json\n{"a": 2}\n[]\n')
  await inSession(async (session) => {
    const table = await SampleTable.open(session, { kind: 'json', compression: 'none' }, [{ name: 'a', inside: [], type: 'BIGINT' }])
    expect(await table.add(0, { key: 'x.json', file: path, captures: {}, folder: 0 }, () => true)).toEqual({
      rows: 2,
      bad: 2,
      reason: 'not JSON: not json',
    })
    await table.close()
  })
})

it('quotes every word that the parser takes for something else than a column', async () => {
  await inSession(async (session) => {
    const words = (await session.rows('SELECT keyword_name AS word FROM duckdb_keywords()')).map(({ word }) => String(word))
    const reserved = await reservedWords(session)
    expect(words.length).toBeGreaterThan(400)
    for (const word of words) {
      const name = sqlOf({ name: word, inside: [] }, reserved)
      const sql = `SELECT ${name} AS a, ${name}, max(${name}) AS b, count(*) FILTER (WHERE ${name} >= $start) AS c, avg(${name}) FILTER (WHERE isfinite(${name})) AS d FROM t WHERE ${name} IS NOT NULL GROUP BY ${name}`
      const parsed = await parseSelect(session.connection, sql)
      expect('problem' in parsed ? [word, parsed.problem.message] : []).toEqual([])
      expect([word, identifier(word)]).toContain(name)
    }
  })
})
