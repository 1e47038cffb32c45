import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inferKey, readKey } from '../../../lib/model/infer/infer-key.ts'

/** The template with what it does not read, or why there is none. */
function guess(...keys: readonly string[]) {
  const found = inferKey(keys)
  if (found.kind === 'folders') {
    return { template: found.template.text, captures: found.captures.map(({ name }) => name), unmatched: found.unmatched }
  }
  return found.kind === 'files' ? { folders: [...found.folders.values()], reason: found.reason, unmatched: found.unmatched } : 'none'
}

describe('templates', () => {
  it.each<[string, string[], string[], string[]?]>([
    ['dt={yyyy}-{MM}-{dd}/', [], ['dt=2024-01-05/x.csv', 'dt=2024-01-06/x.csv']],
    ['dt={yyyy}-{MM}-{dd}/', [], ['dt=2024-01-05/x.csv']],
    ['{yyyy}/{MM}/{dd}/', [], ['2024/01/05/file.parquet', '2024/12/31/other/file.parquet']],
    ['{yyyy}/{MM}/{dd}/{HH}/', [], ['2024/01/05/00/a', '2024/01/05/23/a']],
    ['year={yyyy}/month={MM}/day={dd}/hour={HH}/', [], ['year=2024/month=01/day=05/hour=03/part-0.json.gz']],
    ['raw/v2/{yyyy}{MM}{dd}/', [], ['raw/v2/20240105/a.csv', 'raw/v2/20240106/a.csv']],
    ['{yyyy}-{MM}/', [], ['2024-01/a.csv', '2024-02/a.csv']],
    ['us/{yyyy}-{MM}/', [], ['us/2024-01/a.csv', 'us/2024-02/a.csv']],
    ['{segment1}/{yyyy}-{MM}/', ['segment1'], ['us/2024-01/a.csv', 'de/2024-01/a.csv']],
    ['{segment1}/{segment2}/{yyyy}/', ['segment1', 'segment2'], ['us/a/2024/a.csv', 'de/b/2024/a.csv', 'de/a/2023/x.csv']],
    ['country={country}/dt={yyyy}-{MM}-{dd}/', ['country'], ['country=us/dt=2024-01-05/a', 'country=de/dt=2024-01-05/a']],
    ['dt={yyyy}-{MM}-{dd}/Country={country}/', ['country'], ['dt=2024-01-05/Country=us/a', 'dt=2024-01-05/Country=de/a']],
    ['country=us/dt={yyyy}-{MM}-{dd}/', [], ['country=us/dt=2024-01-05/a', 'country=us/dt=2024-01-06/a']],
    ['dt={yyyy}-{MM}-{dd}-{HH}/', [], ['dt=2024-01-05-03/a', 'dt=2024-01-05-04/a']],
    ['dt={yyyy}-{MM}-{dd}T{HH}/', [], ['dt=2024-01-05T03/a', 'dt=2024-01-05T04/a']],
    ['day_{yyyy}_{MM}_{dd}.d/', [], ['day_2024_01_05.d/a', 'day_2024_01_06.d/a']],
    ['{yyyy}/{MM}/{yyyy}-{MM}-{dd}/', [], ['2024/01/2024-01-05/a', '2024/02/2024-02-01/a']],
    ['year={yyyy}/dt={yyyy}-{MM}-{dd}/', [], ['year=2024/dt=2024-01-05/a', 'year=2023/dt=2023-02-01/a']],
    // The second time is not the first: it is a column.
    ['in={yyyy}-{MM}-{dd}/dt={dt}/', ['dt'], ['in=2024-01-05/dt=2024-01-05/a', 'in=2024-01-05/dt=2024-01-04/a']],
    // A number above 23 under a day is none of its hours.
    ['{yyyy}-{MM}-{dd}/', [], ['2024-01-05/01/a', '2024-01-06/02/a', '2024-01-07/31/a']],
    ['dt={yyyy}-{MM}-{dd}/shard={shard}/', ['shard'], ['dt=2024-01-05/shard=01/a', 'dt=2024-01-06/shard=02/a']],
    // Values that come back are a column, those that never do are batches.
    ['{yyyy}-{MM}-{dd}/{segment1}/', ['segment1'], ['2024-01-05/us/a', '2024-01-05/de/a', '2024-01-06/us/a', '2024-01-06/de/a']],
    ['{yyyy}-{MM}-{dd}/', [], ['2024-01-05/8f2a/a', '2024-01-05/77bc/a', '2024-01-06/0a1b/a', '2024-01-06/99fe/a']],
    // Names that a template would take for something else.
    ['dd={dd_1}/{yyyy}/', ['dd_1'], ['dd=1/2024/a', 'dd=2/2024/a']],
    ['a b={a_b}/{yyyy}/a-b={a_b_2}/', ['a_b', 'a_b_2'], ['a b=1/2024/a-b=1/x', 'a b=2/2024/a-b=2/x']],
    // A store is no year.
    ['store={store}/dt={yyyy}-{MM}/', ['store'], ['store=2001/dt=2024-01/a', 'store=2002/dt=2024-01/a']],
    // Strays.
    [
      'dt={yyyy}-{MM}-{dd}/',
      [],
      ['dt=2024-01-05/a.csv', 'dt=2024-01-06/a.csv', 'notes/a.csv', 'dt=none/a.csv'],
      ['notes/a.csv', 'dt=none/a.csv'],
    ],
    ['dt={yyyy}-{MM}-{dd}/', [], ['dt=2024-01-05/a.csv', 'dt=2024-01-06/a.csv', 'dt=2024-02-30/a.csv'], ['dt=2024-02-30/a.csv']],
  ])('%s', (template, captures, keys, unmatched = []) => {
    expect(guess(...keys)).toEqual({ template, captures, unmatched })
    expect(guess(...keys.toReversed())).toEqual({ template, captures, unmatched: unmatched.toReversed() })
  })

  it('tells the other templates, and which segments may be names of data sets', () => {
    const found = inferKey(['a/dt=2024-01-05/x', 'b/dt=2024-01-05/x', 'b/dt=2024-01-06/x', 'z/2024/01/x'])
    expect(found).toMatchObject({ captures: [{ name: 'segment1', values: ['a', 'b'], isLeading: true }] })
    expect(found.kind === 'folders' && found.others.map(({ template, keys }) => [template.text, keys])).toEqual([
      ['z/{yyyy}/{MM}/', ['z/2024/01/x']],
    ])
  })
})

