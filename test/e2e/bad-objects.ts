import { writeParquet } from '../support/write-parquet.ts'

/** One way in which a raw object can be bad, with what its error has to say besides the object's key. */
export interface BadObject {
  readonly name: string
  readonly format: 'parquet' | 'json lines' | 'csv'
  readonly bytes: Uint8Array
  readonly says: readonly RegExp[]
}

/** Rows of one day: enough that every column of a Parquet file has pages to break. */
function dayOfRows(day: string, amount: number): string {
  return `SELECT TIMESTAMP '${day}' + INTERVAL 1 SECOND * i AS happened, 'who' || (i % 3) AS who, ${amount} + i * 7919 % 1009 AS amount FROM range(5000) AS t(i)`
}

/** A good object of a day; `amount` tells two of them apart. */
export async function goodObject(format: BadObject['format'], day: string, amount: number): Promise<Uint8Array> {
  if (format === 'parquet') return parquet(dayOfRows(day, amount))
  const rows = [0, 1, 2].map((at) => ({ happened: `${day} 0${at}:00:00`, who: `who${at}`, amount: amount + at }))
  const lines =
    format === 'csv' ? ['happened,who,amount', ...rows.map((row) => Object.values(row).join(','))] : rows.map((row) => JSON.stringify(row))
  return text(...lines)
}

/** Every bad object of a day that a source with columns happened, who and amount has to refuse. */
export async function badObjects(day: string): Promise<BadObject[]> {
  const good = await goodObject('parquet', day, 1)
  const footer = good.length - 8 - new DataView(good.buffer, good.byteOffset).getUint32(good.length - 8, true)
  const row = { happened: `${day} 01:00:00`, who: 'ann', amount: 1 }
  const [json, csv] = [JSON.stringify(row), Object.values(row).join(',')]
  const header = 'happened,who,amount'
  return [
    { name: 'a Parquet file whose event times are corrupt', format: 'parquet', bytes: broken(good, 4, 60), says: [/cannot be read/] },
    {
      name: 'a Parquet file whose last column is corrupt',
      format: 'parquet',
      bytes: broken(good, footer - 200, 190),
      says: [/cannot be read/],
    },
    { name: 'a Parquet file whose footer is corrupt', format: 'parquet', bytes: broken(good, footer, 50), says: [/cannot be read/] },
    { name: 'a truncated Parquet file', format: 'parquet', bytes: good.slice(0, good.length / 2), says: [/cannot be read/] },
    { name: 'an empty Parquet file', format: 'parquet', bytes: text(), says: [/cannot be read/, /empty \(0 bytes\)/] },
    {
      name: 'a Parquet column of the wrong type',
      format: 'parquet',
      bytes: await parquet(`SELECT * REPLACE (amount::VARCHAR AS amount) FROM (${dayOfRows(day, 1)})`),
      says: [/column 'amount'/, /VARCHAR/, /expected BIGINT/],
    },
    {
      name: 'a Parquet file without a column',
      format: 'parquet',
      bytes: await parquet(`SELECT * EXCLUDE (amount) FROM (${dayOfRows(day, 1)})`),
      says: [/no column 'amount'/, /found happened, who/],
    },
    {
      name: 'a Parquet file without its event time',
      format: 'parquet',
      bytes: await parquet(`SELECT * EXCLUDE (happened) FROM (${dayOfRows(day, 1)})`),
      says: [/no column 'happened'/, /found who, amount/],
    },
    {
      name: 'a JSON file with one bad line',
      format: 'json lines',
      bytes: text(json, '{"happened":', json),
      says: [/:2: not JSON/, /allowed 0/, /bad_rows in/],
    },
    { name: 'a JSON line that is no object', format: 'json lines', bytes: text(json, json, '[1]'), says: [/:3: not a JSON object: \[1\]/] },
    {
      name: 'a JSON value of the wrong type',
      format: 'json lines',
      bytes: text(json, json.replace(':1}', ':"many"}')),
      says: [/:2: column 'amount': many is not BIGINT/],
    },
    {
      name: 'a JSON line without its event time',
      format: 'json lines',
      bytes: text('{"who":"ann","amount":1}'),
      says: [/:1: column 'happened': the event time is NULL/],
    },
    {
      name: 'a JSON file that is not UTF-8',
      format: 'json lines',
      bytes: new Uint8Array([...text(json), 0x7b, 0xff, 0xfe, 0x7d, 10]),
      says: [/:2: /, /unicode|utf-?8/i],
    },
    {
      name: 'an event time that no folder can be named by',
      format: 'json lines',
      bytes: text(json, json.replace(/"2001/, '"12001')),
      says: [/:2: column 'happened': the event time 12001-03-02 01:00:00 lies outside the years 1000 to 9998/],
    },
    {
      name: 'an infinite event time',
      format: 'json lines',
      bytes: text(json.replace(/"2001[^"]*"/, '"infinity"')),
      says: [/:1: column 'happened'/, /infinity/],
    },
    {
      name: 'a CSV value of the wrong type',
      format: 'csv',
      bytes: text(header, csv, csv.replace(/,1$/, ',3.7')),
      says: [/:3: column 'amount': 3.7 is not BIGINT/],
    },
    {
      name: 'a CSV line with too few fields',
      format: 'csv',
      bytes: text(header, csv, '2001-03-02 01:00:00,ann', csv),
      says: [/:3: /, /columns: 3 found: 2/i],
    },
    {
      name: 'a CSV line with too many fields',
      format: 'csv',
      bytes: text(header, `${csv},x`, csv),
      says: [/:2: /, /columns: 3 found: 4/i],
    },
    {
      name: 'a CSV file without a column',
      format: 'csv',
      bytes: text('happened,who', '2001-03-02 01:00:00,ann'),
      says: [/no column 'amount'/, /found happened, who/],
    },
    {
      name: 'a CSV quote that is not closed',
      format: 'csv',
      bytes: text(header, csv.replace('ann', '"ann'), csv),
      says: [/:2: value with unterminated quote/],
    },
    {
      name: 'a CSV file that has a column twice',
      format: 'csv',
      bytes: text('happened,who,who,amount', '2001-03-02 01:00:00,ann,bob,1'),
      says: [/has column 'who' twice; found happened, who, who, amount/],
    },
    { name: 'an empty CSV file', format: 'csv', bytes: text(), says: [/is empty/, /expected a header/] },
  ]
}

async function parquet(sql: string): Promise<Uint8Array> {
  const [made] = await writeParquet([{ key: 'one', sql }], 'bad-input')
  if (!made) throw new Error('nothing was written')
  return new Uint8Array(made[1])
}

function text(...lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
}

function broken(bytes: Uint8Array, from: number, length: number): Uint8Array {
  return Uint8Array.from(bytes).fill(0xff, from, from + length)
}
