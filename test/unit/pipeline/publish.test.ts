/** What may be published, who wins, and what a crash leaves. */
import { afterAll, describe, expect, it } from 'vitest'
import { PUBLISHED_KEY } from '../../../lib/lake/keys.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../../lib/lake/object-store.ts'
import { readPublished, updatePublished } from '../../../lib/lake/published.ts'
import { ConflictError } from '../../../lib/model/errors.ts'
import { withPin } from '../../../lib/model/published.ts'
import { publish } from '../../../lib/pipeline/publish.ts'
import { failingStore } from '../../support/failing-store.ts'
import { openTestEngine, snapshot } from '../../support/house.ts'
import { editedTicks, openVersionsLake, putTicks, TICK_FILES, type VersionsLake } from '../../support/versions-lake.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const CHANGED = editedTicks('busy.sql', 'sum(amount)', 'max(amount)')
const ALL = { from: '2001-03-01', to: '2001-03-10' }

/** Ten days of data, the first versions computed and published, the second ones registered. */
async function twoVersions(files: Record<string, string> = CHANGED, store: ObjectStore = openMemoryStore(), days = 10) {
  const lake = openVersionsLake(engine, store)
  await putTicks(lake.store, days)
  const first = await lake.register(TICK_FILES)
  await (await lake.house()).backfill({ from: '2001-03-01', to: `2001-03-${String(days).padStart(2, '0')}` })
  await lake.publish(['busy', 'busier'])
  const second = await lake.register(files, { breaking: true })
  return { lake, first, second }
}

const viewsOf = async (lake: VersionsLake) => (await readPublished(lake.store)).value.views

describe('a first version', () => {
  it('needs some partition; the backfill to run is named', async () => {
    const lake = openVersionsLake(engine)
    const { busy } = await lake.register(TICK_FILES)
    await expect(lake.publish(['busy'])).rejects.toThrow(
      `nothing was published: version ${busy} of view busy has no partitions; hindcast backfill busy --from 2001-03-01 --to 2001-03-10 --with upstream`,
    )
    expect(await lake.store.head(PUBLISHED_KEY)).toBeUndefined()
    await putTicks(lake.store, 1)
    await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-01' }, { views: ['busy'] })
    expect(await lake.publish(['busy'])).toEqual({
      format: 1,
      published: [{ view: 'busy', version: busy, leftOut: [] }],
      unchanged: [],
      notes: [],
    })
    expect(await lake.publish(['busy'])).toMatchObject({ published: [], unchanged: [{ view: 'busy', version: busy }] })
  })

  it('is refused unless it was compared, or that is waived', async () => {
    const { lake, second } = await twoVersions()
    await (await lake.house()).backfill(ALL)
    await expect(lake.publish(['busy', 'busier'], { verified: 'nothing_compared' })).rejects.toThrow('nothing was compared')
    expect(await viewsOf(lake)).not.toEqual(second)
    await lake.publish(['busy', 'busier'], { verified: 'unverified_allowed' })
    expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
  })

  it.each([
    ['an unknown view', ['bsy'], 'view bsy is not registered; hindcast register freezes what is defined'],
    ['a version that is not kept', ['busy@0123456789ab'], 'view busy has no version 0123456789ab; it was dropped or never registered'],
    ['two versions of one view', ['busy', 'busy@0123456789ab'], 'view busy is named with two versions'],
  ])('%s', async (_name, views, says) => {
    const { lake, first } = await twoVersions()
    await expect(lake.publish(views)).rejects.toThrow(says)
    expect(await viewsOf(lake)).toEqual({ busier: first.busier, busy: first.busy })
  })
})

