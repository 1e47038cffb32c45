import { mkdtempSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Engine } from '../../../lib/engine/engine.ts'
import type { Lake } from '../../../lib/lake/lake.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../../lib/lake/object-store.ts'
import type { Catalog } from '../../../lib/model/catalog.ts'
import { renderProblem } from '../../../lib/model/problem.ts'
import { checkDefinitions } from '../../../lib/pipeline/check.ts'

const SOURCE = `description: flights
key: flights/dt={yyyy}-{MM}-{dd}/
format: json
event_time: {column: ts, unit: s, zone: UTC}
columns: {ts: BIGINT, origin: VARCHAR, delay: BIGINT, seat: VARCHAR}
start: 2001-01-01
`
const VIEW = `/* ---
description: busy
entity: origin
grain: day
zone: America/New_York
inputs:
  flights: 7 days
expect:
  - n > 0
--- */
SELECT origin, count(*) AS n, max(delay) AS worst
FROM flights
GROUP BY origin
`
const READER = `/* ---
description: busier
entity: origin
grain: day
zone: America/New_York
inputs:
  busy: 3 days
  tail: {from: flights, window: 1 day}
--- */
SELECT origin, max(n) AS most, max(feature_time) AS seen, count(ts) AS k
FROM busy JOIN tail USING (origin)
GROUP BY origin
`
const FILES = { 'flights.source.yaml': SOURCE, 'busy.sql': VIEW, 'busier.sql': READER }

let engine: Engine
let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'resolve-'))
  engine = new Engine({ scratch })
})
afterAll(() => engine.close())

async function check(files: Record<string, string>, store?: ObjectStore, sample = false) {
  const lake: Lake | undefined = store && { store, bucket: () => store }
  const list = Object.entries(files).map(([file, text]) => ({ file, text }))
  const { catalog, problems, notes } = await checkDefinitions({ files: list, engine, sample, ...(lake && { lake }) })
  return { catalog, problems: problems.map(renderProblem), notes: notes.map(renderProblem) }
}

async function catalogOf(files: Record<string, string>, store?: ObjectStore): Promise<Catalog> {
  const { catalog, problems } = await check(files, store)
  if (!catalog) throw new Error(problems.join('\n'))
  return catalog
}

const versionsOf = (catalog: Catalog) => new Map([...catalog.features.values()].map(({ version }) => [version.view, version.version]))

describe('a catalog', () => {
  it('binds what the SQL reads, and the event time', async () => {
    const { features, sources } = await catalogOf(FILES)
    const [busy, busier] = [...features.values()]
    expect(busy?.version).toMatchObject({
      view: 'busy',
      inputs: [{ kind: 'source', source: 'flights', columns: [{ name: 'ts' }, { name: 'origin' }, { name: 'delay' }] }],
    })
    expect(busier?.version.inputs).toMatchObject([
      { kind: 'view', name: 'busy', version: busy?.version.version, schema: busy?.version.schema, zone: 'America/New_York' },
      { kind: 'source', name: 'tail', columns: [{ name: 'ts' }, { name: 'origin' }] },
    ])
    expect(sources.get('flights')?.columns).toHaveLength(4)
    expect(busy?.settings.expect).toEqual([{ sql: 'n > 0', perPartition: false }])
  })

  it('keeps SQL that can stand in parentheses', async () => {
    const { features } = await catalogOf({ ...FILES, 'busy.sql': `${VIEW.trimEnd()} -- busy;\n; -- the end\n` })
    expect([...features.values()][0]?.version.sql).toMatch(/GROUP BY origin -- busy$/)
  })

  it('adds the segments of the key to the columns', async () => {
    const source = SOURCE.replace('flights/dt=', 'flights/{carrier}/dt=').replace('start:', 'sorted: false\nstart:')
    const catalog = await catalogOf({ ...FILES, 'flights.source.yaml': source, 'busy.sql': VIEW.replace('max(delay)', 'max(carrier)') })
    expect(catalog.sources.get('flights')?.columns?.at(-1)).toEqual({ name: 'carrier', type: 'VARCHAR' })
    expect([...catalog.features.values()][0]?.version.inputs[0]).toMatchObject({
      columns: expect.arrayContaining([{ name: 'carrier', type: 'VARCHAR' }]),
    })
  })
})

type Edit = readonly [what: string, file: keyof typeof FILES, from: string, to: string]

