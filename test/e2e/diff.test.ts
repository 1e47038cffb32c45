/** `hindcast diff` through the command line: two versions of a view, and a view against the files of an old pipeline. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { runSql } from './forge.ts'
import { openRides, rideView } from './rides.ts'

type Rides = Awaited<ReturnType<typeof openRides>>

let project: Rides
let lake: string
beforeEach(async () => {
  project = await openRides()
  lake = join(project.root, 'lake')
  expect((await backfill()).code).toBe(0)
})

const backfill = (first = '2001-03-29', last = '2001-04-05') =>
  project.run('backfill', 'driver_day', '--from', first, '--to', last, '--workers', '1')
const diff = (...args: readonly string[]) => project.run('diff', 'driver_day', ...args)
const candidate = () => JSON.parse(readFileSync(join(lake, 'registry/driver_day.json'), 'utf8')).candidate as string

async function json(...args: readonly string[]) {
  const { code, out, err } = await diff(...args, '--json')
  if (out === '') throw new Error(err)
  return { code, ...JSON.parse(out) }
}

describe('two versions', () => {
  let before: string
  /** The old version is published; the new one counts ann's rides twice, has a column more and one less. */
  beforeEach(async () => {
    before = candidate()
    writeFileSync(join(lake, 'registry/published.json'), JSON.stringify({ format: 1, views: { driver_day: before } }))
    await project.write(
      'features/driver_day.sql',
      rideView(`sum(fare) * CASE WHEN driver = 'ann' THEN 2 ELSE 1 END AS fares, min(began) AS first_ride`),
    )
  })

  it('are compared over the partitions that both have, published against candidate', async () => {
    await backfill('2001-04-01', '2001-04-05')
    const found = await json()
    expect(found.code).toBe(4)
    expect(found).toMatchObject({
      here: { name: `version ${before} (published)`, partitions: 5, rows: 15 },
      there: { name: `version ${candidate()} (candidate)`, partitions: 5, rows: 15 },
      first: '2001-04-01',
      last: '2001-04-05',
      partitions: { compared: 5, onlyHere: 0, onlyThere: 0 },
      rows: { matched: 15, same: 10, lastBits: 0, different: 5, onlyHere: 0, onlyThere: 0 },
      notCompared: [
        { column: 'last_ride', reason: 'only here' },
        { column: 'first_ride', reason: 'only there' },
      ],
    })
    expect(
      found.columns.map(({ name, different, largest, largestRelative }: Record<string, unknown>) => [
        name,
        different,
        largest,
        largestRelative,
      ]),
    ).toEqual([
      ['fares', 5, 10.5, 0.5],
      ['rides', 0, undefined, undefined],
    ])
    expect(found.days[0]).toEqual({ partition: '2001-04-01', matched: 3, lastBits: 0, different: 1, onlyHere: 0, onlyThere: 0 })
    expect(found.examples[0]).toEqual({
      partition: '2001-04-01',
      kind: 'different',
      entity: 'driver=ann',
      column: 'fares',
      here: '10.5',
      there: '21.0',
    })
  })

  it('are told to a person with columns, days, examples and notes', async () => {
    await backfill('2001-04-01', '2001-04-05')
    const { code, out } = await diff('--from-version', before.slice(0, 5), '--to-version', candidate())
    expect(code).toBe(4)
    expect(out).toContain('driver_day 2001-04-01..2001-04-05')
    expect(out).toContain('15 matched: 10 the same, 5 different; 0 only here, 0 only there')
    expect(out).toContain('columns only here: last_ride')
    expect(out).toContain('columns only there: first_ride')
    expect(out).toMatch(/fares +5 +0 +0 +10\.5 +50% +33\.3%/)
    expect(out).toMatch(/2001-04-03 +3 +1 +0 +0 +33\.3%/)
    expect(out).toContain('2001-04-01 driver=ann fares: here 10.5, there 21.0 (different)')
  })

  it('a period counts what only one of them has', async () => {
    await backfill('2001-04-01', '2001-04-05')
    const found = await json('--from', '2001-03-31', '--to', '2001-04-02')
    expect(found.partitions).toEqual({ compared: 2, onlyHere: 1, onlyThere: 0 })
    expect(found.rows).toMatchObject({ matched: 6, onlyHere: 3 })
  })

  it('the same rows exit with 0, nothing in common with 5, and one version with 2', async () => {
    expect(await diff()).toMatchObject({ code: 2, err: expect.stringMatching(/both sides are version .* \(there is no other\)/) })
    await project.run('register')
    const nothing = await diff()
    expect(nothing.code).toBe(5)
    expect(nothing.out).toContain('nothing compared: no partition is on both sides')
    await project.write('features/driver_day.sql', rideView('sum(fare + 0) AS fares, max(began) AS last_ride'))
    await backfill()
    const same = await diff()
    expect(same.code).toBe(0)
    expect(same.out).toContain('24 matched: 24 the same, 0 different; 0 only here, 0 only there')
  })

  it('of another grain are refused', async () => {
    await project.write('features/driver_day.sql', rideView().replace('grain: day', 'grain: hour').replace('zone: America/New_York\n', ''))
    await project.run('register', '--breaking')
    const { code, err } = await diff()
    expect(code).toBe(2)
    expect(err).toMatch(/versions \S+ and \S+ of driver_day differ in grain \(day and hour\): their rows are not of the same things/)
  })
})

