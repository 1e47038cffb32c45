import { describe, expect, it } from 'vitest'
import { chooseSample } from '../../../lib/model/infer/choose-sample.ts'
import { type ColumnFacts, snakeName } from '../../../lib/model/infer/column-facts.ts'
import { guessType } from '../../../lib/model/infer/column-type.ts'
import { chooseEntity, keyPair, pairName, rankEntities } from '../../../lib/model/infer/entity.ts'
import { guessMeasure } from '../../../lib/model/infer/measure.ts'
import { placeKeys } from '../../../lib/model/infer/placement.ts'
import { formatOfBytes, formatOfKey } from '../../../lib/model/infer/sniff-format.ts'
import { refusedTime, timeReading } from '../../../lib/model/infer/time-reading.ts'

/** A column of 1,000 rows, of which nothing is known but what is said. */
function facts(name: string, more: Partial<ColumnFacts> = {}): ColumnFacts {
  const counts = {
    integers: 0,
    zeroLed: 0,
    numbers: 0,
    nonFinite: 0,
    booleans: 0,
    dates: 0,
    naiveTimes: 0,
    zonedTimes: 0,
    decimals: 0,
    oddNumbers: 0,
  }
  return { name, inside: [], rows: 1000, values: 1000, distinct: 50, length: 6, ...counts, ...more }
}

describe('types', () => {
  it.each<[string, Partial<ColumnFacts>, string, RegExp?]>([
    ['text', {}, 'VARCHAR'],
    ['whole numbers', { integers: 1000, numbers: 1000 }, 'BIGINT'],
    ['numbers', { integers: 900, numbers: 1000, decimals: 7 }, 'DOUBLE'],
    ['money', { integers: 900, numbers: 1000, decimals: 2 }, 'DOUBLE', /DECIMAL\(18,2\)/],
    ['numbers that begin with 0', { integers: 1000, numbers: 1000, zeroLed: 3 }, 'VARCHAR', /begin with 0/],
    ['numbers beyond 64 bits', { integers: 0, numbers: 1000, greatest: 1e19, least: 0 }, 'VARCHAR', /too large/],
    [
      'a word among numbers',
      { integers: 990, numbers: 990, oddNumber: 'many', oddNumbers: 1 },
      'VARCHAR',
      /990 of 1000 values are numbers.*'many'/,
    ],
    ['true and false', { booleans: 1000 }, 'BOOLEAN'],
    ['days', { dates: 1000, naiveTimes: 1000 }, 'DATE'],
    ['times', { dates: 10, naiveTimes: 1000 }, 'TIMESTAMP'],
    ['times with an offset', { zonedTimes: 1000 }, 'TIMESTAMPTZ'],
    ['times but a few', { zonedTimes: 980, oddTime: 'soon' }, 'TIMESTAMPTZ', /20 of 1000 values are none, such as 'soon'/],
    ['nothing', { values: 0, distinct: 0 }, 'VARCHAR', /no value/],
    // What an object says of its types stands, but text may hold a time.
    ['text of digits', { type: 'VARCHAR', integers: 1000, numbers: 1000 }, 'VARCHAR'],
    ['text of times', { type: 'VARCHAR', zonedTimes: 1000 }, 'TIMESTAMPTZ'],
    ['a list', { type: 'VARCHAR[]' }, 'VARCHAR[]'],
  ])('%s', (_, given, type, remark) => {
    const guess = guessType(facts('x', given))
    expect(guess.type).toBe(type)
    if (remark) expect(guess.remark).toMatch(remark)
    else expect(guess.remark).toBeUndefined()
  })

  it.each([
    [1.7e9, 's'],
    [1.7e12, 'ms'],
    [1.7e15, 'us'],
    [1.7e18, 'ns'],
    [1.7e7, undefined],
    [1e10, undefined],
  ])('%d is an epoch of unit %s', (value, unit) => {
    expect(timeReading(facts('x', { least: value, greatest: value + 5 }), { type: 'BIGINT' })?.unit).toBe(unit)
  })

  it('says why a column that is called a time is none', () => {
    expect(refusedTime(facts('created_at', { oddTime: '03/04/2024' }), { type: 'VARCHAR' })).toBe("text such as '03/04/2024' is no time")
    expect(refusedTime(facts('ts'), { type: 'DOUBLE' })).toBe('DOUBLE is no time; expected whole numbers of a unit')
    expect(refusedTime(facts('city'), { type: 'VARCHAR' })).toBeUndefined()
  })
})

