/** The tables of a lake in an emulated Glue: who wins, what a failure leaves, what is never overwritten. Permissions are checked by nobody. */
import { CreateDatabaseCommand, CreateTableCommand, GetTableCommand, GetTableVersionsCommand, GlueClient } from '@aws-sdk/client-glue'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTables } from '../../lib/lake/open-tables.ts'
import { updatePublished } from '../../lib/lake/published.ts'
import { S3Store } from '../../lib/lake/s3-store.ts'
import type { TableStore } from '../../lib/lake/table-store.ts'
import { TransientError } from '../../lib/model/errors.ts'
import { publish } from '../../lib/pipeline/publish.ts'
import { rollback } from '../../lib/pipeline/rollback.ts'
import { inlineMap } from '../../lib/pipeline/run.ts'
import { syncTables } from '../../lib/pipeline/sync-tables.ts'
import { runCli } from '../e2e/run-cli.ts'
import { openTestEngine } from '../support/house.ts'
import { editedTicks, openVersionsLake, putTicks, TICK_FILES, type VersionsLake } from '../support/versions-lake.ts'
import { stubClientSettings } from './client-settings.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'

const missing = missingEmulator()
const CHANGED = editedTicks('busy.sql', 'sum(amount) AS total', 'max(amount) AS most, CAST(min(amount) AS DOUBLE) AS least')
const PERIOD = { from: '2001-03-01', to: '2001-03-02' }

