/** What Athena reads of views: the tables that publishing writes, read by its engine, and every value held against DuckDB's. */
import { GetTableCommand, type TableInput, UpdateTableCommand } from '@aws-sdk/client-glue'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readPublished } from '../../lib/lake/published.ts'
import { type AthenaLake, daysAgo, monthsAgo, openAthenaLake } from './athena-lake.ts'
import { readWithDuckDb } from './duckdb.ts'
import { EVERY_TYPE, renderTyped, sameValue, TYPED_COLUMNS, TYPED_ROWS } from './every-type.ts'

const servers = inject('servers')
/** The first day of the month before this one. */
const START = `${monthsAgo(1)}-01`
/** The first day of which hours are kept: each is a listing for the emulator. */
const HOURS = daysAgo(2)
/** A day on which nothing happened. */
const QUIET = daysAgo(5)
/** A day that was never computed. */
const LEFT_OUT = daysAgo(6)

const ticks = (name: string, start: string) => `description: Ticks.
key: ${name}/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, amount: BIGINT}
start: ${start}
`
const counted = (grain: string, from = 'ticks') => `/* ---
description: Ticks of one ${grain}.
entity: id
grain: ${grain}
repair: 3 days
inputs: {${from}: 1 ${grain}}
columns: {n: how many there were}
--- */
SELECT id, count(*) AS n, sum(amount) AS total FROM ${from} GROUP BY id
`
const VIEWS = ['every_type', 'by_hour', 'by_day', 'by_month']

describe.skipIf(servers.missing)(`views, read by Trino${servers.missing ? ` (${servers.missing})` : ''}`, () => {
  let lake: AthenaLake
  beforeAll(async () => {
    lake = await openAthenaLake('views', servers)
    const views = { 'by_hour.sql': counted('hour', 'recent'), 'by_day.sql': counted('day'), 'by_month.sql': counted('month') }
    const sources = { 'ticks.source.yaml': ticks('ticks', START), 'recent.source.yaml': ticks('recent', HOURS) }
    await lake.define({ ...sources, 'every_type.sql': EVERY_TYPE, ...views })
    await putTicks(lake)
    const backfill = (view: string, from: string, to: string) =>
      lake.done('backfill', '--local', view, '--from', from, '--to', to, '--workers', '1')
    await backfill('by_hour', HOURS, HOURS)
    await backfill('by_month', monthsAgo(1), monthsAgo(1))
    for (const view of ['by_day', 'every_type']) {
      await backfill(view, START, START)
      await backfill(view, daysAgo(8), daysAgo(7))
      await backfill(view, QUIET, daysAgo(4))
    }
    await lake.done('sweep')
    await lake.done('publish', '--all', '--unverified')
    await rewriteMonths(lake, 'by_month')
  })
  afterAll(() => lake?.close())

  const inFiles = async (view: string, select: string) => {
    const version = (await readPublished(lake.store)).value.views[view]
    return readWithDuckDb(lake.store, `features/${view}/v=${version}/`, select)
  }

  it('every type keeps its values, NULLs and extremes, in what a backfill and in what live wrote', async () => {
    const columns = ['dt', 'id', ...TYPED_COLUMNS.map((column) => `${renderTyped(column, 'trino')} AS ${column.name}`)]
    const { rows } = await lake.query(`SELECT ${columns.join(', ')} FROM every_type ORDER BY dt, id`)
    const select = ['dt', 'id', ...TYPED_COLUMNS.map((column) => renderTyped(column, 'duckdb'))]
    const expected = await inFiles('every_type', `SELECT ${select.join(', ')} FROM $files ORDER BY dt, id`)
    const same = (all: readonly (readonly unknown[])[]) =>
      all.map(([dt, id, ...values]) => [dt, id, ...TYPED_COLUMNS.map((column, at) => sameValue(column, values[at]))])
    expect(same(rows)).toEqual(same(expected))
    expect(rows.slice(0, 4).map(([dt, id]) => [dt, id])).toEqual(TYPED_ROWS.map((id) => [START, id]))
    expect(new Set(rows.map(([dt]) => dt))).toContain(daysAgo(1))
  })

  it.each(VIEWS.slice(1))('%s has every row of its files', async (view) => {
    const select = 'SELECT dt, id, n, total FROM'
    const { rows } = await lake.query(`${select} ${view} ORDER BY dt, id`)
    const expected = await inFiles(view, `${select} $files ORDER BY dt, id`)
    expect(rows.length).toBeGreaterThan(3)
    expect(rows).toEqual(expected.map(([dt, id, n, total]) => [dt, id, Number(n), Number(total)]))
  })

  it.each([
    ['by_hour', `${HOURS}-00`, `${daysAgo(1)}-23`],
    ['by_day', START, daysAgo(1)],
    ['by_month', monthsAgo(1), monthsAgo(1)],
  ])('the first and the last partition of %s are found by name', async (view, first, last) => {
    const { rows } = await lake.query(`SELECT DISTINCT dt FROM ${view} WHERE dt IN ('${first}', '${last}') ORDER BY dt`)
    expect(rows.flat()).toEqual([...new Set([first, last])])
    const { rows: outside } = await lake.query(`SELECT count(*) FROM ${view} WHERE dt < '${first}' OR dt > '${last.slice(0, 7)}-99'`)
    expect(outside).toEqual([[0]])
  })

  it('a partition that was computed and is empty, and one that was not computed, have no rows', async () => {
    expect((await inFiles('by_day', `SELECT count(*) FROM $files WHERE dt = '${QUIET}'`))[0]).toEqual([0n])
    for (const dt of [QUIET, LEFT_OUT]) expect((await lake.query(`SELECT * FROM by_day WHERE dt = '${dt}'`)).rows).toEqual([])
  })

  it('shows comments and says which version it reads', async () => {
    const { Table: table } = await lake.glue.send(new GetTableCommand({ DatabaseName: lake.database, Name: 'by_day' }))
    const version = (await readPublished(lake.store)).value.views.by_day
    expect(table?.Parameters).toMatchObject({ 'hindcast.view': 'by_day', 'hindcast.version': version })
    const { rows } = await lake.query('DESCRIBE by_day')
    expect(rows).toContainEqual(['n', 'bigint', '', 'how many there were'])
    expect(rows).toContainEqual(['dt', 'varchar', 'partition key', 'day in UTC'])
  })

  it('what was published already is right already, and a repair finds the one table that somebody changed', async () => {
    expect((await lake.done('publish', 'by_day')).out).toContain('3 tables of views were right already')
    const { out } = await lake.done('catalog', 'repair')
    expect(out).toBe('wrote table views.by_month\n9 tables of views were right already\n')
  })
})

