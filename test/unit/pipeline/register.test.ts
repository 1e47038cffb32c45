/** What registering freezes, what it leaves as it is, and what it refuses. */
import { afterAll, describe, expect, it } from 'vitest'
import { listAll } from '../../../lib/lake/object-store.ts'
import { readCatalog, writeRegistry } from '../../../lib/lake/registry.ts'
import { readEntry } from '../../../lib/lake/view-entry.ts'
import { featureKey } from '../../../lib/model/catalog.ts'
import { catalogOf, openTestEngine, snapshot } from '../../support/house.ts'
import { editedTicks, openVersionsLake, putTicks, TICK_FILES, TICKS_NOW, type TickFile } from '../../support/versions-lake.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

/** Name, file, text, replacement. */
type Edit = [string, TickFile, string, string]

async function changes(files: Record<string, string>) {
  const lake = openVersionsLake(engine)
  await lake.register(TICK_FILES)
  const before = (await listAll(lake.store, { prefix: 'registry/' })).map(({ key }) => key)
  const list = Object.entries(files).map(([file, text]) => ({ file, text }))
  const registered = await writeRegistry(lake.store, await catalogOf(list, engine), TICKS_NOW)
  const after = (await listAll(lake.store, { prefix: 'registry/' })).map(({ key }) => key)
  return { changes: Object.fromEntries(registered.map(({ view, change }) => [view, change])), frozen: after.length - before.length }
}

describe('no new version', () => {
  it.each<[...Edit, 'none' | 'settings']>([
    ['a comment', 'busy.sql', 'FROM ticks', 'FROM ticks /* all */ -- of them\n', 'none'],
    ['spacing', 'busy.sql', 'SELECT id, count(*)', 'SELECT\n  id,\n  count( * )', 'none'],
    ['a changed rule', 'busy.sql', 'expect: [n > 0]', 'expect: [n > 0, count(*) > 1]', 'settings'],
    ['a description', 'busy.sql', 'Ticks of two days', 'What ticked in two days', 'settings'],
    ['available_after', 'busy.sql', 'grain: day', 'grain: day\navailable_after: 30 minutes', 'settings'],
    ['absent', 'busy.sql', 'grain: day', 'grain: day\nabsent: {n: 0}', 'settings'],
    ['a column that the view does not read', 'ticks.source.yaml', 'note: VARCHAR', 'note: VARCHAR, more: DOUBLE', 'none'],
    ['the type of a column that it does not read', 'ticks.source.yaml', 'note: VARCHAR', 'note: BIGINT', 'none'],
    ['the start of a source', 'ticks.source.yaml', '2001-03-01', '2001-02-01', 'none'],
  ])('%s', async (_name, file, from, to, change) => {
    const found = await changes(editedTicks(file, from, to))
    expect(found).toEqual({ changes: { busy: change, busier: 'none' }, frozen: 0 })
  })
})

describe('a new version, and one of what reads it', () => {
  it.each<Edit>([
    ['a token of the SQL', 'busy.sql', 'sum(amount)', 'max(amount)'],
    ['entity', 'busy.sql', 'entity: id', 'entity: [id, n]'],
    ['grain', 'busy.sql', 'grain: day', 'grain: hour'],
    ['zone', 'busy.sql', 'grain: day', 'grain: day\nzone: Europe/Rome'],
    ['window', 'busy.sql', 'ticks: 2 days', 'ticks: 3 days'],
    ['warm_up', 'busy.sql', 'warm_up: compute', 'warm_up: skip'],
    ['the type of a column that it reads', 'ticks.source.yaml', 'amount: BIGINT', 'amount: INTEGER'],
    ['event time', 'ticks.source.yaml', 'event_time: at', 'event_time: {column: at, zone: Asia/Tokyo}'],
    ['decoding options', 'ticks.source.yaml', 'format: csv', "format: {type: csv, delimiter: ';'}"],
  ])('%s', async (_name, file, from, to) => {
    const found = await changes(editedTicks(file, from, to))
    expect(found).toEqual({ changes: { busy: 'candidate', busier: 'candidate' }, frozen: 2 })
  })

  it('a changed reader is none of what it reads', async () => {
    const found = await changes(editedTicks('busier.sql', 'sum(n)', 'max(n)'))
    expect(found).toEqual({ changes: { busy: 'none', busier: 'candidate' }, frozen: 1 })
  })
})

