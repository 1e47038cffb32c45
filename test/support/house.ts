import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../functions/environment.ts'
import { LiveQueue } from '../../lib/cli/live-loop.ts'
import { LocalEngine } from '../../lib/engine/local-engine.ts'
import type { Lake } from '../../lib/lake/lake.ts'
import { openMemoryStore } from '../../lib/lake/memory-store.ts'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'
import { openLake } from '../../lib/lake/open-lake.ts'
import type { Catalog } from '../../lib/model/catalog.ts'
import type { PeriodRequest } from '../../lib/model/period.ts'
import { PRICES } from '../../lib/model/price.ts'
import { renderProblem } from '../../lib/model/problem.ts'
import { checkDefinitions } from '../../lib/pipeline/check.ts'
import type { Effects, LogEvent } from '../../lib/pipeline/effects.ts'
import type { DefinitionFile } from '../../lib/pipeline/load-definitions.ts'
import type { BackfillRequest } from '../../lib/pipeline/request.ts'
import { inlineMap, type RunOptions, runBackfill } from '../../lib/pipeline/run.ts'
import { runTask } from '../../lib/pipeline/run-task.ts'
import { sweep } from '../../lib/pipeline/sweep.ts'

/** One lake with both doors of the transform function before it, and a clock that a test sets. */
export interface House {
  readonly catalog: Catalog
  readonly store: ObjectStore
  /** What the handlers logged. */
  readonly events: LogEvent[]
  readonly queue: LiveQueue
  /** What the handlers work with. */
  readonly environment: Environment
  /** Milliseconds; every call sees this time. */
  now: number
  /** Puts a raw object; `tell` sends its event through the queue and handles what that leads to. */
  put(key: string, bytes: Uint8Array | string, options?: { readonly tell: boolean }): Promise<void>
  tell(key: string): Promise<void>
  sweep(): Promise<void>
  backfill(period: PeriodRequest, request?: Partial<BackfillRequest>, options?: Partial<RunOptions>): ReturnType<typeof runBackfill>
}

/** An engine that houses of one test file share; close it to remove its files. */
export function openTestEngine(): LocalEngine {
  return new LocalEngine({ scratch: mkdtempSync(join(tmpdir(), 'hindcast-test-')) })
}

/** A catalog from definition texts. @throws Error listing their problems. */
export async function catalogOf(files: readonly DefinitionFile[], engine: LocalEngine): Promise<Catalog> {
  const { problems, catalog } = await checkDefinitions({ files, engine: engine.engine, sample: false })
  if (!catalog) throw new Error(problems.map(renderProblem).join('\n'))
  return catalog
}

/** A house over a store in memory, or over a folder that is removed by `close`. */
export async function openHouse(
  catalog: Catalog,
  engine: LocalEngine,
  options: { readonly folder?: boolean } = {},
): Promise<House & { close(): Promise<void> }> {
  const folder = options.folder ? mkdtempSync(join(tmpdir(), 'hindcast-lake-')) : undefined
  const opened = folder === undefined ? undefined : await openLake(folder)
  const lake = opened ?? memoryLake()
  const close = async () => {
    await opened?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
  return Object.assign(houseOver(catalog, engine, lake), { close })
}

function memoryLake(): Lake {
  const store = openMemoryStore()
  return { store, bucket: () => store }
}

/** The house over any lake. */
export function houseOver(catalog: Catalog, engine: Effects['engine'], lake: Lake): House {
  const queue = new LiveQueue()
  const events: LogEvent[] = []
  let ids = 0
  let now = 0
  const effects: Effects = {
    lake,
    engine,
    queue,
    now: () => now,
    newId: () => `id${ids++}`,
    log: (event) => void events.push(event),
  }
  const environment: Environment = { catalog, effects, close: async () => undefined }
  return {
    catalog,
    store: lake.store,
    events,
    queue,
    environment,
    get now() {
      return now
    },
    set now(at) {
      now = at
    },
    async put(key, bytes, { tell } = { tell: false }) {
      await lake.store.put(key, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
      if (tell) await this.tell(key)
    },
    async tell(key) {
      await queue.send([{ kind: 'object', key }])
      await queue.drain(environment)
    },
    async sweep() {
      await sweep(catalog, effects)
      await queue.drain(environment)
    },
    backfill(period, request = {}, options = {}) {
      const whole: BackfillRequest = {
        views: [...catalog.candidates.keys()],
        period,
        with: 'none',
        reprocess: 'stale',
        missingInputs: 'block',
        reason: 'test',
        ...request,
      }
      const settings = { prices: PRICES, taskSeconds: 300, tasksWanted: 4 }
      return runBackfill(
        whole,
        catalog,
        effects,
        inlineMap((task) => runTask(task, catalog, effects)),
        { run: `run-${ids++}`, settings, ...options },
      )
    },
  }
}

/** Every object under the prefixes, with its bytes as text in base64: what a test compares before and after. */
export async function snapshot(store: ObjectStore, ...prefixes: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const prefix of prefixes) {
    for (const { key } of await listAll(store, { prefix })) {
      const object = await store.get(key)
      found[key] = Buffer.from(object?.bytes ?? []).toString('base64')
    }
  }
  return found
}