async function putTicks(lake: AthenaLake): Promise<void> {
  for (let day = 0; ; day++) {
    const name = daysAgo(day)
    if (name < START) return
    const rows = TYPED_ROWS.map((id, at) => `${name} 0${at * 2}:59:59.999,${id},${day * 10 + at}\n${name} 23:00:00,${id},1\n`)
    const bytes = Buffer.from(`at,id,amount\n${name === QUIET ? '' : rows.join('')}`)
    if (day > 0) await lake.store.put(`ticks/dt=${name}/1.csv`, bytes)
    if (day > 0 && name >= HOURS) await lake.store.put(`recent/dt=${name}/1.csv`, bytes)
  }
}

/**
 * Athena projects months; Trino knows days, hours, minutes and seconds only. So the test, and nothing else, writes the same months as an enum.
 * That Athena takes MONTHS and NOW+1MONTH is from its manual and was not seen.
 */
async function rewriteMonths(lake: AthenaLake, name: string): Promise<void> {
  const { Table: found } = await lake.glue.send(new GetTableCommand({ DatabaseName: lake.database, Name: name }))
  const { Parameters = {}, StorageDescriptor, PartitionKeys } = found ?? {}
  expect(Parameters).toMatchObject({ 'projection.dt.interval.unit': 'MONTHS', 'projection.dt.range': `${monthsAgo(1)},NOW+1MONTH` })
  const others = Object.entries(Parameters).filter(([key]) => !key.startsWith('projection.dt.'))
  const months = { 'projection.dt.type': 'enum', 'projection.dt.values': [1, 0, -1].map(monthsAgo).join(',') }
  const input = { Name: name, TableType: 'EXTERNAL_TABLE', StorageDescriptor, PartitionKeys } satisfies TableInput
  const TableInput = { ...input, Parameters: { ...Object.fromEntries(others), ...months } }
  await lake.glue.send(new UpdateTableCommand({ DatabaseName: lake.database, TableInput }))
}
