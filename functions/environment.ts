import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import { openLake } from '../lib/lake/open-lake.ts'
import { readCatalog, requireEngine } from '../lib/lake/registry.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import type { Effects, LogEvent, Profiles } from '../lib/pipeline/effects.ts'
import type { Message } from '../lib/pipeline/task.ts'
import { FreshCatalog } from './fresh-catalog.ts'
import { NO_QUEUE, queueOfProcess } from './live-queue.ts'
import { tellOfProcess } from './observed.ts'
import { placeOfProcess } from './place.ts'

/** What every handler works with: the catalog of its lake, and the effects. */
export interface Environment {
  readonly catalog: Catalog
  readonly effects: Effects
  close(): Promise<void>
}

/** One whose engine can be asked for more than computing. */
export interface LocalEnvironment extends Environment {
  readonly effects: Effects & { readonly engine: LocalEngine }
}

/** One whose engine is its own. */
export interface OwnedEnvironment extends LocalEnvironment {
  /** Ends the query that runs and refuses further ones. */
  interrupt(): void
}

/** A version of a view that the work at hand needs. */
export interface NeededVersion {
  readonly view: string
  readonly version: string
}

export interface EnvironmentOptions {
  /** A folder (or, deployed, `s3://bucket`). */
  readonly lake: string
  /** Folder for local files of this environment alone. */
  readonly scratch?: string
  readonly now?: () => number
  /** Default: nothing is told. */
  readonly log?: (event: LogEvent) => void
  readonly send?: (messages: readonly Message[]) => Promise<void>
  /** What other environments of the process saw of objects. */
  readonly profiles?: Profiles
  /** The catalog where the caller has it; else it is read from the registry. */
  readonly catalog?: Catalog
}

/**
 * Opens a lake for writing: its registry, an engine instance of its own, and the check that this engine build is the lake's.
 * @throws InvalidInputError for another engine build, or a lake that is not writable.
 */
export async function openEnvironment(options: EnvironmentOptions): Promise<OwnedEnvironment> {
  const lake = await openLake(options.lake)
  const engine = new LocalEngine({ scratch: options.scratch ?? join(tmpdir(), `hindcast-${randomUUID()}`) })
  await requireEngine(lake.store, engine.build)
  const effects = {
    lake,
    engine,
    queue: options.send ? { send: options.send } : NO_QUEUE,
    now: options.now ?? Date.now,
    newId: () => randomUUID(),
    log: options.log ?? (() => undefined),
    ...(options.profiles && { profiles: options.profiles }),
  }
  const catalog = options.catalog ?? (await readCatalog(lake.store, effects.now()))
  return {
    catalog,
    effects,
    interrupt: () => engine.interrupt(),
    close: async () => {
      await engine.close()
      await lake.close()
    },
  }
}

/**
 * The environment of a deployed function, opened once per process; its catalog is at most a minute old and has the versions that are
 * needed, if the registry has them.
 */
export async function environmentOfProcess(needed: readonly NeededVersion[] = []): Promise<LocalEnvironment> {
  opened ??= openProcess()
  const { environment, catalogs } = await opened.catch((error) => {
    opened = undefined
    throw error
  })
  return { ...environment, catalog: await catalogs.get(needed) }
}

let opened: ReturnType<typeof openProcess> | undefined

async function openProcess() {
  const { send } = await queueOfProcess()
  const environment = await openEnvironment({ lake: placeOfProcess(), send, log: await tellOfProcess() })
  return { environment, catalogs: new FreshCatalog(environment.effects.lake.store, environment.effects.now) }
}