describe('files of an old pipeline', () => {
  const ON = ['--on', 'driver,day'] as const
  /** All rows here as an old table would have them. */
  const old = () => `SELECT driver, dt::DATE AS day, rides, fares, make_timestamptz(epoch_us(last_ride)) AS last_ride
    FROM read_parquet('${lake}/features/driver_day/*/*/features.parquet', hive_partitioning=true)`
  const write = async (file: string, select: string) => {
    mkdirSync(join(project.root, 'old'), { recursive: true })
    await runSql(
      `SET TimeZone='UTC'`,
      `COPY (${select}) TO '${join(project.root, 'old', file)}' (FORMAT ${file.split('.').at(-1)?.replace('jsonl', 'json')})`,
    )
    return join(project.root, 'old', file)
  }
  const columns = 'driver, day, rides, fares'

  it.each(['a.parquet', 'a.csv', 'a.jsonl'])('%s with the same values is the same', async (file) => {
    const found = await json('--with', await write(file, `SELECT ${columns} FROM (${old()})`), ...ON)
    expect(found).toMatchObject({ code: 0, rows: { matched: 24, same: 24, different: 0 }, partitions: { compared: 8 } })
    expect(found.notCompared).toEqual([{ column: 'last_ride', reason: 'only here' }])
  })

  it('differences of every kind are counted, placed and shown', async () => {
    const select = `SELECT CASE WHEN driver = 'cy' AND day = '2001-04-02' THEN 'dan' ELSE driver END AS driver, day, rides::DOUBLE AS rides,
      CASE WHEN day < '2001-04-03' THEN fares WHEN driver = 'ann' THEN NULL WHEN driver = 'bob' THEN nextafter(fares, 1e9) ELSE fares END AS fares
      FROM (${old()}) WHERE day <> '2001-03-31'`
    const found = await json('--with', await write('a.parquet', select), ...ON)
    expect(found.code).toBe(4)
    expect(found.rows).toEqual({ matched: 20, same: 14, lastBits: 3, different: 3, onlyHere: 4, onlyThere: 1 })
    expect(found.partitions).toEqual({ compared: 7, onlyHere: 1, onlyThere: 0 })
    expect(found.columns[0]).toMatchObject({ name: 'fares', different: 3, lastBits: 3, nullOnOneSide: 3, share: 0.3 })
    expect(found.hints).toContainEqual({ kind: 'null', text: 'fares: 3 of 3 different values are NULL on one side' })
    expect(found.notes).toContainEqual('rides: compared as DOUBLE, which holds 15 digits')
    expect(new Set(found.examples.map(({ kind }: { kind: string }) => kind))).toEqual(
      new Set(['different', 'last bits', 'only here', 'only there']),
    )
    const near = await json('--with', join(project.root, 'old', 'a.parquet'), ...ON, '--tolerance', '1e-9')
    expect(near.rows).toMatchObject({ lastBits: 0, same: 17, different: 3 })
  })

  it('columns are called what they like', async () => {
    const select = `SELECT driver AS p, day AS moment, rides, fares, 1 AS k0, 2 AS v0, 3 AS at FROM (${old()})`
    for (const file of ['a.parquet', 'a.csv']) {
      expect(await json('--with', await write(file, select), '--on', 'p,moment')).toMatchObject({ code: 0, rows: { matched: 24 } })
    }
  })

  it('columns have other names, and dates the end of a day', async () => {
    const select = `SELECT driver AS who, (day + 1)::DATE AS until, rides, fares FROM (${old()})`
    const file = await write('a.parquet', select)
    expect((await json('--with', file, '--on', 'who,until', '--their-time', 'end')).code).toBe(0)
    expect((await json('--with', file, '--on', 'feature_time=until,driver=who', '--their-time', 'end')).code).toBe(0)
    expect(await json('--with', file, '--on', 'who,until')).toMatchObject({ code: 4, partitions: { compared: 7 } })
  })

  it.each(['parquet', 'csv', 'jsonl'])('folders of %s files are a column', async (kind) => {
    for (const day of ['2001-04-01', '2001-04-02']) {
      mkdirSync(join(project.root, `old/dt=${day}`), { recursive: true })
      await write(`dt=${day}/b.${kind}`, `SELECT driver, rides, fares FROM (${old()}) WHERE day = '${day}'`)
    }
    const found = await json('--with', join(project.root, 'old'), '--on', 'driver,dt')
    expect(found).toMatchObject({ code: 0, partitions: { compared: 2 }, rows: { matched: 6 } })
  })

  it('times are compared with their zone, and text that is no number is left out with a note', async () => {
    expect(await json('--with', await write('a.parquet', old()), ...ON)).toMatchObject({ code: 0, notCompared: [] })
    const naive = await write(
      'b.csv',
      `SELECT driver, day, rides, CASE WHEN driver = 'ann' THEN 'n/a' ELSE fares::VARCHAR END AS fares, last_ride::TIMESTAMP AS last_ride FROM (${old()})`,
    )
    const found = await json('--with', naive, ...ON)
    expect(found).toMatchObject({ code: 0, rows: { matched: 24 } })
    expect(found.notCompared).toContainEqual({ column: 'fares', reason: `8 values there are no DOUBLE, such as 'n/a'` })
  })

  it('rows outside, rows without a time and rows without a key are told', async () => {
    const select = `SELECT ${columns} FROM (${old()}) UNION ALL BY NAME (SELECT 'eve' AS driver, '1999-01-01'::DATE AS day UNION ALL SELECT 'eve', NULL UNION ALL SELECT NULL, '2001-04-01'::DATE)`
    const found = await json('--with', await write('a.parquet', select), ...ON)
    expect(found.rows).toMatchObject({ matched: 24, onlyThere: 1 })
    expect(found.notes.join('\n')).toMatch(/1 row of \S+ outside the compared partitions\n1 row of \S+ without a time in day, not compared/)
    expect(found.examples).toContainEqual({ kind: 'only there', partition: '2001-04-01', entity: 'driver=NULL' })
  })

  it('nothing in common exits with 5', async () => {
    const select = `SELECT driver, day - 1000 AS day, rides FROM (${old()})`
    expect(await json('--with', await write('a.parquet', select), ...ON)).toMatchObject({ code: 5, partitions: { compared: 0 } })
  })

  it.each([
    ['a glob that matches nothing', 'old/x*.csv', ON, undefined, 2, /'.*old\/x\*\.csv' matches no files/],
    [
      'a column that is not there',
      'old/a.parquet',
      ['--on', 'drivr,day'],
      `SELECT ${columns}`,
      2,
      /has no column 'drivr', did you mean 'driver'\?; found driver, day, rides, fares/,
    ],
    [
      'too few columns',
      'old/a.parquet',
      ['--on', 'driver'],
      `SELECT ${columns}`,
      2,
      /names 1 columns; expected 2: those of driver, then that of the partition's time/,
    ],
    ['no --on', 'old/a.parquet', [], `SELECT ${columns}`, 2, /--with needs --on/],
    [
      'a key that is there twice',
      'old/a.parquet',
      ON,
      `SELECT ${columns}, unnest([1, 2]) AS twice`,
      3,
      /old\/a\.parquet has 24 keys more than once \(48 rows\), such as driver=ann in the partition that ends at 2001-03-30T05:00:00.000Z; expected one row for each driver and partition/,
    ],
    [
      'no common column',
      'old/a.parquet',
      ON,
      `SELECT driver, day, 1 AS other`,
      2,
      /no column of driver_day is in .*: here are rides, fares, last_ride, there driver, day, other/,
    ],
    [
      'a time that is none',
      'old/a.parquet',
      ON,
      `SELECT driver, 7 AS day, rides`,
      2,
      /column 'day' has type INTEGER; expected DATE, TIMESTAMP/,
    ],
    [
      'an entity of another type',
      'old/a.parquet',
      ON,
      `SELECT 1.5::DOUBLE AS driver, day, rides`,
      2,
      /the entity driver cannot be compared with column 'driver' of .*: VARCHAR here, DOUBLE there/,
    ],
    ['a CSV line that is none', 'old/c.csv', ON, undefined, 3, /old\/c\.csv:3: Expected Number of Columns: 3 Found: 2: bob,2001-04-01/],
    ['a line that is no JSON', 'old/d.jsonl', ON, undefined, 3, /old\/d\.jsonl:2: not JSON: invalid literal/],
    ['a file that is no Parquet', 'old/b.parquet', ON, undefined, 3, /b\.parquet/],
  ])('%s is an error', async (_, pattern, on, select, code, message) => {
    if (select !== undefined) await write('a.parquet', `${select} FROM (${old()})`)
    mkdirSync(join(project.root, 'old'), { recursive: true })
    writeFileSync(join(project.root, 'old/b.parquet'), 'no Parquet')
    writeFileSync(join(project.root, 'old/c.csv'), 'driver,day,rides\nann,2001-04-01,1\nbob,2001-04-01\n')
    writeFileSync(join(project.root, 'old/d.jsonl'), '{"driver": "ann", "day": "2001-04-01", "rides": 1}\nnone\n')
    const ended = await diff('--with', join(project.root, pattern), ...on)
    expect(ended.err).toMatch(message)
    expect(ended.err.trim().split('\n')).toHaveLength(1)
    expect(ended.code).toBe(code)
  })

  it.each([
    [['--tolerance', 'much'], /--tolerance 'much' is not a tolerance; expected a number from 0 to below 1, such as 1e-9/],
    [['--on', 'a,b'], /expected --with FILES too/],
    [['--from', '2001-03-01'], /has to name one period/],
  ])('%j is refused', async (args, message) => {
    expect(await diff(...args)).toMatchObject({ code: 2, err: expect.stringMatching(message) })
  })

  it('an unknown view is named with its neighbours', async () => {
    expect(await project.run('diff', 'driver_dya')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/the registry has no view 'driver_dya', did you mean 'driver_day'\?; expected one of driver_day/),
    })
  })
})
