import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import { openLake } from '../lib/lake/open-lake.ts'
import { readCatalog, requireEngine } from '../lib/lake/registry.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import { InvalidInputError } from '../lib/model/errors.ts'
import type { Effects, LogEvent } from '../lib/pipeline/effects.ts'
import type { Message } from '../lib/pipeline/task.ts'

/** The name by which events call the lake's own bucket, where the lake is a folder. */
export const LAKE_BUCKET = 'lake'

/** What every handler works with: the catalog of its lake, and the effects. */
export interface Environment {
  readonly catalog: Catalog
  readonly effects: Effects
  close(): Promise<void>
}

/** One whose engine is its own. */
export interface OwnedEnvironment extends Environment {
  /** Ends the query that runs and refuses further ones. */
  interrupt(): void
}

export interface EnvironmentOptions {
  /** A folder (or, deployed, `s3://bucket`). */
  readonly lake: string
  /** Folder for local files of this environment alone. */
  readonly scratch?: string
  readonly now?: () => number
  readonly log?: (event: LogEvent) => void
  readonly send?: (messages: readonly Message[]) => Promise<void>
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
  const effects: Effects = {
    lake,
    engine,
    queue: { send: options.send ?? refuseToSend },
    now: options.now ?? Date.now,
    newId: () => randomUUID(),
    log: options.log ?? logLine,
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

/** How long a function works on what it read from the registry: what others register, publish, pin or drop is seen by then. */
const CATALOG_MS = 60_000

/**
 * The environment of a deployed function, opened once per process; its catalog is read again every minute.
 * @throws InvalidInputError when HINDCAST_LAKE is not set.
 */
export async function environmentOfProcess(): Promise<Environment> {
  const lake = process.env.HINDCAST_LAKE
  if (!lake) throw new InvalidInputError('HINDCAST_LAKE is not set; expected the folder of a lake')
  opened ??= openEnvironment({ lake })
  const environment = await opened
  const { effects } = environment
  readAt ??= effects.now()
  if (effects.now() - readAt < CATALOG_MS) return environment
  const fresh = { ...environment, catalog: await readCatalog(effects.lake.store, effects.now()) }
  opened = Promise.resolve(fresh)
  readAt = effects.now()
  return fresh
}

let opened: Promise<Environment> | undefined
let readAt: number | undefined

async function refuseToSend(messages: readonly Message[]): Promise<void> {
  if (messages.length > 0) throw new InvalidInputError('this function has no queue to send to; live work needs one')
}

function logLine(event: LogEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