describe('coverage', () => {
  it('contains every old partition; what is missing is named with the backfill, and nothing of the call is published', async () => {
    const { lake, first, second } = await twoVersions()
    const house = await lake.house()
    await house.backfill({ from: '2001-03-02', to: '2001-03-04' }, { with: 'upstream' })
    await house.backfill({ from: '2001-03-06', to: '2001-03-10' }, { with: 'upstream' })
    // Upstream of busier 2001-03-02 was computed with it.
    await lake.store.delete(`features/busy/v=${second.busy}/dt=2001-03-01/features.parquet`)
    const refused = lake.publish(['busy', 'busier'])
    for (const view of ['busy', 'busier'])
      await expect(refused).rejects.toThrow(
        `version ${second[view]} of view ${view} lacks ` +
          `${view === 'busy' ? '1 partition (2001-03-01)' : '2 partitions (2001-03-01, 2001-03-05)'} of the published version ${first[view]}; ` +
          `hindcast backfill ${view} --from 2001-03-01 --to ${view === 'busy' ? '2001-03-01' : '2001-03-05'} --with upstream`,
      )
    expect(await viewsOf(lake)).toEqual({ busier: first.busier, busy: first.busy })
    await house.backfill({ from: '2001-03-01', to: '2001-03-05' }, { with: 'upstream' })
    await lake.publish(['busy', 'busier'])
    expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
  })

  it('need not hold what is blocked for the new version, and says so', async () => {
    const { lake, first, second } = await twoVersions()
    // The raw data of one day is gone: the old version has its partitions, the new one cannot.
    await lake.store.delete('ticks/dt=2001-03-05/ticks.csv')
    await (await lake.house()).backfill(ALL)
    const { published } = await lake.publish(['busy', 'busier'])
    expect(published).toMatchObject([
      {
        view: 'busy',
        version: second.busy,
        before: first.busy,
        leftOut: [{ state: 'blocked', first: '2001-03-05', last: '2001-03-06', partitions: 2 }],
      },
      {
        view: 'busier',
        version: second.busier,
        before: first.busier,
        leftOut: [{ state: 'blocked', first: '2001-03-05', last: '2001-03-07' }],
      },
    ])
  })

  it('need not hold the warm-up of a longer window, nor what has not ended where the zone moved', async () => {
    const warm = await twoVersions(editedTicks('busy.sql', 'warm_up: compute', 'warm_up: skip'))
    await (await warm.lake.house()).backfill(ALL)
    expect((await warm.lake.publish(['busy', 'busier'])).published[0]?.leftOut).toMatchObject([{ state: 'warming_up', partitions: 1 }])
    const moved = await twoVersions(editedTicks('busy.sql', 'grain: day', 'grain: day\nzone: America/New_York'))
    moved.lake.now = Date.parse('2001-03-11T03:00:00Z')
    // The last day of UTC ends in a day of New York that goes on; the first begins in one that begins before the data.
    await expect(backfillAndPublish(moved.lake, { from: '2001-03-01', to: '2001-03-09' })).rejects.toThrow(
      'busy lacks 1 partition (2001-02-28) of',
    )
    await (await moved.lake.house()).backfill({ from: '2001-03-10', to: '2001-03-10' }, { views: ['busier'] })
    expect(await backfillAndPublish(moved.lake, { from: '2001-02-28', to: '2001-03-09' })).toEqual({ leftOut: [] })
  })

  it('is that of time, not of names, where the grain changed', async () => {
    const hourly = editedTicks('busy.sql', 'grain: day', 'grain: hour')
    const { lake, second } = await twoVersions(hourly)
    const house = await lake.house()
    await house.backfill({ from: '2001-03-01', to: '2001-03-10-21' }, { views: ['busy'] })
    await expect(lake.publish(['busy'])).rejects.toThrow(
      `version ${second.busy} of view busy lacks 2 partitions (2001-03-10-22..2001-03-10-23)`,
    )
    await house.backfill(ALL)
    await lake.publish(['busy', 'busier'])
  })

  it('what was rejected counts as lacking', async () => {
    const { lake } = await twoVersions(
      editedTicks('busy.sql', 'n > 0', 'most < 7', editedTicks('busy.sql', 'sum(amount) AS total', 'max(amount) AS most')),
    )
    await (await lake.house()).backfill(ALL)
    await expect(lake.publish(['busy', 'busier'])).rejects.toThrow(
      /of view busy has 4 partitions \(2001-03-07\.\.2001-03-10\) rejected, .*; hindcast status busy --from 2001-03-07 --to 2001-03-10 says why/,
    )
  })
})