describe.skipIf(missing !== undefined)(`tables in Glue, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const engine = openTestEngine()
  let emulator: Emulator
  let glue: GlueClient
  let tables: TableStore
  let lake: VersionsLake
  let versions: Record<string, string>
  let lakes = 0

  beforeAll(async () => {
    emulator = await startEmulator()
    stubClientSettings(emulator.endpoint)
    glue = new GlueClient({})
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    emulator?.close()
    await engine.close()
  })

  /** A lake of two computed versions, of which the first is published, without tables. */
  beforeEach(async () => {
    const name = `lake-${++lakes}`
    const client = new S3Client({ forcePathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: name }))
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: `lake_${lakes}` } }))
    tables = await openTables(`lake_${lakes}`)
    lake = openVersionsLake(engine, new S3Store(client, name))
    await putTicks(lake.store, 2)
    await lake.register(TICK_FILES)
    await (await lake.house()).backfill(PERIOD)
    await lake.publish(['busy', 'busier'])
    versions = await lake.register(CHANGED)
    await (await lake.house()).backfill(PERIOD)
  })

  const read = async (name: string) => (await glue.send(new GetTableCommand({ DatabaseName: tables.database, Name: name }))).Table
  const count = async (name: string) =>
    (await glue.send(new GetTableVersionsCommand({ DatabaseName: tables.database, TableName: name }))).TableVersions?.length
  const columns = async (name: string) =>
    (await read(name))?.StorageDescriptor?.Columns?.map(({ Name: column, Type: type }) => `${column} ${type}`)
  const publishing = (with_: TableStore = tables) =>
    publish({ views: [{ view: 'busy' }, { view: 'busier' }], verified: 'yes' }, { ...lake.effects, tables: with_ })

  it('a publish changes columns and version of a table in one update, a rollback changes them back', async () => {
    expect(await syncTables('all', { ...lake.effects, tables })).toMatchObject({
      written: ['busier', 'busier__history', 'busy', 'busy__history', 'ticks'],
      failed: [],
    })
    expect(await columns('busy')).toEqual(['id string', 'feature_time timestamp', 'n bigint', 'total bigint'])
    const { tables: report } = await publishing()
    expect(report).toMatchObject({ written: ['busier', 'busier__history', 'busy', 'busy__history'], unchanged: 1, failed: [] })
    expect(await columns('busy')).toEqual(['id string', 'feature_time timestamp', 'n bigint', 'most bigint', 'least double'])
    expect((await read('busy'))?.Parameters).toMatchObject({ 'hindcast.version': versions.busy })
    expect(await count('busy')).toBe(2)
    expect(await columns('busy__history')).toContain('total bigint')
    await rollback(
      ['busy', 'busier'],
      { ...lake.effects, tables },
      inlineMap(async () => Promise.reject(new Error('no gaps'))),
      {
        settings: { prices: {} as never, taskSeconds: 300, tasksWanted: 1 },
        newRun: () => 'run',
      },
    )
    expect(await columns('busy')).toEqual(['id string', 'feature_time timestamp', 'n bigint', 'total bigint'])
    expect(await count('busy')).toBe(3)
  })

  it.each([
    ['a new column', 'sum(amount) AS total, min(amount) AS least', ['n bigint', 'total bigint', 'least bigint']],
    ['a dropped column', 'count(*) AS n', ['n bigint']],
    ['a changed type', 'CAST(sum(amount) AS DOUBLE) AS total', ['n bigint', 'total double']],
  ])('%s is published in one update of the table, and in one of the history', async (_, select, expected) => {
    await syncTables('all', { ...lake.effects, tables })
    const edited =
      select === 'count(*) AS n'
        ? editedTicks('busy.sql', ', sum(amount) AS total', '')
        : editedTicks('busy.sql', 'sum(amount) AS total', select)
    versions = await lake.register(edited)
    await (await lake.house()).backfill(PERIOD)
    await publishing()
    expect(await columns('busy')).toEqual(['id string', 'feature_time timestamp', ...expected])
    expect((await read('busy'))?.Parameters).toMatchObject({ 'hindcast.version': versions.busy })
    expect([await count('busy'), await count('busy__history')]).toEqual([2, 2])
  })

  it('of writers that decided on the same table one is refused, and decides anew on what is published by then', async () => {
    await syncTables('all', { ...lake.effects, tables })
    const seen: string[] = []
    const late: TableStore = {
      ...methods(tables),
      async put(table, over) {
        // While this writer has read the table and the registry, another one publishes and writes.
        if (table.Name === 'busy' && seen.length === 0) {
          seen.push('another publishes')
          await publishing()
        }
        await tables.put(table, over).catch((error: unknown) => {
          seen.push(error instanceof Error ? error.name : '')
          throw error
        })
      },
    }
    await glue.send(new GetTableCommand({ DatabaseName: tables.database, Name: 'busy' }))
    await touch('busy')
    const report = await syncTables(['busy'], { ...lake.effects, tables: late })
    expect(seen).toEqual(['another publishes', 'ConflictError'])
    expect(report.failed).toEqual([])
    expect((await read('busy'))?.Parameters).toMatchObject({ 'hindcast.version': versions.busy })
  })

  it('a table that cannot be written is told, what is published stays, and the next publish writes it', async () => {
    const failing: TableStore = {
      ...methods(tables),
      put: (table, over) => (table.Name === 'busy' ? Promise.reject(new TransientError('Glue is not there')) : tables.put(table, over)),
    }
    const { published, tables: report } = await publishing(failing)
    expect(published.map(({ view }) => view)).toEqual(['busy', 'busier'])
    expect(report?.failed).toEqual([{ table: 'busy', error: 'TransientError', reason: 'Glue is not there' }])
    expect((await publishing()).tables).toMatchObject({ written: ['busy'], unchanged: 4, failed: [] })
  })

  it('a repair writes what is gone or was changed, removes what nothing asks for, and keeps what others keep in a table', async () => {
    await publishing()
    await touch('busy', { 'projection.dt.range': '2001-01-01,2001-01-02', statistics: 'by a crawler' })
    await tables.delete('busier')
    await tables.put({ ...(await standing('busy')), Name: 'old_view' }, undefined)
    expect(await syncTables('all', { ...lake.effects, tables })).toMatchObject({
      written: ['busier', 'busy'],
      unchanged: 3,
      removed: ['old_view'],
    })
    expect((await read('busy'))?.Parameters).toMatchObject({ 'projection.dt.range': '2001-03-01,NOW+1DAY', statistics: 'by a crawler' })
    expect(await syncTables('all', { ...lake.effects, tables })).toMatchObject({ written: [], unchanged: 5, removed: [] })
  })

  it('a source whose header cannot be read is told, and keeps no other table from being written', async () => {
    await lake.store.put('ticks/dt=2001-03-03/ticks.csv.gz', Buffer.from('no gzip'))
    const { published, tables: report } = await publishing()
    expect(published).toHaveLength(2)
    const reason = 'ticks/dt=2001-03-03/ticks.csv.gz cannot be unpacked, so the columns of its header are not known'
    expect(report).toMatchObject({
      written: expect.arrayContaining(['busy', 'busier']),
      failed: [{ table: 'ticks', error: 'DataError', reason }],
    })
  })

  it('the tables of a view that is published no more go with the next look at it', async () => {
    await publishing()
    await updatePublished(lake.store, ({ views: { busier: _, ...views }, ...rest }) => ({ ...rest, views }))
    expect(await syncTables(['busy', 'busier'], { ...lake.effects, tables })).toMatchObject({
      removed: ['busier', 'busier__history'],
      failed: [],
    })
    expect(await tables.read('busier__history')).toBeUndefined()
  })

  it('a table that is not of this lake is neither written nor removed', async () => {
    await glue.send(new CreateTableCommand({ DatabaseName: tables.database, TableInput: { Name: 'busy', Description: 'mine' } }))
    const { failed } = await syncTables('all', { ...lake.effects, tables })
    expect(failed).toEqual([
      { table: 'busy', error: 'InvalidInputError', reason: expect.stringContaining('table busy is not one of hindcast') },
    ])
    expect((await read('busy'))?.Description).toBe('mine')
  })

  it('the command line repairs, says what is wrong with a database, and wants a bucket', async () => {
    const on = (database: string, place = lake.store.location) =>
      runCli(['--lake', place, '--glue-database', database, 'catalog', 'repair'])
    expect(await on(tables.database)).toMatchObject({ code: 0, out: expect.stringContaining(`wrote table ${tables.database}.busy\n`) })
    expect(await on('nowhere')).toMatchObject({ code: 2, out: expect.stringContaining('Glue database nowhere does not exist') })
    expect(await on('No Where')).toMatchObject({ code: 2, err: expect.stringContaining('expected lower-case letters, digits and _') })
    expect(await on(tables.database, 'some-folder')).toMatchObject({ code: 2, err: expect.stringContaining('expected --lake s3://BUCKET') })
  })

  async function standing(name: string) {
    const found = await tables.read(name)
    if (!found) throw new Error(`there is no table ${name}`)
    return found.table
  }

  /** Somebody changes parameters of a table. */
  async function touch(name: string, parameters: Readonly<Record<string, string>> = { 'projection.dt.range': '2001-01-01,2001-01-02' }) {
    const found = await tables.read(name)
    const table = await standing(name)
    await tables.put({ ...table, Parameters: { ...table.Parameters, ...parameters } }, found)
  }
})

/** The store's own methods, of which a test replaces one. */
function methods(store: TableStore): TableStore {
  return {
    database: store.database,
    read: (name) => store.read(name),
    put: (table, over) => store.put(table, over),
    delete: (name) => store.delete(name),
    list: () => store.list(),
  }
}
