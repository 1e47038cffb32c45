/** What the registry says of objects that are damaged, and that it loses nothing over them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJson } from '../../../lib/lake/json-object.ts'
import { PUBLISHED_COPIES } from '../../../lib/lake/keys.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { listAll } from '../../../lib/lake/object-store.ts'
import { readPublished, updatePublished } from '../../../lib/lake/published.ts'
import { readCatalog } from '../../../lib/lake/registry.ts'
import { featureKey } from '../../../lib/model/catalog.ts'
import { type Published, switchVersions, withPin } from '../../../lib/model/published.ts'
import { openTestEngine, snapshot } from '../../support/house.ts'
import { openVersionsLake, TICK_FILES, TICKS_NOW, type VersionsLake } from '../../support/versions-lake.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const BUSY = 'registry/busy.json'
const PUBLISHED = 'registry/published.json'
const put = (lake: VersionsLake, key: string, text: string) => lake.store.put(key, Buffer.from(text))
const PIN = { since: '2001-03-11T06:00:00.000Z' }

describe('a damaged object', () => {
  it.each([
    [
      'not JSON',
      PUBLISHED,
      '{"format": 1,',
      'DataError',
      'memory/registry/published.json is not JSON; expected an object that hindcast wrote',
    ],
    ['empty', PUBLISHED, '', 'DataError', 'published.json is not JSON'],
    [
      'no format',
      PUBLISHED,
      '{"views": {}}',
      'DataError',
      'published.json names no format; expected an object that hindcast wrote, with format 1',
    ],
    [
      'newer',
      PUBLISHED,
      '{"format": 2, "views": {}}',
      'InvalidInputError',
      'published.json has format 2; this build reads format 1, a newer hindcast',
    ],
    [
      'no views',
      PUBLISHED,
      '{"format": 1}',
      'DataError',
      "published.json is damaged: 'views': Invalid input: expected record, received undefined",
    ],
    [
      'a wrong version',
      PUBLISHED,
      '{"format": 1, "views": {"busy": "v1"}}',
      'DataError',
      "'views.busy': Invalid version: expected 12 hex digits",
    ],
    ['an unknown key', PUBLISHED, '{"format": 1, "views": {}, "pin": {}}', 'DataError', 'Unrecognized key: "pin"'],
    [
      'a wrong time',
      PUBLISHED,
      '{"format": 1, "views": {}, "previous": {"busy": {"version": "aaaaaaaaaaaa", "until": "soon"}}}',
      'DataError',
      "'previous.busy.until'",
    ],
    ['an entry that is not JSON', BUSY, 'x', 'DataError', 'registry/busy.json is not JSON'],
    ['a newer entry', BUSY, '{"format": 3}', 'InvalidInputError', 'registry/busy.json has format 3; this build reads format 1'],
    ['an entry without candidate', BUSY, '{"format": 1, "view": "busy"}', 'DataError', "registry/busy.json is damaged: 'candidate'"],
    [
      'an entry of another view',
      BUSY,
      '{"format": 1, "view": "busier"}',
      'DataError',
      'registry/busy.json is damaged: \'view\': Invalid input: expected "busy"',
    ],
  ])('%s is named, and neither read nor written over', async (_name, key, text, name, says) => {
    const lake = openVersionsLake(engine)
    await lake.register(TICK_FILES)
    await put(lake, key, text)
    const before = await snapshot(lake.store, '')
    const found = await readCatalog(lake.store, TICKS_NOW).then(
      () => undefined,
      (error: Error) => error,
    )
    expect([found?.name, found?.message]).toEqual([name, expect.stringContaining(says)])
    await expect(lake.register(TICK_FILES)).rejects.toThrow(says)
    await expect(lake.publish(['busy'])).rejects.toThrow(says)
    expect(await snapshot(lake.store, '')).toEqual(before)
  })

  it('a frozen version is named too, and one that is gone with who reads it', async () => {
    const lake = openVersionsLake(engine)
    const { busy, busier } = await lake.register(TICK_FILES)
    const key = `registry/busy/${busy}.json`
    const bytes = (await lake.store.get(key))?.bytes ?? new Uint8Array()
    await put(lake, key, Buffer.from(bytes).toString().replace('"grain": "day"', '"grain": "week"'))
    await expect(readCatalog(lake.store, TICKS_NOW)).rejects.toThrow(`${key} is damaged: 'grain'`)
    await lake.store.delete(key)
    await expect(readCatalog(lake.store, TICKS_NOW)).rejects.toThrow(
      `version ${busy} of view busy is not in the registry and busier@${busier} reads it; hindcast register`,
    )
    await lake.register(TICK_FILES)
    expect([...(await readCatalog(lake.store, TICKS_NOW)).features.keys()]).toEqual([`busy@${busy}`, `busier@${busier}`])
  })
})

describe('what is published', () => {
  let lake: VersionsLake
  beforeAll(async () => {
    lake = openVersionsLake(engine)
  })

  it('is nothing where nothing was', async () => {
    expect(await readPublished(lake.store)).toEqual({ value: { format: 1, views: {} }, etag: undefined })
  })

  it('takes the changes of writers at once, each over what the others wrote', async () => {
    const versions = Array.from({ length: 5 }, (_, at) => String(at).repeat(12))
    await Promise.all(versions.map((version) => updatePublished(lake.store, (old) => withPin(old, 'busy', version, PIN))))
    await updatePublished(lake.store, (old) => switchVersions(old, { busy: versions[0] ?? '' }, TICKS_NOW))
    const { value } = await readPublished(lake.store)
    expect(Object.keys(value.pins ?? {})).toEqual(versions.map((version) => featureKey('busy', version)))
  })

  it('is kept as it was before each change, and a damaged one names the newest copy', async () => {
    const store = openMemoryStore()
    const change = (version: string) => updatePublished(store, (old) => switchVersions(old, { busy: version.repeat(12) }, TICKS_NOW))
    for (const version of ['1', '2', '2', '3']) await change(version)
    const copies = (await listAll(store, { prefix: PUBLISHED_COPIES })).map(({ key }) => key)
    const kept = await Promise.all(copies.map(async (key) => (await readJson<Published>(store, key))?.value.views.busy?.[0]))
    expect(kept.sort()).toEqual(['1', '2'])
    await store.put(PUBLISHED, Buffer.from('{"format": 1, "vie'))
    await expect(readPublished(store)).rejects.toThrow(`is kept: copy ${copies.at(-1)} over it`)
    await expect(change('4')).rejects.toThrow(`is kept: copy ${copies.at(-1)} over it`)
    const copy = await store.get(copies.at(-1) ?? '')
    await store.put(PUBLISHED, copy?.bytes ?? new Uint8Array())
    expect(['1'.repeat(12), '2'.repeat(12)]).toContain((await readPublished(store)).value.views.busy)
  })

  it('keeps fifty copies', async () => {
    const store = openMemoryStore()
    for (let at = 0; at < 55; at++)
      await updatePublished(store, (old) => switchVersions(old, { busy: String(at).padStart(12, '0') }, TICKS_NOW))
    expect(await listAll(store, { prefix: PUBLISHED_COPIES })).toHaveLength(50)
  })
})