async function backfillAndPublish(lake: VersionsLake, period: { from: string; to: string }) {
  await (await lake.house()).backfill(period)
  const [busy] = (await lake.publish(['busy', 'busier'])).published
  return { leftOut: busy?.leftOut ?? [] }
}

describe('versions that read each other', () => {
  it('what a version reads is published first or with it', async () => {
    const { lake, second, first } = await twoVersions()
    await (await lake.house()).backfill(ALL)
    await expect(lake.publish(['busier'])).rejects.toThrow(
      `version ${second.busier} of view busier reads version ${second.busy} of busy, which is not published (${first.busy} is); publish both: hindcast publish busy busier`,
    )
    await expect(lake.publish(['busy'])).rejects.toThrow(
      `view busier, published as version ${first.busier}, reads version ${first.busy} of busy; switch both: hindcast publish busy busier`,
    )
    await lake.publish(['busier', 'busy'])
  })

  it('a published reader that no version can follow goes on with what it reads, and that stays live', async () => {
    const { 'busier.sql': _, ...rest } = CHANGED
    const { lake, first, second } = await twoVersions(rest)
    await (await lake.house()).backfill(ALL)
    const { notes } = await lake.publish(['busy'])
    expect(notes).toEqual([
      `view busier, published as version ${first.busier}, reads version ${first.busy} of busy, which stays live for it`,
    ])
    lake.now += 30 * 86_400_000
    expect([...(await lake.house()).catalog.features.keys()]).toEqual(
      expect.arrayContaining([`busy@${first.busy}`, `busy@${second.busy}`, `busier@${first.busier}`]),
    )
  })
})

describe('two at once', () => {
  it('one wins, the other says so and does nothing', async () => {
    const { lake, first, second } = await twoVersions()
    const third = await lake.register(editedTicks('busy.sql', 'sum(amount)', 'min(amount)'))
    const house = await lake.house(`busy@${second.busy}`, `busier@${second.busier}`)
    await house.backfill(ALL)
    await house.backfill(ALL, { views: [`busy@${second.busy}`, `busier@${second.busier}`] })
    const sets = [second, third].map((one) => [`busy@${one.busy}`, `busier@${one.busier}`])
    const ended = await Promise.allSettled(sets.map((views) => lake.publish(views)))
    const lost = ended.findIndex(({ status }) => status === 'rejected')
    const winner = lost === 0 ? third : second
    expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const reason: unknown = ended[lost]?.status === 'rejected' ? ended[lost].reason : undefined
    expect(reason).toBeInstanceOf(ConflictError)
    expect(String(reason)).toContain(`someone else published first: busy is version ${winner.busy} since 2001-03-11T06:00:00.000Z`)
    expect(await viewsOf(lake)).toEqual({ busier: winner.busier, busy: winner.busy })
    const { value } = await readPublished(lake.store)
    expect(value.previous).toMatchObject({ busy: { version: first.busy }, busier: { version: first.busier } })
  })

  it('the same publish twice is one, and one beside a pin loses neither', async () => {
    const { lake, first, second } = await twoVersions()
    await (await lake.house()).backfill(ALL)
    const pin = updatePublished(lake.store, (old) => withPin(old, 'busy', first.busy ?? '', { since: '2001-03-11T06:00:00.000Z' }))
    await Promise.all([lake.publish(['busy', 'busier']), lake.publish(['busy', 'busier']), pin])
    const { value } = await readPublished(lake.store)
    expect([value.views, Object.keys(value.pins ?? {}), value.previous?.busy?.version]).toEqual([
      { busier: second.busier, busy: second.busy },
      [`busy@${first.busy}`],
      first.busy,
    ])
  })
})

