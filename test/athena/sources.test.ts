/** What Athena reads of sources: raw objects as they lie where Hive can read them, and what was landed of arrival sources. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { writeParquet } from '../support/write-parquet.ts'
import { type AthenaLake, daysAgo, openAthenaLake } from './athena-lake.ts'
import { readWithDuckDb } from './duckdb.ts'

const servers = inject('servers')
const [FIRST, SECOND] = [daysAgo(3), daysAgo(2)]

const source = (lines: string) => `description: Raw.\nstart: ${FIRST}\n${lines}\n`
const DEFINITIONS = {
  'orders.source.yaml': source(`key: orders/{yyyy}/month={MM}/{dd}/
format: {type: csv, delimiter: ;}
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, amount: BIGINT}`),
  'clicks.source.yaml': source(`key: clicks/{site}/dt={yyyy}-{MM}-{dd}/
sorted: false
format: json lines
event_time: at
columns: {at: TIMESTAMPTZ, user_id: {type: BIGINT, path: $.userId}, price: 'DECIMAL(9,2)', tags: 'VARCHAR[]', city: {type: VARCHAR, path: $.at_home.city}}`),
  'flights.source.yaml': source(`key: flights/dt={yyyy}-{MM}-{dd}/hour={HH}/
format: parquet
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, seats: UINTEGER, miles: DOUBLE}`),
  'payments.source.yaml': source(`key: payments/dt={yyyy}-{MM}-{dd}/
folders: arrival
format: json lines
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, amount: 'DECIMAL(9,2)'}`),
  'odd.source.yaml': source(`key: odd/{yyyy}-{MM}/{team}/{dd}/
format: csv
event_time: at
sorted: false
columns: {at: TIMESTAMP}`),
  'paid.sql': `/* ---
description: Paid.
entity: id
grain: day
inputs: {payments: 1 day}
--- */
SELECT id, sum(amount) AS amount FROM payments GROUP BY id
`,
}

describe.skipIf(servers.missing)(`sources, read by Trino${servers.missing ? ` (${servers.missing})` : ''}`, () => {
  let lake: AthenaLake
  let repaired = ''
  beforeAll(async () => {
    lake = await openAthenaLake('sources', servers)
    await lake.define(DEFINITIONS)
    await putRaw(lake)
    await lake.done('register')
    await lake.done('backfill', '--local', '--last', '3d', '--workers', '1')
    repaired = (await lake.done('catalog', 'repair')).out
  })
  afterAll(() => lake?.close())

  it('CSV is read in the order of its header, as text, packed or not', async () => {
    const { rows } = await lake.query('SELECT dt, id, at, amount, "column_4" FROM orders ORDER BY dt, id')
    const [first, second] = [FIRST, SECOND].map((day) => `${day.slice(0, 4)}/month=${day.slice(5, 7)}/${day.slice(8)}`)
    expect(rows).toEqual([
      [first, 'a;1', `${FIRST} 01:00:00`, '5', 'x'],
      [first, 'b\\n "2"', `${FIRST} 02:00:00`, '', 'y'],
      [second, 'c', `${SECOND} 01:00:00`, '-7', ''],
    ])
  })

  it('JSON lines are read by key; segments of the key have to be named', async () => {
    await expect(lake.query('SELECT count(*) FROM clicks')).rejects.toThrow(/site/)
    const { rows } = await lake.query(`SELECT dt, at, CAST(user_id AS VARCHAR), price, tags FROM clicks WHERE site = 'nl' ORDER BY dt, at`)
    expect(rows).toEqual([
      [FIRST, `${FIRST}T01:00:00Z`, '9007199254740993', '0.10', ['a', 'b']],
      [FIRST, `${FIRST}T02:00:00Z`, null, null, null],
      [SECOND, `${SECOND}T01:00:00Z`, '2', '1234567.89', []],
    ])
    expect(repaired).toContain('note: table clicks has no column city: it stands at $.at_home.city, not at the top of the record')
  })

  it('Parquet is read as it is, without what Athena would read wrongly', async () => {
    const { rows } = await lake.query('SELECT dt, id, CAST(at AS VARCHAR), miles FROM flights ORDER BY dt')
    expect(rows).toEqual([
      [`${FIRST}/hour=05`, 'KL1', `${FIRST} 05:00:00.000`, 0.1],
      [`${SECOND}/hour=23`, null, `${SECOND} 23:59:59.999`, null],
    ])
    expect(repaired).toContain('note: table flights has no column seats: Athena cannot read UINTEGER from Parquet')
  })

  it('an arrival source is read as it was landed, by event time', async () => {
    const { rows } = await lake.query('SELECT dt, id, CAST(amount AS VARCHAR), CAST(at AS VARCHAR) FROM payments ORDER BY dt, id')
    const select = `SELECT dt, id, CAST(amount AS VARCHAR), strftime("at", '%Y-%m-%d %H:%M:%S.%g') FROM $files ORDER BY dt, id`
    expect(rows).toEqual(await readWithDuckDb(lake.store, 'landed/payments/', select))
    expect(rows.map(([dt, id]) => [dt, id])).toEqual([
      [FIRST, 'late'],
      [SECOND, 'on time'],
    ])
  })

  it('says which source has no table, and why', async () => {
    expect(repaired).toContain('note: source odd has no table: other segments lie between the times of its key')
    const { rows } = await lake.query('SHOW TABLES')
    expect(rows.flat()).toEqual(['clicks', 'flights', 'orders', 'payments'])
  })
})

async function putRaw(lake: AthenaLake): Promise<void> {
  const put = (key: string, bytes: Uint8Array | string) => lake.store.put(key, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
  const slashed = (day: string) => `${day.slice(0, 4)}/month=${day.slice(5, 7)}/${day.slice(8)}`
  await put(`orders/${slashed(FIRST)}/1.csv`, `id;at;amount;What else?\n"a;1";${FIRST} 01:00:00;5;x\n"b\\n ""2""";${FIRST} 02:00:00;;y\n`)
  await put(`orders/${slashed(SECOND)}/1.csv.gz`, gzipSync(`id;at;amount;What else?\nc;${SECOND} 01:00:00;-7;\n`))
  await put(
    `clicks/nl/dt=${FIRST}/1.json`,
    `{"at": "${FIRST}T01:00:00Z", "userId": 9007199254740993, "price": 0.10, "tags": ["a", "b"]}\n{"at": "${FIRST}T02:00:00Z"}\n`,
  )
  await put(
    `clicks/nl/dt=${SECOND}/1.json.gz`,
    gzipSync(`{"at": "${SECOND}T01:00:00Z", "userId": 2, "price": 1234567.89, "tags": [], "at_home": {"city": "x"}}\n`),
  )
  await put(`clicks/be/dt=${SECOND}/1.json`, `{"at": "${SECOND}T01:00:00Z", "userId": 3}\n`)
  const flights = [
    {
      key: `flights/dt=${FIRST}/hour=05/1.parquet`,
      sql: `SELECT TIMESTAMP '${FIRST} 05:00:00' AS at, 'KL1' AS id, 4294967295::UINTEGER AS seats, 0.1::DOUBLE AS miles`,
    },
    {
      key: `flights/dt=${SECOND}/hour=23/1.parquet`,
      sql: `SELECT TIMESTAMP '${SECOND} 23:59:59.999' AS at, NULL::VARCHAR AS id, 1::UINTEGER AS seats, NULL::DOUBLE AS miles`,
    },
  ]
  for (const [key, bytes] of await writeParquet(flights, 'athena')) await put(key, bytes)
  const paid = [
    `{"at": "${FIRST} 23:59:59.999", "id": "late", "amount": "0.10"}`,
    `{"at": "${SECOND} 00:00:00", "id": "on time", "amount": "9999999.99"}`,
  ]
  await put(`payments/dt=${SECOND}/1.json`, `${paid.join('\n')}\n`)
}