describe('a changed grain, entity or zone under the same name', () => {
  const training = {
    'late.training.yaml': 'description: Late.\nlabels: {key: labels.parquet, time: at}\nfeatures:\n  - {view: busy, as: b}\n',
    'other.training.yaml': 'description: Other.\nlabels: {key: labels.parquet, time: at}\nfeatures: [{view: busier}]\n',
  }

  it.each<[...Edit, RegExp]>([
    [
      'grain',
      'busy.sql',
      'grain: day',
      'grain: hour',
      /busy changes grain day to hour .* such as busy_hourly, or hindcast register --breaking/,
    ],
    ['entity', 'busy.sql', 'entity: id', 'entity: [id, n]', /busy changes entity id to id, n .* such as busy_by_id_n,/],
    [
      'zone',
      'busy.sql',
      'grain: day',
      'grain: day\nzone: America/New_York',
      /busy changes zone UTC to America\/New_York .* such as busy_new_york,/,
    ],
  ])('%s is refused, with who reads it and a better name', async (_name, file, from, to, says) => {
    const lake = openVersionsLake(engine)
    await lake.register(TICK_FILES)
    const before = await snapshot(lake.store, '')
    const files = { ...editedTicks(file, from, to), ...training }
    const refused = lake.register(files)
    await expect(refused).rejects.toThrow(says)
    await expect(refused).rejects.toThrow('that breaks view busier and training set late;')
    expect(await snapshot(lake.store, '')).toEqual(before)
    const { busy = '' } = await lake.register(files, { breaking: true })
    expect((await readEntry(lake.store, 'busy'))?.candidate).toBe(busy)
    // Said once, and what is the candidate is no change any more.
    await lake.register(editedTicks('busy.sql', 'sum(amount)', 'max(amount)', { ...TICK_FILES, ...files }))
  })

  it('names readers that are registered and no longer defined, and nobody where nobody reads', async () => {
    const lake = openVersionsLake(engine)
    await lake.register(TICK_FILES)
    const { 'busier.sql': _, ...rest } = editedTicks('busy.sql', 'grain: day', 'grain: hour')
    await expect(lake.register(rest)).rejects.toThrow('that breaks view busier;')
    await expect(lake.register(editedTicks('busier.sql', 'entity: id', 'entity: [id, n]'))).rejects.toThrow(
      'no view or training set names it yet; expected a name of its own such as busier_by_id_n',
    )
  })

  it('back to what is published is no change', async () => {
    const lake = openVersionsLake(engine)
    await lake.register(TICK_FILES)
    await putTicks(lake.store, 10)
    await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-10' })
    await lake.publish(['busy'])
    await lake.register(editedTicks('busy.sql', 'grain: day', 'grain: hour'), { breaking: true })
    await lake.register(TICK_FILES)
  })
})

describe('what an entry keeps', () => {
  it('the settings that each version had last, and when it came', async () => {
    const lake = openVersionsLake(engine)
    const first = await lake.register(TICK_FILES)
    lake.now += 1000
    const files = editedTicks('busy.sql', 'sum(amount) AS total', 'max(amount) AS most')
    const second = await lake.register(editedTicks('busy.sql', 'n > 0', 'most > 0', files))
    lake.now += 1000
    await lake.register(editedTicks('busy.sql', 'n > 0', 'most > 1', files))
    const entry = await readEntry(lake.store, 'busy')
    expect(entry).toMatchObject({ candidate: second.busy, settings: { expect: [{ sql: 'most > 1' }] } })
    expect(entry?.versions).toMatchObject({
      [first.busy ?? '']: { registered: '2001-03-11T06:00:00.000Z', settings: { expect: [{ sql: 'n > 0' }] } },
      [second.busy ?? '']: { registered: '2001-03-11T06:00:01.000Z' },
    })
    await lake.register(TICK_FILES)
    expect(await readEntry(lake.store, 'busy')).toMatchObject({
      candidate: first.busy,
      settings: { expect: [{ sql: 'n > 0' }] },
      versions: { [first.busy ?? '']: { registered: '2001-03-11T06:00:00.000Z' } },
    })
  })

  it('sources that are no longer defined, for the live versions that read them', async () => {
    const lake = openVersionsLake(engine)
    const { busy = '', busier = '' } = await lake.register(TICK_FILES)
    await putTicks(lake.store, 3)
    await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-03' })
    await lake.publish(['busy', 'busier'])
    await lake.register({
      'beats.source.yaml': TICK_FILES['ticks.source.yaml'],
      'busy.sql': TICK_FILES['busy.sql'].replaceAll('ticks', 'beats'),
      'busier.sql': TICK_FILES['busier.sql'],
    })
    const { sources, features } = await readCatalog(lake.store, lake.now)
    expect([...sources.keys()]).toEqual(['beats', 'ticks'])
    expect([...features.keys()]).toEqual(expect.arrayContaining([featureKey('busy', busy), featureKey('busier', busier)]))
  })
})
