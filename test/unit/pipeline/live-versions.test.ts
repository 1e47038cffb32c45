/** Live and the sweep compute every live version of a view, and no other. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openFolderStore } from '../../../lib/lake/folder-store.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { readCatalog } from '../../../lib/lake/registry.ts'
import { featureKey } from '../../../lib/model/catalog.ts'
import { outputNames } from '../../../lib/pipeline/lacking.ts'
import { pinVersion, unpinVersion } from '../../../lib/pipeline/pin.ts'
import { openTestEngine } from '../../support/house.ts'
import { DAY_MS, editedTicks, openVersionsLake, putTick, putTicks, TICK_FILES, type VersionsLake } from '../../support/versions-lake.ts'

const engine = openTestEngine()
const folder = mkdtempSync(join(tmpdir(), 'hindcast-live-versions-'))
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

const SUMS = ['sum(amount)', 'max(amount)', 'min(amount)', 'avg(amount)', 'any_value(amount ORDER BY amount)'] as const

/** Five versions of one view: one that nobody needs, a pinned one, the previous one, the published one, and the candidate. */
async function fiveVersions(lake: VersionsLake) {
  const registered: string[] = []
  for (const sum of SUMS.slice(0, 4)) {
    const { busy = '' } = await lake.register(filesWith(sum))
    registered.push(busy)
    await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-08' }, { views: ['busy'] })
    await lake.publish([`busy@${busy}`])
  }
  const { busy: candidate = '', busier = '' } = await lake.register(filesWith(SUMS[4]))
  const [old = '', pinned = '', previous = '', published = ''] = registered
  await pinVersion({ view: 'busy', version: pinned, reason: 'a paper' }, lake.effects)
  return { old, pinned, previous, published, candidate, busier }
}

function filesWith(sum: string) {
  return editedTicks('busy.sql', 'sum(amount)', sum)
}

describe.each(['memory', 'folder'] as const)('over a %s store', (kind) => {
  it('live computes four versions of one view, the sweep what it missed, and neither the fifth', async () => {
    const store = kind === 'memory' ? openMemoryStore() : await openFolderStore(join(folder, 'lake'))
    const lake = openVersionsLake(engine, store)
    await putTicks(store, 8)
    lake.now = Date.parse('2001-03-09T06:00:00Z')
    const { old, pinned, previous, published, candidate, busier } = await fiveVersions(lake)

    const live = await lake.house()
    expect(new Set(live.catalog.features.keys())).toEqual(
      new Set([...[published, previous, pinned, candidate].map((version) => featureKey('busy', version)), featureKey('busier', busier)]),
    )
    expect(live.catalog.candidates.get('busy')).toBe(candidate)
    lake.now += DAY_MS
    live.now = lake.now
    await putTick(store, 9)
    await live.tell('ticks/dt=2001-03-09/ticks.csv')
    const newest = async (version: string) => (await outputNames(store, { view: 'busy', version })).at(-1)
    for (const version of [published, previous, pinned, candidate]) expect(await newest(version)).toBe('2001-03-09')
    expect(await newest(old)).toBe('2001-03-08')

    lake.now += DAY_MS
    live.now = lake.now
    await putTick(store, 10)
    await live.sweep()
    for (const version of [published, previous, pinned, candidate]) expect(await newest(version)).toBe('2001-03-10')
    expect(await newest(old)).toBe('2001-03-08')

    // A week after the switch the previous version is no longer computed, nor one that is pinned no more.
    lake.now = Date.parse('2001-03-09T06:00:00Z') + 7 * DAY_MS
    await unpinVersion({ view: 'busy', version: pinned }, lake.effects)
    const later = await lake.house()
    expect(new Set(later.catalog.features.keys())).toEqual(
      new Set([featureKey('busy', published), featureKey('busy', candidate), featureKey('busier', busier)]),
    )
    await putTick(store, 11)
    await later.sweep()
    for (const version of [published, candidate]) expect(await newest(version)).toBe('2001-03-11')
    for (const version of [previous, pinned]) expect(await newest(version)).toBe('2001-03-10')
  })
})

it('each version is held against the rules that it had: a rule of the candidate names columns that the published one lacks', async () => {
  const lake = openVersionsLake(engine)
  await putTicks(lake.store, 9)
  const first = await lake.register(TICK_FILES)
  await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-08' })
  await lake.publish(['busy', 'busier'])
  const renamed = editedTicks('busy.sql', 'sum(amount) AS total', 'max(amount) AS most')
  const second = await lake.register(editedTicks('busy.sql', 'n > 0', 'most > 0', renamed))
  const live = await lake.house()
  await live.tell('ticks/dt=2001-03-09/ticks.csv')
  for (const version of [first.busy ?? '', second.busy ?? ''])
    expect((await outputNames(lake.store, { view: 'busy', version })).at(-1)).toBe('2001-03-09')
})

it('what a live version reads is live too', async () => {
  const lake = openVersionsLake(engine)
  await putTicks(lake.store, 4)
  const first = await lake.register(TICK_FILES)
  await pinVersion({ view: 'busier', version: first.busier ?? '' }, lake.effects)
  const second = await lake.register(filesWith('max(amount)'))
  const { features } = await readCatalog(lake.store, lake.now)
  expect(new Set(features.keys())).toEqual(
    new Set([`busy@${first.busy}`, `busier@${first.busier}`, `busy@${second.busy}`, `busier@${second.busier}`]),
  )
})