describe('a crash', () => {
  it.each(['before', 'after'] as const)('at the put, %s it: the same publish goes on', async (when) => {
    const { lake, first, second } = await twoVersions()
    await (await lake.house()).backfill(ALL)
    // The first write is the copy of what was published.
    const store = failingStore(lake.store, { at: 2, when })
    const request = { views: [{ view: 'busy' }, { view: 'busier' }], verified: 'yes' } as const
    await expect(publish(request, { ...lake.effects, lake: { store, bucket: () => store } })).rejects.toThrow(/write 2/)
    expect(await viewsOf(lake)).toEqual(
      when === 'before' ? { busier: first.busier, busy: first.busy } : { busier: second.busier, busy: second.busy },
    )
    await lake.publish(['busy', 'busier'])
    expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
    expect((await readPublished(lake.store)).value.previous?.busy?.version).toBe(first.busy)
  })

  it('at every write of a run that publishes: the same request ends as a run without a crash', async () => {
    const { lake: base } = await twoVersions(CHANGED, openMemoryStore(), 3)
    const period = { from: '2001-03-01', to: '2001-03-03' }
    const run = async (store: ObjectStore) => {
      const house = await openVersionsLake(engine, store).house()
      return (await house.backfill(period, { publish: true, unverified: true })).report.publish?.kind
    }
    const clean = failingStore(await copyOf(base.store), { at: Number.POSITIVE_INFINITY, when: 'before' })
    expect(await run(clean)).toBe('published')
    const wanted = await namesAndOutputs(clean)
    for (let at = 1; at <= clean.writes; at++) {
      for (const when of ['before', 'after'] as const) {
        const store = await copyOf(base.store)
        expect(await run(failingStore(store, { at, when })).catch(() => 'died'), `${when} write ${at}`).not.toBe('published')
        expect(await run(store), `once more, ${when} write ${at}`).toBe('published')
        expect(await namesAndOutputs(store), `once more, ${when} write ${at}`).toEqual(wanted)
      }
    }
  })
})

/** ETags are those of the content: receipts hold in a copy. */
async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = openMemoryStore()
  for (const [key, bytes] of Object.entries(await snapshot(store, ''))) await copy.put(key, Buffer.from(bytes, 'base64'))
  return copy
}

/** Receipts name who wrote them; outputs and the registry are the same bytes. */
async function namesAndOutputs(store: ObjectStore) {
  const all = await snapshot(store, 'features/', 'registry/')
  return Object.fromEntries(Object.entries(all).map(([key, bytes]) => [key, key.includes('/_receipt.') ? '' : bytes]))
}

describe('a run that is to publish', () => {
  it('publishes all its versions at once, or says why not, and its outputs stand either way', async () => {
    const { lake, first, second } = await twoVersions()
    const part = await (await lake.house()).backfill({ from: '2001-03-01', to: '2001-03-08' }, { publish: true, unverified: true })
    expect(part.report.publish).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('lacks 2 partitions (2001-03-09..2001-03-10)'),
    })
    const unverified = await (await lake.house()).backfill(ALL, { publish: true })
    expect(unverified.report.publish).toMatchObject({ kind: 'not_verified' })
    expect(await viewsOf(lake)).toEqual({ busier: first.busier, busy: first.busy })
    const { report } = await (await lake.house()).backfill(ALL, { publish: true, unverified: true })
    expect(report.publish).toMatchObject({ kind: 'published', published: [{ view: 'busy', version: second.busy }, { view: 'busier' }] })
    expect(await viewsOf(lake)).toEqual({ busier: second.busier, busy: second.busy })
  })

  it('publishes nothing when it was ended early or a task failed', async () => {
    const { lake, first } = await twoVersions()
    const abort = new AbortController()
    const house = await lake.house()
    const ended = await house.backfill(ALL, { publish: true, unverified: true }, { signal: abort.signal, onProgress: () => abort.abort() })
    expect(ended.report.publish).toEqual({ kind: 'refused', reason: 'the run was interrupted' })
    expect(await viewsOf(lake)).toEqual({ busier: first.busier, busy: first.busy })
  })
})
