/** What may be dropped, what a drop deletes, and what a drop that died leaves; what versions and pins say of it. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { putClaim } from '../../../lib/lake/claims.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { listAll, type ObjectStore } from '../../../lib/lake/object-store.ts'
import { readPublished } from '../../../lib/lake/published.ts'
import { readCatalog } from '../../../lib/lake/registry.ts'
import { drop, planDrop } from '../../../lib/pipeline/drop.ts'
import { pinVersion, unpinVersion } from '../../../lib/pipeline/pin.ts'
import { readVersions } from '../../../lib/pipeline/versions.ts'
import { failingStore } from '../../support/failing-store.ts'
import { openTestEngine, snapshot } from '../../support/house.ts'
import { DAY_MS, editedTicks, openVersionsLake, putTicks, TICK_FILES, type VersionsLake } from '../../support/versions-lake.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const PERIOD = { from: '2001-03-01', to: '2001-03-04' }
const SUMS = ['sum(amount)', 'max(amount)', 'min(amount)']

let lake: VersionsLake
/** Old, previous, published and candidate version of busy. */
let busy: readonly [string, string, string, string]
let busier: readonly string[]
beforeEach(async () => {
  lake = openVersionsLake(engine)
  await putTicks(lake.store, 4)
  const made: Record<string, string>[] = []
  for (const sum of SUMS) {
    made.push(await lake.register(editedTicks('busy.sql', 'sum(amount)', sum)))
    await (await lake.house()).backfill(PERIOD)
    await lake.publish(['busy', 'busier'])
    lake.now += 1000
  }
  made.push(await lake.register(editedTicks('busy.sql', 'sum(amount)', 'avg(amount)')))
  const [a = {}, b = {}, c = {}, d = {}] = made
  busy = [a.busy ?? '', b.busy ?? '', c.busy ?? '', d.busy ?? '']
  busier = made.map((one) => one.busier ?? '')
})

const ref = (version: string | undefined, view = 'busy') => ({ view, version: version ?? '' })
const keysOf = async (store: ObjectStore, version: string) =>
  (await listAll(store, { prefix: '' })).map(({ key }) => key).filter((key) => key.includes(version))

describe('versions', () => {
  it('says why each is kept, what it covers, how large it is and since when', async () => {
    await pinVersion({ ...ref(busy[0]), reason: 'a paper' }, lake.effects)
    await lake.store.delete(`features/busy/v=${busy[2]}/dt=2001-03-02/features.parquet`)
    const found = await readVersions('busy', lake.effects)
    expect(found.map(({ version, states, coverage }) => [version, states.map(({ kind }) => kind), coverage])).toEqual([
      [
        busy[2],
        ['published'],
        { partitions: 3, first: '2001-03-01', last: '2001-03-04', gaps: [{ first: '2001-03-02', last: '2001-03-02', partitions: 1 }] },
      ],
      [busy[3], ['candidate'], { partitions: 0, gaps: [] }],
      [busy[1], ['previous'], { partitions: 4, first: '2001-03-01', last: '2001-03-04', gaps: [] }],
      [busy[0], ['pinned'], { partitions: 4, first: '2001-03-01', last: '2001-03-04', gaps: [] }],
    ])
    const [first, , previous, pinned] = found
    expect(first?.states).toEqual([{ kind: 'published', since: '2001-03-11T06:00:02.000Z' }])
    expect(previous).toMatchObject({
      states: [{ kind: 'previous', until: '2001-03-18T06:00:02.000Z' }],
      registered: '2001-03-11T06:00:01.000Z',
      readBy: [`busier@${busier[1]}`],
    })
    expect(pinned).toMatchObject({ states: [{ kind: 'pinned', since: '2001-03-11T06:00:03.000Z', reason: 'a paper' }], readBy: [] })
    const stands = await listAll(lake.store, { prefix: `features/busy/v=${busy[0]}/` })
    expect(pinned?.bytes).toBe(stands.filter(({ key }) => key.endsWith('.parquet')).reduce((sum, { size }) => sum + size, 0))
    expect((await readVersions(undefined, lake.effects)).map(({ view }) => view)).toEqual([
      ...Array(4).fill('busier'),
      ...Array(4).fill('busy'),
    ])
  })

  it('a previous version is old after seven days; objects without a definition are left over', async () => {
    lake.now += 7 * DAY_MS
    await lake.store.put('features/busy/v=0123456789ab/dt=2001-03-01/features.parquet', Buffer.from('x'))
    const found = await readVersions('busy', lake.effects)
    expect(found.slice(2).map(({ version, states }) => [version, states[0]?.kind])).toEqual([
      [busy[1], 'old'],
      [busy[0], 'old'],
      ['0123456789ab', 'leftover'],
    ])
    await expect(readVersions('bsy', lake.effects)).rejects.toThrow("there is no view 'bsy'; expected one of busier, busy")
  })
})

