import { randomUUID } from 'node:crypto'
import { type OpenLake, openLake } from '../lib/lake/open-lake.ts'
import { readCatalog, readEngine } from '../lib/lake/registry.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import type { Effects } from '../lib/pipeline/effects.ts'
import type { SweepEffects } from '../lib/pipeline/sweep.ts'
import { queueOfProcess } from './live-queue.ts'
import { tellOfProcess } from './observed.ts'
import { placeOfProcess } from './place.ts'
import { tablesOfProcess } from './tables.ts'

/** What a function works with that decides and computes nothing: no engine is loaded, the lake says which build is its own. */
export interface Planning {
  readonly catalog: Catalog
  readonly effects: SweepEffects & Pick<Effects, 'tables'> & { newId(): string }
}

/** Of a deployed function: the lake is opened once per process, the catalog read at each call. */
export async function planningOfProcess(): Promise<Planning> {
  opened ??= openLake(placeOfProcess())
  const lake = await opened.catch((error) => {
    opened = undefined
    throw error
  })
  const effects = {
    lake,
    engine: { build: await readEngine(lake.store) },
    queue: await queueOfProcess(),
    ...(await tablesOfProcess()),
    now: Date.now,
    newId: randomUUID,
    log: await tellOfProcess(),
  }
  return { catalog: await readCatalog(lake.store, effects.now()), effects }
}

let opened: Promise<OpenLake> | undefined