const edited = ([, file, from, to]: Edit) => {
  expect(FILES[file]).toContain(from)
  return { ...FILES, [file]: FILES[file].replace(from, to) }
}

describe('no new version', () => {
  it.each<Edit>([
    ['a comment', 'busy.sql', 'FROM flights', 'FROM flights -- all of them'],
    ['spacing', 'busy.sql', 'origin, count(*) AS n', 'origin,\n   count( * )  AS n'],
    ['a semicolon', 'busy.sql', 'GROUP BY origin', 'GROUP BY origin;'],
    ['a rule', 'busy.sql', 'n > 0', 'count(*) > 3'],
    ['a description', 'busy.sql', 'description: busy', 'description: very busy'],
    [
      'settings',
      'busy.sql',
      'grain: day',
      'grain: day\navailable_after: 5 minutes\nrepair: 3 days\nabsent: {n: 0}\ncolumns: {n: rows}\ncarry: 3 days',
    ],
    ['a column that nobody reads', 'flights.source.yaml', 'seat: VARCHAR', 'seat: VARCHAR, tail: VARCHAR'],
    ['the type of a column that nobody reads', 'flights.source.yaml', 'seat: VARCHAR', 'seat: BIGINT'],
    ['the order of columns', 'flights.source.yaml', 'origin: VARCHAR, delay: BIGINT', 'delay: BIGINT, origin: VARCHAR'],
    ['the spelling of a type', 'flights.source.yaml', 'origin: VARCHAR', 'origin: text'],
    ['a moved key', 'flights.source.yaml', 'flights/dt=', 'raw/flights/day='],
    ['a bucket', 'flights.source.yaml', 'start:', 'bucket: raw-data\nstart:'],
    ['start', 'flights.source.yaml', 'start: 2001-01-01', 'start: 2001-02-01'],
    ['keep, gaps, wait and marker', 'flights.source.yaml', 'start:', 'keep: 30 days\ngaps: empty\nwait: 1 hour\nmarker: _SUCCESS\nstart:'],
    ['bad rows', 'flights.source.yaml', 'start:', 'bad_rows: {max_share: 0.1}\nstart:'],
    ['arrival folders', 'flights.source.yaml', 'start:', 'folders: arrival\nstart:'],
  ])('%s', async (...edit) => {
    expect(versionsOf(await catalogOf(edited(edit)))).toEqual(versionsOf(await catalogOf(FILES)))
  })
})

describe('a new version, and one of its reader', () => {
  it.each<Edit>([
    ['a token', 'busy.sql', 'max(delay)', 'min(delay)'],
    ['a letter of a name', 'busy.sql', 'AS worst', 'AS latest'],
    ['entity', 'busy.sql', 'entity: origin', 'entity: [origin, worst]'],
    ['grain', 'busy.sql', 'grain: day', 'grain: month'],
    ['zone', 'busy.sql', 'America/New_York', 'America/Chicago'],
    ['window', 'busy.sql', '7 days', '8 days'],
    ['all', 'busy.sql', '7 days', 'all'],
    ['warm_up', 'busy.sql', 'grain: day', 'grain: day\nwarm_up: compute'],
    ['the type of a column that is read', 'flights.source.yaml', 'delay: BIGINT', 'delay: INTEGER'],
    ['where a column that is read stands', 'flights.source.yaml', 'delay: BIGINT', 'delay: {type: BIGINT, path: $.late.by}'],
    ['unit of the event time', 'flights.source.yaml', 'unit: s', 'unit: ms'],
    ['zone of the event time', 'flights.source.yaml', 'zone: UTC', 'zone: Asia/Tokyo'],
    ['column of the event time', 'flights.source.yaml', 'column: ts', 'column: delay'],
    ['format', 'flights.source.yaml', 'format: json', 'format: csv'],
  ])('%s', async (...edit) => {
    const files = edited(edit)
    // A view of months is visible to readers whose windows hold one.
    const reader = READER.replace('busy: 3 days', edit[0] === 'grain' ? 'busy: 60 days' : 'busy: 3 days')
    const before = versionsOf(await catalogOf({ ...FILES, 'busier.sql': reader }))
    const after = versionsOf(
      await catalogOf({ ...files, 'busier.sql': edit[3] === 'column: delay' ? reader.replace('count(ts)', 'count(delay)') : reader }),
    )
    expect(after.get('busy')).not.toBe(before.get('busy'))
    expect(after.get('busier')).not.toBe(before.get('busier'))
  })

  it('not one of what it reads', async () => {
    const [before, after] = [
      versionsOf(await catalogOf(FILES)),
      versionsOf(await catalogOf(edited(['', 'busier.sql', 'max(n)', 'min(n)']))),
    ]
    expect(after.get('busy')).toBe(before.get('busy'))
    expect(after.get('busier')).not.toBe(before.get('busier'))
  })
})