describe('a drop is refused', () => {
  it.each([
    ['published', 2, 'it is published'],
    ['candidate', 3, 'it is the candidate'],
    ['previous', 1, 'a rollback may need it until 2001-03-18T06:00:02.000Z'],
  ] as const)('for the %s version', async (_name, at, says) => {
    const before = await snapshot(lake.store, '')
    expect((await planDrop(ref(busy[at]), lake.effects)).keepers[0]).toBe(says)
    await expect(drop(ref(busy[at]), lake.effects)).rejects.toThrow(`version ${busy[at]} of view busy is not dropped: ${says}`)
    expect(await snapshot(lake.store, '')).toEqual(before)
  })

  it('for what is pinned, what a live version reads, what a run is at work on, and what is not there', async () => {
    await pinVersion({ ...ref(busy[0]), reason: 'a paper' }, lake.effects)
    await expect(drop(ref(busy[0]), lake.effects)).rejects.toThrow(
      `it is pinned since 2001-03-11T06:00:03.000Z (a paper); hindcast unpin busy ${busy[0]}`,
    )
    await unpinVersion(ref(busy[0]), lake.effects)
    await pinVersion(ref(busier[0], 'busier'), lake.effects)
    await expect(drop(ref(busy[0]), lake.effects)).rejects.toThrow(`live busier@${busier[0]} reads it`)
    await unpinVersion(ref(busier[0], 'busier'), lake.effects)
    const ranges = { [`busy@${busy[0]}`]: [['2001-03-01', '2001-03-02']] as const }
    await putClaim(lake.store, { format: 1, run: 'r1', ranges, expires: lake.now + 1000 })
    await expect(drop(ref(busy[0]), lake.effects)).rejects.toThrow(
      'run r1 is at work on it; its claim holds until 2001-03-11T06:00:04.000Z',
    )
    await expect(planDrop(ref('0123456789ab'), lake.effects)).rejects.toThrow(
      'view busy has no version 0123456789ab; hindcast versions busy',
    )
    await expect(planDrop(ref(busy[0], 'bsy'), lake.effects)).rejects.toThrow("there is no view 'bsy'")
  })
})

