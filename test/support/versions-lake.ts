import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import type { Lake } from '../../lib/lake/lake.ts'
import { openMemoryStore } from '../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../lib/lake/object-store.ts'
import { readCatalog, withVersions } from '../../lib/lake/registry.ts'
import { parseViewRef } from '../../lib/model/catalog.ts'
import type { Effects } from '../../lib/pipeline/effects.ts'
import { type PublishRequest, publish } from '../../lib/pipeline/publish.ts'
import type { PublishReport } from '../../lib/pipeline/publish-rules.ts'
import { registerDefinitions } from '../../lib/pipeline/register.ts'
import { catalogOf, type House, houseOver } from './house.ts'

export const DAY_MS = 86_400_000
export const TICKS_NOW = Date.parse('2001-03-11T06:00:00Z')

const TICKS = `description: Ticks.
key: ticks/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR, amount: BIGINT, note: VARCHAR}
start: 2001-03-01
`
const BUSY = `/* ---
description: Ticks of two days.
entity: id
grain: day
inputs: {ticks: 2 days}
warm_up: compute
expect: [n > 0]
--- */
SELECT id, count(*) AS n, sum(amount) AS total FROM ticks GROUP BY id
`
const BUSIER = `/* ---
description: Two days of those.
entity: id
grain: day
inputs: {busy: 2 days}
warm_up: compute
--- */
SELECT id, sum(n) AS n FROM busy GROUP BY id
`
export const TICK_FILES = { 'ticks.source.yaml': TICKS, 'busy.sql': BUSY, 'busier.sql': BUSIER }
export type TickFile = keyof typeof TICK_FILES

/** The files with one text replaced, which has to be there. */
export function editedTicks(
  file: TickFile,
  from: string,
  to: string,
  files: Record<TickFile, string> = TICK_FILES,
): Record<TickFile, string> {
  if (!files[file].includes(from)) throw new Error(`${file} has no '${from}'`)
  return { ...files, [file]: files[file].replace(from, to) }
}

/** The first days of March 2001, one object each. */
export async function putTicks(store: ObjectStore, days: number): Promise<void> {
  for (let day = 1; day <= days; day++) await putTick(store, day)
}

export async function putTick(store: ObjectStore, day: number): Promise<void> {
  const name = `2001-03-${String(day).padStart(2, '0')}`
  const text = `at,id,amount,note\n${name} 01:00:00,a,${day},x\n${name} 02:00:00,b,2,y\n`
  await store.put(`ticks/dt=${name}/ticks.csv`, Buffer.from(text))
}

/** A lake with a registry, in which a test registers edited definitions, computes and publishes. */
export interface VersionsLake {
  readonly store: ObjectStore
  readonly effects: Effects
  now: number
  /** Registers definitions; gives the version of each view. */
  register(files: Record<string, string>, options?: { readonly breaking?: boolean }): Promise<Record<string, string>>
  /** The house of what is live now, and of the versions that are named besides. */
  house(...views: readonly string[]): Promise<House>
  publish(views: readonly string[], request?: Partial<PublishRequest>): Promise<PublishReport>
}

/** Over a store in memory unless the test has its own. */
export function openVersionsLake(engine: LocalEngine, store: ObjectStore = openMemoryStore()): VersionsLake {
  const lake: Lake = { store, bucket: () => store }
  let now = TICKS_NOW
  let ids = 0
  const effects: Effects = {
    lake,
    engine,
    queue: { send: async () => undefined },
    now: () => now,
    newId: () => `versions${ids++}`,
    log: () => undefined,
  }
  return {
    store,
    effects,
    get now() {
      return now
    },
    set now(at) {
      now = at
    },
    async register(files, { breaking = false } = {}) {
      const list = Object.entries(files).map(([file, text]) => ({ file, text }))
      const catalog = await catalogOf(list, engine)
      const registered = await registerDefinitions(store, catalog, { now, breaking, files: list })
      return Object.fromEntries(registered.map(({ view, version }) => [view, version]))
    },
    async house(...views) {
      const refs = views.map(parseViewRef).flatMap(({ view, version }) => (version === undefined ? [] : [{ view, version }]))
      const house = houseOver(await withVersions(store, await readCatalog(store, now), refs), engine, lake)
      house.now = now
      return house
    },
    publish: (views, request = {}) => publish({ views: views.map(parseViewRef), verified: 'yes', ...request }, effects),
  }
}