describe('the entity and the number of a first view', () => {
  const columns = (...all: ColumnFacts[]) => new Map(all.map((one) => [one, one.type ?? 'VARCHAR']))
  const ranked = (...all: ColumnFacts[]) => rankEntities(all, columns(...all)).map(({ facts }) => facts.name)
  const int = { type: 'BIGINT' }

  it.each<[string, ColumnFacts[], string[]]>([
    ['a key by its name', [facts('country'), facts('customer_id'), facts('status')], ['customer_id', 'country', 'status']],
    ['not the key of its own rows', [facts('order_id', { distinct: 1000 }), facts('shop', { distinct: 3 })], ['shop']],
    ['a number only as a key', [facts('quantity', int), facts('userId', int)], ['userId']],
    [
      'no constant, no long text, no point',
      [facts('user', { distinct: 1 }), facts('item', { length: 90 }), facts('device', { type: 'DOUBLE' })],
      [],
    ],
    ['rather without NULL', [facts('user_id', { values: 200 }), facts('device_id')], ['device_id', 'user_id']],
    ['a field inside', [facts('user', { inside: ['id'] }), facts('kind')], ['user', 'kind']],
  ])('%s', (_, all, expected) => {
    expect(ranked(...all)).toEqual(expected)
  })

  it('takes two where rows come once a folder for both, and more often for each', () => {
    const all = [facts('store'), facts('product'), facts('units', int)]
    const found = rankEntities(all, columns(...all))
    const pair = keyPair(found)
    if (!pair) throw new Error('no pair')
    const most = (store: number, product: number, both: number) =>
      new Map([
        ['store', store],
        ['product', product],
        [pairName(...pair), both],
      ])
    expect(chooseEntity(found, most(4, 3, 1)).columns).toHaveLength(2)
    expect(chooseEntity(found, most(4, 3, 2)).columns).toHaveLength(1)
    expect(chooseEntity(found, most(1, 3, 1)).columns).toHaveLength(1)
    expect(chooseEntity([], new Map())).toEqual({ columns: [], reason: expect.stringContaining('no column') })
  })

  it.each<[string, ColumnFacts[], string | undefined]>([
    ['by its name', [facts('n', int), facts('total_price', int)], 'total_price'],
    ['with a point', [facts('n', int), facts('x', { type: 'DOUBLE' })], 'x'],
    [
      'no key, no place, no constant',
      [facts('zip', int), facts('lat', { type: 'DOUBLE' }), facts('n', { ...int, distinct: 1 })],
      undefined,
    ],
  ])('a number %s', (_, all, expected) => {
    expect(guessMeasure(all, columns(...all))?.name).toBe(expected)
  })

  it.each([
    ['CustomerID', 'customer_id'],
    ['userId', 'user_id'],
    ['HTTPStatus Code', 'http_status_code'],
    ['__a--b__', 'a_b'],
  ])('%s is %s', (name, snake) => {
    expect(snakeName(name)).toBe(snake)
  })
})