describe('a drop', () => {
  it('lists and deletes everything of the version and nothing else, and tells the training sets that name it', async () => {
    const manifest = (version: string) => Buffer.from(JSON.stringify({ format: 1, views: [{ view: 'busy', version, rows: 1 }] }))
    await lake.store.put('training/late/r1/manifest.json', manifest(busy[0]))
    await lake.store.put('training/late/r2/manifest.json', manifest(busy[1]))
    await lake.store.put('training/late/r3/manifest.json', Buffer.from('{'))
    await lake.store.put(`quarantine/busy/v=${busy[0]}/dt=2001-03-01/f.parquet`, Buffer.from('1234'))
    const keys = await keysOf(lake.store, busy[0])
    const before = await snapshot(lake.store, 'features/', 'quarantine/', 'ticks/', 'training/')
    const plan = await planDrop(ref(busy[0]), lake.effects)
    expect(plan).toMatchObject({ objects: 10, begun: false })
    expect(plan.manifests).toEqual([{ key: 'training/late/r1/manifest.json' }, { key: 'training/late/r3/manifest.json', unreadable: true }])
    // The definition of its reader names it too, and stays.
    expect(keys.filter((key) => !key.startsWith('registry/busier/')).length).toBe(10)
    expect(await drop(ref(busy[0]), lake.effects)).toEqual({ objects: 10, bytes: plan.bytes })
    expect(await keysOf(lake.store, busy[0])).toEqual([])
    const after = await snapshot(lake.store, 'features/', 'quarantine/', 'ticks/', 'training/')
    expect(after).toEqual(Object.fromEntries(Object.entries(before).filter(([key]) => !key.includes(busy[0]))))
    expect((await readPublished(lake.store)).value.dropping).toEqual({})
    await expect(planDrop(ref(busy[0]), lake.effects)).rejects.toThrow('has no version')
  })

  it('of the previous version after its seven days leaves nothing to go back to', async () => {
    lake.now += 8 * DAY_MS
    await drop(ref(busy[1]), lake.effects)
    const { value } = await readPublished(lake.store)
    expect([value.previous?.busy, value.previous?.busier?.version, value.views.busy]).toEqual([undefined, busier[1], busy[2]])
  })

  it('that died at any write is seen as begun, keeps everything else working, and ends with the next', async () => {
    const base = await snapshot(lake.store, '')
    const copy = async () => {
      const store = openMemoryStore()
      for (const [key, bytes] of Object.entries(base)) await store.put(key, Buffer.from(bytes, 'base64'))
      return store
    }
    const clean = failingStore(await copy(), { at: Number.POSITIVE_INFINITY, when: 'before' })
    await drop(ref(busy[0]), openVersionsLake(engine, clean).effects)
    const wanted = await snapshot(clean, '')
    expect(clean.writes).toBeGreaterThan(10)
    for (let at = 1; at <= clean.writes; at++) {
      for (const when of ['before', 'after'] as const) {
        const store = await copy()
        await expect(drop(ref(busy[0]), openVersionsLake(engine, failingStore(store, { at, when })).effects)).rejects.toThrow(/write/)
        const { effects, register, publish, now } = openVersionsLake(engine, store)
        const told = (await readVersions('busy', effects)).find(({ version }) => version === busy[0])?.states
        const ended = at === clean.writes && when === 'after'
        // The first write is the copy of what was published.
        const begun = at > 2 || (at === 2 && when === 'after')
        expect(told?.[0]?.kind, `${when} write ${at}`).toBe(ended ? undefined : begun ? 'dropping' : 'old')
        await readCatalog(store, now)
        if (begun && !ended) {
          await expect(register(TICK_FILES)).rejects.toThrow(
            `version ${busy[0]} of view busy is being dropped; hindcast drop busy ${busy[0]}`,
          )
          await expect(publish([`busy@${busy[0]}`])).rejects.toThrow('is being dropped')
          await expect(pinVersion(ref(busy[0]), effects)).rejects.toThrow('is being dropped')
          expect((await planDrop(ref(busy[0]), effects)).begun).toBe(true)
        }
        if (!ended) await drop(ref(busy[0]), effects)
        expect(await snapshot(store, ''), `${when} write ${at}`).toEqual(wanted)
      }
    }
  })

  it('of what an old version reads stops neither versions nor a publish', async () => {
    lake.now += 8 * DAY_MS
    await drop(ref(busy[1]), lake.effects)
    expect((await readVersions(undefined, lake.effects)).map(({ version }) => version)).toContain(busier[1])
    await (await lake.house()).backfill(PERIOD)
    await lake.publish(['busy', 'busier'])
    expect((await readPublished(lake.store)).value.views).toEqual({ busier: busier[3], busy: busy[3] })
  })

  it('a dropped version that is defined again is registered anew', async () => {
    await drop(ref(busy[0]), lake.effects)
    await drop(ref(busier[0], 'busier'), lake.effects)
    const again = await lake.register(TICK_FILES)
    expect(again).toEqual({ busy: busy[0], busier: busier[0] })
    await (await lake.house()).backfill(PERIOD)
    await lake.publish(['busy', 'busier'])
  })
})

describe('pins', () => {
  it('survive registering, take a new reason, and are refused for what is not kept', async () => {
    await pinVersion({ ...ref(busy[0]), reason: 'a paper' }, lake.effects)
    await lake.register(TICK_FILES)
    await pinVersion({ ...ref(busy[0]), reason: 'another' }, lake.effects)
    expect((await readPublished(lake.store)).value.pins).toEqual({
      [`busy@${busy[0]}`]: { since: '2001-03-11T06:00:03.000Z', reason: 'another' },
    })
    await expect(pinVersion(ref('0123456789ab'), lake.effects)).rejects.toThrow('view busy has no version 0123456789ab')
    await expect(unpinVersion(ref(busy[1]), lake.effects)).rejects.toThrow(
      `version ${busy[1]} of view busy is not pinned; pinned are busy@${busy[0]}`,
    )
    await unpinVersion(ref(busy[0]), lake.effects)
    expect((await readPublished(lake.store)).value.pins).toEqual({})
  })

  it('are refused where something that the version reads was dropped', async () => {
    await drop(ref(busy[0]), lake.effects)
    await expect(pinVersion(ref(busier[0], 'busier'), lake.effects)).rejects.toThrow(
      `version ${busy[0]} of view busy is not in the registry and busier@${busier[0]} reads it`,
    )
    expect((await readPublished(lake.store)).value.pins).toBeUndefined()
  })
})