describe('times that no folder names', () => {
  it.each<[readonly string[], readonly string[]]>([
    [
      ['events-2024-01-05.jsonl', 'events-2024-01-06.jsonl'],
      ['2024-01-05', '2024-01-06'],
    ],
    [
      ['us/20240105.csv', 'de/20240106.csv'],
      ['2024-01-05', '2024-01-06'],
    ],
    [
      ['a_2024-01.csv', 'a_2024-02.csv'],
      ['2024-01', '2024-02'],
    ],
    [
      ['202401.csv.gz', '202402.csv.gz'],
      ['2024-01', '2024-02'],
    ],
    [
      ['year=2024/month=1/day=5/a', 'year=2024/month=10/day=12/a'],
      ['2024-01-05', '2024-10-12'],
    ],
    [
      ['2024-01-05-00.csv', '2024-01-05-01.csv'],
      ['2024-01-05', '2024-01-05'],
    ],
    [
      ['run_20240105_100000/a', 'run_20240106_110000/a', 'run_20240107_120000/a'],
      ['2024-01-05', '2024-01-06', '2024-01-07'],
    ],
    // One length for all.
    [
      ['2024-01-05.csv', '2024-02.csv'],
      ['2024-01', '2024-02'],
    ],
  ])('%j', (keys, folders) => {
    expect(guess(...keys)).toMatchObject({ folders, unmatched: [] })
  })

  it('says why', () => {
    expect(guess('y=2024/m=1/d=5/a')).toMatchObject({ reason: 'folders of their time have no leading zeros (y=2024/m=1/d=5/a)' })
    expect(guess('a-2024-01-05.csv')).toMatchObject({ reason: 'folders do not name their time, only files do (a-2024-01-05.csv)' })
  })

  it.each<[readonly string[]]>([
    [['payments.csv']],
    [['a.csv', 'b.csv', 'c-2024-01-05.csv', 'd.csv']],
    [['1234567890/a.csv']],
    [['2024-13-05/a.csv']],
    [['5000-01-01.csv']],
    [['2024-01-01_2024-01-31.csv']],
    [[]],
  ])('none: %j', (keys) => {
    expect(guess(...keys)).toBe('none')
  })
})

it('reads back whatever a template wrote', () => {
  const word = fc.stringMatching(/^[a-z]{2,6}$/)
  const separator = fc.constantFrom('-', '_', '.', '')
  const time = fc.record({ style: fc.constantFrom('hive', 'plain', 'one', 'named'), depth: fc.integer({ min: 1, max: 4 }), s: separator })
  const day = fc.date({ min: new Date(Date.UTC(1980, 0, 1)), max: new Date(Date.UTC(2099, 0, 1)), noInvalidDate: true })
  const layout = fc.record({
    time,
    days: fc.array(day, { minLength: 1, maxLength: 6 }),
    prefix: fc.array(word, { maxLength: 2 }),
    file: word,
  })
  fc.assert(
    fc.property(layout, ({ time, days, prefix, file }) => {
      const keys = [...new Set(days.map((at) => [...prefix, ...foldersOf(at, time), `${file}.csv`].join('/')))]
      const found = inferKey(keys)
      if (found.kind !== 'folders') throw new Error(`${JSON.stringify(keys)}: ${found.kind}`)
      expect(found.unmatched).toEqual([])
      for (const at of days) {
        const key = [...prefix, ...foldersOf(at, time), `${file}.csv`].join('/')
        const parts = at.toISOString().split(/[-T:]/).slice(0, time.depth)
        expect(readKey(found.template, key)?.folder.name).toBe(parts.join('-'))
      }
    }),
    { numRuns: 300 },
  )
})

function foldersOf(at: Date, { style, depth, s }: { readonly style: string; readonly depth: number; readonly s: string }): string[] {
  const parts = at.toISOString().split(/[-T:]/).slice(0, depth)
  if (style === 'plain') return parts
  if (style === 'hive') return parts.map((part, index) => `${['year', 'month', 'day', 'hour'][index]}=${part}`)
  const one = parts.slice(0, 3).join(s) + (parts[3] === undefined ? '' : `-${parts[3]}`)
  return [style === 'named' && depth > 1 ? `dt=${one}` : one]
}
