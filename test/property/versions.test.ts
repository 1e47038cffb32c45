/**
 * Registering, publishing, pinning and dropping one version at once, with turns that change at every call to the store,
 * with and without one of them dying: whatever is published, pinned or the candidate afterwards is there whole.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMemoryStore } from '../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../lib/lake/object-store.ts'
import { readPublished } from '../../lib/lake/published.ts'
import { readCatalog } from '../../lib/lake/registry.ts'
import { readEntry } from '../../lib/lake/view-entry.ts'
import { readVersion } from '../../lib/lake/view-version.ts'
import type { Catalog, VersionRef } from '../../lib/model/catalog.ts'
import { HindcastError } from '../../lib/model/errors.ts'
import { drop } from '../../lib/pipeline/drop.ts'
import { outputNames } from '../../lib/pipeline/lacking.ts'
import { pinVersion, unpinVersion } from '../../lib/pipeline/pin.ts'
import { registerDefinitions } from '../../lib/pipeline/register.ts'
import { failingStore } from '../support/failing-store.ts'
import { catalogOf, openTestEngine, snapshot } from '../support/house.ts'
import { Turns } from '../support/turns.ts'
import { editedTicks, openVersionsLake, putTicks, TICK_FILES } from '../support/versions-lake.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

/** More of them, with `VERSIONS_RUNS`, where the protocol changed. */
const RUNS = Number(process.env.VERSIONS_RUNS ?? 300)
/** The second change of turn is tried at every so many calls. */
const STEP = process.env.VERSIONS_RUNS ? 1 : 15
const PERIOD = { from: '2001-03-01', to: '2001-03-02' }
let base: Record<string, string>
/** The versions that all act on: old, whole, and needed by nobody. */
let old: readonly VersionRef[]
let oldCatalog: Catalog
let newCatalog: Catalog

beforeAll(async () => {
  const lake = openVersionsLake(engine)
  await putTicks(lake.store, 2)
  const filesOf = (sum: string) => editedTicks('busy.sql', 'sum(amount)', sum)
  const catalog = (sum: string) =>
    catalogOf(
      Object.entries(filesOf(sum)).map(([file, text]) => ({ file, text })),
      engine,
    )
  for (const sum of ['sum(amount)', 'max(amount)', 'min(amount)']) {
    const versions = await lake.register(filesOf(sum))
    if (sum === 'sum(amount)') old = Object.entries(versions).map(([view, version]) => ({ view, version }))
    await (await lake.house()).backfill(PERIOD)
    await lake.publish(['busy', 'busier'])
  }
  oldCatalog = await catalog('sum(amount)')
  newCatalog = await catalog('min(amount)')
  base = await snapshot(lake.store, '')
  expect(TICK_FILES['busy.sql']).toContain('sum(amount)')
})

type Lake = ReturnType<typeof openVersionsLake>

/** What a person may type; `busier` reads `busy`. */
const ACTS = {
  'drop busy': (lake: Lake) => drop(refOf('busy'), lake.effects),
  'drop busier': (lake: Lake) => drop(refOf('busier'), lake.effects),
  'pin busy': (lake: Lake) => pinVersion(refOf('busy'), lake.effects),
  'pin busier': (lake: Lake) => pinVersion(refOf('busier'), lake.effects),
  'pin and unpin busy': async (lake: Lake) => {
    await pinVersion(refOf('busy'), lake.effects)
    await unpinVersion(refOf('busy'), lake.effects)
  },
  publish: (lake: Lake) => lake.publish(old.map(({ view, version }) => `${view}@${version}`)),
  'register old': (lake: Lake) => register(lake, oldCatalog),
  'register new': (lake: Lake) => register(lake, newCatalog),
} as const
type Act = keyof typeof ACTS
const NAMES = Object.keys(ACTS) as Act[]

const register = (lake: Lake, catalog: Catalog) => registerDefinitions(lake.store, catalog, { now: lake.now, breaking: false, files: [] })
const refOf = (view: string) => old.find((one) => one.view === view) ?? { view, version: '' }

async function openBase(): Promise<ObjectStore> {
  const store = openMemoryStore()
  for (const [key, bytes] of Object.entries(base)) await store.put(key, Buffer.from(bytes, 'base64'))
  return store
}

/** What is live is whole; an act that failed said so in words for a person. */
async function expectWhole(store: ObjectStore): Promise<void> {
  const { value } = await readPublished(store)
  expect(value.dropping ?? {}).toEqual({})
  const { features } = await readCatalog(store, openVersionsLake(engine, store).now)
  for (const [view, version] of Object.entries(value.views)) expect((await outputNames(store, { view, version })).length).toBe(2)
  for (const key of Object.keys(value.pins ?? {})) expect(features.has(key)).toBe(true)
  for (const { view, version } of old) {
    if ((await readVersion(store, view, version)) === undefined) expect(await outputNames(store, { view, version })).toEqual([])
  }
}

/** Starts the acts, each over a store of its own that waits for its turn. */
function take(names: readonly Act[], lengths: readonly number[], storeOf: (at: number) => ObjectStore) {
  const turns = new Turns()
  const stores = names.map((_, at) => turns.actor(storeOf(at)))
  return turns.run<unknown>(
    stores.map((store, at) => ACTS[names[at] ?? 'publish'](openVersionsLake(engine, store))),
    lengths,
  )
}

const acts = fc.array(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 3 })
const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 })

it('at once, with a few changes of turn', async () => {
  const ended: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(acts, lengths, async (names, turns) => {
      const store = await openBase()
      for (const [at, result] of (await take(names, turns, () => store)).entries()) {
        const key = `${names[at]} ${result.status}`
        ended[key] = (ended[key] ?? 0) + 1
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(HindcastError)
      }
      await expectWhole(store)
    }),
    { numRuns: RUNS, seed: 20_010_301 },
  )
  for (const name of NAMES) expect(ended[`${name} fulfilled`] ?? 0, `${name} in ${JSON.stringify(ended)}`).toBeGreaterThan(0)
})

it.each<[Act, Act]>([
  ['drop busy', 'register old'],
  ['register old', 'drop busy'],
  ['drop busy', 'pin busier'],
  ['pin busier', 'drop busy'],
  ['drop busy', 'publish'],
  ['publish', 'drop busy'],
])('%s and %s, with one and two changes of turn at every call', async (first, second) => {
  for (let at = 1; at <= 45; at++) {
    for (let then = 1; then <= 60; then += STEP) {
      const store = await openBase()
      await take([first, second], [at, then], () => store)
      await expectWhole(store).catch((error: unknown) => {
        throw new Error(`${first} does ${at} calls, ${second} ${then}: ${error}`)
      })
    }
  }
})

it('one of them dies: the same drop and a register once more make all whole', async () => {
  await fc.assert(
    fc.asyncProperty(acts, lengths, fc.nat(20), fc.boolean(), async (names, turns, at, after) => {
      const store = await openBase()
      const dying = failingStore(store, { at: at + 1, when: after ? 'after' : 'before' })
      await take(names, turns, (index) => (index === 0 ? dying : store))
      const lake = openVersionsLake(engine, store)
      for (const key of Object.keys((await readPublished(store)).value.dropping ?? {})) {
        const [view = '', version = ''] = key.split('@')
        await drop({ view, version }, lake.effects).catch((error: unknown) => expect(error).toBeInstanceOf(HindcastError))
      }
      const candidate = (await readEntry(store, 'busy'))?.candidate
      await register(lake, candidate === refOf('busy').version ? oldCatalog : newCatalog)
      await expectWhole(store)
    }),
    { numRuns: RUNS, seed: 20_010_302 },
  )
})