describe('a Parquet source without columns', () => {
  const source = SOURCE.replace('format: json', 'format: parquet').replace(/columns:.*\n/, '')
  const files = { 'flights.source.yaml': source, 'busy.sql': VIEW }

  async function parquet(select: string): Promise<Uint8Array> {
    const file = join(scratch, 'made.parquet')
    await engine.session('UTC', (session) => session.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`))
    const { readFile } = await import('node:fs/promises')
    const bytes = await readFile(file)
    await rm(file)
    return bytes
  }
  const row = (more: string) => parquet(`SELECT 1::BIGINT AS ts, 'JFK' AS origin, 3::BIGINT AS delay${more}`)

  it('has those of its newest object', async () => {
    const store = openMemoryStore({ pageSize: 3 })
    await store.put('flights/dt=2001-01-01/a.parquet', await row(', 1 AS old'))
    for (const name of ['a', 'b', 'c', 'd'])
      await store.put(`flights/dt=2001-03-01/${name}.parquet`, await row(', {x: 1} AS fresh, \'a\' AS "Seat"'))
    await store.put('flights/dt=2001-03-02/_SUCCESS', new Uint8Array())
    await store.put('flights/dt=9/a.parquet', new Uint8Array(3))
    const { sources } = await catalogOf(files, store)
    expect(sources.get('flights')?.columns).toEqual([
      { name: 'ts', type: 'BIGINT' },
      { name: 'origin', type: 'VARCHAR' },
      { name: 'delay', type: 'BIGINT' },
      { name: 'fresh', type: 'STRUCT("x" INTEGER)' },
      { name: 'Seat', type: 'VARCHAR' },
    ])
    await expect(stat(join(scratch, 'made.parquet'))).rejects.toThrow()
  })

  it('has the version that it has with declared ones', async () => {
    const store = openMemoryStore()
    await store.put('flights/dt=2001-01-01/a.parquet', await row(''))
    const declared = SOURCE.replace('format: json', 'format: parquet')
    expect(versionsOf(await catalogOf(files, store))).toEqual(versionsOf(await catalogOf({ ...files, 'flights.source.yaml': declared })))
  })

  it('reads a key that does not sort in time order to its end', async () => {
    const store = openMemoryStore({ pageSize: 2 })
    await store.put('flights/01-2002/a.parquet', await row(', 1 AS fresh'))
    await store.put('flights/02-2001/a.parquet', await row(''))
    const unsorted = source.replace('dt={yyyy}-{MM}-{dd}', '{MM}-{yyyy}').replace('start:', 'sorted: false\nstart:')
    const { sources } = await catalogOf({ ...files, 'flights.source.yaml': unsorted }, store)
    expect(sources.get('flights')?.columns?.map(({ name }) => name)).toContain('fresh')
  })

  it('has a problem that says what to do', async () => {
    const store = openMemoryStore()
    const message = "flights.source.yaml:1: the columns of source 'flights' are not known"
    expect((await check(files)).problems).toContainEqual(expect.stringContaining(message))
    expect((await check(files, store)).problems[1]).toMatch(/no object under flights.* or pass a lake that holds data/)
    await store.put('flights/dt=2001-01-01/a.parquet', new Uint8Array(100))
    expect((await check(files, store)).problems).toEqual([
      'busy.sql:7: not checked, because flights has problems',
      expect.stringMatching(/^flights.source.yaml:1: flights\/dt=2001-01-01\/a.parquet cannot be read as Parquet/),
    ])
    await store.put('flights/dt=2001-01-01/a.parquet', await parquet("SELECT 'x' AS ts, 'JFK' AS origin, 3 AS delay"))
    expect((await check(files, store)).problems[1]).toMatch("flights.source.yaml:4: event time 'ts' has type VARCHAR")
  })
})

describe('the order of rows', () => {
  const lines = Array.from({ length: 3000 }, (_, at) =>
    JSON.stringify({ ts: 978307200 + (at % 86400), origin: `A${at % 7}`, delay: (at * 7919) % 101, seat: `S${at}` }),
  ).join('\n')
  async function sampled(sql: string) {
    const store = openMemoryStore()
    await store.put('flights/dt=2001-01-01/a.json', Buffer.from(lines))
    const view = VIEW.replace(/SELECT[\s\S]*/, `${sql}\n`).replace(/expect:\n.*\n/, '')
    return check({ 'flights.source.yaml': SOURCE, 'busy.sql': view }, store, true)
  }

  it.each([
    [
      'the first row',
      'SELECT origin, first(seat) AS one, max(delay) AS worst FROM flights GROUP BY origin',
      /'one' depends on the order of input rows: \d of 7 rows/,
    ],
    ['ties', 'SELECT origin, arg_max(seat, delay) AS one FROM flights GROUP BY origin', /'one' depends/],
    ['a list', 'SELECT origin, list(delay) AS all_of FROM flights GROUP BY origin', /'all_of' depends/],
    [
      'a row number over ties',
      'SELECT origin, seat AS one FROM flights QUALIFY row_number() OVER (PARTITION BY origin ORDER BY delay) = 1',
      /'one' depends/,
    ],
    ['a limit over ties', 'SELECT seat AS origin, 1 AS one FROM flights ORDER BY delay LIMIT 5', /which entities there are depends/],
    [
      'a repeated entity',
      'SELECT origin, first(seat) OVER (ORDER BY ts) AS one FROM flights',
      /is not unique in a sample: 3000 of 3000 rows|is not unique/,
    ],
  ])('%s is found', async (_, sql, message) => {
    const { problems } = await sampled(sql)
    expect(problems).toEqual([expect.stringMatching(message)])
  })

  it.each([
    [
      'integers',
      'SELECT origin, sum(delay) AS total, avg(delay) AS mean, first(delay ORDER BY ts, seat) AS one FROM flights GROUP BY origin',
    ],
    ['ordered lists', 'SELECT origin, list(seat ORDER BY seat) AS seats FROM flights GROUP BY origin'],
  ])('%s are fine', async (_, sql) => {
    expect(await sampled(sql)).toMatchObject({ problems: [], notes: [] })
  })

  it('tells rounding from other differences', async () => {
    const { problems, notes } = await sampled('SELECT origin, sum(delay / 7.0::DOUBLE) AS total FROM flights GROUP BY origin')
    expect(problems).toEqual([])
    expect(notes).toEqual([expect.stringMatching(/^busy.sql:\d+: output column 'total' rounds its last digits/)])
  })

  it('is looked at beside a dimension that is older than all events', async () => {
    const store = openMemoryStore()
    await store.put('flights/dt=2001-01-01/a.json', Buffer.from(lines))
    await store.put('places/dt=2000-06-01/a.json', Buffer.from('{"origin":"A1","city":"Ulm"}\n'))
    const places = 'description: p\nkey: places/dt={yyyy}-{MM}-{dd}/\nformat: json\ncolumns: {origin: VARCHAR, city: VARCHAR}\n'
    const sql = 'SELECT origin, first(seat) AS one, max(city) AS city FROM flights LEFT JOIN places USING (origin) GROUP BY origin'
    const view = `/* ---\ndescription: b\nentity: origin\ngrain: day\ninputs: {flights: 1 day, places: latest}\n--- */\n${sql}\n`
    const { problems } = await check({ 'flights.source.yaml': SOURCE, 'places.source.yaml': places, 'busy.sql': view }, store, true)
    expect(problems).toEqual([expect.stringMatching(/'one' depends on the order of input rows/)])
  })

  it('says what it did not look at', async () => {
    const store = openMemoryStore()
    const files = { ...FILES, 'busy.sql': VIEW.replace('max(delay)', 'first(delay)') }
    expect((await check(files, store, true)).notes).toEqual([
      expect.stringMatching(/order of rows was not checked: source 'flights' holds no data yet/),
    ])
    await store.put('flights/dt=2001-01-01/a.json', Buffer.from('{"ts": "soon"}'))
    expect((await check(files, store, true)).notes).toEqual([expect.stringMatching(/a.json:1: column 'ts': soon is not BIGINT/)])
  })
})