describe('formats', () => {
  const of = (text: string) => formatOfBytes(Buffer.from(text))
  it('by ending', () => {
    const keys = ['a/b.CSV.gz', 'x.tsv', 'x.jsonl.zst', 'x.json', 'x.snappy.parquet', 'x', 'x.txt', 'x.xlsx', 'README.md']
    expect(keys.map(formatOfKey)).toEqual(['csv', 'csv', 'json', 'json', 'parquet', undefined, undefined, 'other', 'other'])
  })
  it.each([
    ['PAR1....', 'parquet'],
    ['{"a": 1}\n{"a": 2}\n', 'json'],
    ['\uFEFF {"a": 1}', 'json'],
    ['a,b\n1,2\n', 'csv'],
    ['[info],2024-01-05\n', 'csv'],
  ])('by bytes: %j', (text, kind) => {
    expect(of(text)).toEqual({ kind })
  })
  it.each([
    ['[{"a": 1}]', 'one JSON array'],
    ['[1, 2]', 'one JSON array'],
    ['{\n  "a": 1\n}\n', 'JSON over several lines'],
    ['', 'nothing'],
    ['\n \n', 'blank lines'],
    ['a\0b', 'no text'],
    ['Obj\x01...', 'Avro'],
    ['BZh9', 'bzip2'],
  ])('names what it is not: %j', (text, found) => {
    expect(of(text)).toEqual({ found: expect.stringContaining(found) })
  })
})

describe('places', () => {
  const place = (keys: string[], others: string[] = [], more = {}) => {
    const found = placeKeys(keys, { others, markers: [], ...more })
    return found && { kind: found.kind, template: found.guess.template.text, places: [...found.keyOf.values()] }
  }
  it('is where it lies, unless something else lies there too', () => {
    expect(place(['dt=2024-01-05/a.csv'], ['notes/x.md'])).toMatchObject({ kind: 'whole' })
    expect(place(['dt=2024-01-05/a.csv'], ['dt=2024-01-05/x.md'])).toMatchObject({ kind: 'files', places: ['dt=2024-01-05/a.csv'] })
    const markers = ['dt=2024-01-05/_SUCCESS', '_metadata']
    expect(place(['dt=2024-01-05/a.csv'], ['dt=2024-01-05/x.md'], { markers })?.places).toEqual([
      'dt=2024-01-05/a.csv',
      'dt=2024-01-05/_SUCCESS',
    ])
  })
  it('is a folder of its time for a file that names it, with what else its folders say', () => {
    expect(place(['us/x-2024-01-05.csv', 'de/x-2024-01-05.csv', 'us/x-2024-01-06.csv', 'de/x-2024-01-06.csv'])).toEqual({
      kind: 'files',
      template: 'dt={yyyy}-{MM}-{dd}/{segment1}/',
      places: [
        'dt=2024-01-05/us/x-2024-01-05.csv',
        'dt=2024-01-05/de/x-2024-01-05.csv',
        'dt=2024-01-06/us/x-2024-01-06.csv',
        'dt=2024-01-06/de/x-2024-01-06.csv',
      ],
    })
    expect(place(['y=2024/m=1/d=5/a.csv', 'y=2024/m=1/d=6/a.csv'])?.places).toEqual(['dt=2024-01-05/a.csv', 'dt=2024-01-06/a.csv'])
  })
  it('is one of its own for each file', () => {
    const keys = ['y=2024/m=1/d=5/a.csv', 'year=2024/m=1/d=5/a.csv']
    expect(place(keys)?.places).toEqual(['dt=2024-01-05/y=2024-m=1-d=5-a.csv', 'dt=2024-01-05/year=2024-m=1-d=5-a.csv'])
  })
  it('is a day of change where it is asked for, else nowhere', () => {
    expect(place(['a.csv'])).toBeUndefined()
    expect(place(['a.csv', 'b/a.csv'], [], { dayOf: () => '2024-01-05' })?.places).toEqual(['dt=2024-01-05/a.csv', 'dt=2024-01-05/b/a.csv'])
  })
})

it('samples the first, the middle and the newest folder, and each value of a segment', () => {
  const objects = Array.from({ length: 1000 }, (_, at) => ({
    key: `${at}`,
    folder: `2024-${String(Math.floor(at / 2)).padStart(3, '0')}`,
    captures: { country: at === 777 ? 'de' : 'us' },
  }))
  const chosen = chooseSample(objects, 5)
  expect(chosen.map(({ folder }) => folder)).toEqual(['2024-000', '2024-125', '2024-250', '2024-374', '2024-388', '2024-499'])
  expect(chooseSample(objects.toReversed(), 5)).toHaveLength(6)
  expect(chooseSample(objects.slice(0, 2), 5)).toHaveLength(2)
})
