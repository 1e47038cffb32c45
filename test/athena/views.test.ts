/** What Athena reads of views: the tables that publishing writes, read by its engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missingEmulator } from '../aws/emulator.ts'
import { type AthenaLake, daysAgo, openAthenaLake } from './athena-lake.ts'
import { missingTrino } from './trino.ts'

const missing = missingEmulator() ?? missingTrino()

const TICKS = `description: Ticks.
key: ticks/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, amount: BIGINT}
start: ${daysAgo(6)}
`
const BUSY = `/* ---
description: Ticks of a day.
entity: id
grain: day
inputs: {ticks: 1 day}
columns: {n: how many there were}
--- */
SELECT id, count(*) AS n, sum(amount) AS total FROM ticks GROUP BY id
`

describe.skipIf(missing !== undefined)(`views, read by Trino${missing === undefined ? '' : ` (${missing})`}`, () => {
  let lake: AthenaLake
  beforeAll(async () => {
    lake = await openAthenaLake()
    await lake.define({ 'ticks.source.yaml': TICKS, 'busy.sql': BUSY })
    for (let day = 6; day >= 1; day--)
      await lake.store.put(`ticks/dt=${daysAgo(day)}/1.csv`, Buffer.from(`at,id,amount\n${daysAgo(day)} 01:00:00,a,${day}\n`))
    await lake.done('backfill', '--local', '--from', daysAgo(6), '--to', daysAgo(1), '--workers', '1')
  })
  afterAll(() => lake?.close())

  it('a published view is a table', async () => {
    const { out } = await lake.done('publish', 'busy', '--unverified')
    expect(out).toContain('wrote table features.busy\nwrote table features.busy__history')
    const { rows, columns } = await lake.trino.query('SELECT dt, id, n, total, feature_time FROM busy ORDER BY dt')
    expect(columns.map(({ type }) => type)).toEqual(['varchar', 'varchar', 'bigint', 'bigint', 'timestamp(3)'])
    expect(rows).toEqual([6, 5, 4, 3, 2, 1].map((day) => [daysAgo(day), 'a', 1, day, `${daysAgo(day - 1)} 00:00:00.000`]))
  })
})
