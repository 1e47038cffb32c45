import { randomBytes } from 'node:crypto'
import { isBucket } from '../../lake/open-lake.ts'
import type { Registered } from '../../lake/registry.ts'
import type { Effects } from '../../pipeline/effects.ts'
import { runBackfill } from '../../pipeline/run.ts'
import type { CliContext } from '../context.ts'
import type { DeployedLake } from '../deployed/deployed-lake.ts'
import { EXIT } from '../exit-codes.ts'
import { lazyGateEffects, noteGate } from '../gate-effects.ts'
import { hindcastOn } from '../hindcast-on.ts'
import { Progress } from '../progress.ts'
import { renderPlan } from '../render-plan.ts'
import { exitCodeOfRun, renderRun } from '../render-run.ts'
import { type PlanOptions, requestOf, settingsOf } from '../request.ts'
import { runId } from '../run-id.ts'
import { holderOfProcess, openSession, type Session } from '../session.ts'
import { usualWorkers } from '../usual-workers.ts'
import { WorkerPool } from '../worker-pool.ts'
import { plan } from './plan.ts'

export interface BackfillOptions extends PlanOptions {
  readonly dryRun?: boolean
  readonly publish?: boolean
  readonly unverified?: boolean
  readonly report?: boolean
  readonly schema?: boolean
  readonly maxConcurrency?: number
  readonly toleratedFailures?: number
  readonly detach?: boolean
  readonly local?: boolean
}

/**
 * Registers the definitions, plans, and computes on all cores; Ctrl-C ends it with nothing half written. A lake in a bucket is computed by its
 * stack instead, unless this machine is asked for.
 */
export async function backfill(context: CliContext, options: BackfillOptions): Promise<number> {
  if (options.schema) return showSchema(context)
  const deployed = await computedBy(context, options)
  if (deployed) return (await import('./backfill-deployed.ts')).backfillDeployed({ ...context, deployed }, options)
  if (options.dryRun) return plan(context, options)
  const began = performance.now()
  // Worker processes start while this one checks the definitions and plans.
  const pool = new WorkerPool(workerStart(context), options.workers ?? usualWorkers())
  const session = await openSession(context, {
    write: true,
    views: options.views,
    onRegistered: (all) => noteRegistered(context, all),
  }).catch(async (error) => {
    await pool.close()
    throw error
  })
  const abort = new AbortController()
  const interrupt = () => {
    abort.abort()
    void pool.close()
  }
  process.once('SIGINT', interrupt)
  const progress = new Progress()
  try {
    const { report, plan: planned } = await runBackfill(
      requestOf(options, session.catalog),
      session.catalog,
      effectsOf(context, session),
      pool,
      {
        run: runId(context.now()),
        settings: await settingsOf(options),
        holder: holderOfProcess(),
        signal: abort.signal,
        gate: lazyGateEffects(context, session),
        onGate: (gate) => noteGate(context, gate),
        onPlan: (made) => context.note(renderPlan(made)),
        onProgress: (step) => progress.update(step),
      },
    )
    progress.stop()
    const wallMs = performance.now() - began
    const page = options.report ? await (await import('./report.ts')).putRunPage(context, session, report.run) : undefined
    context.out(
      options.json
        ? JSON.stringify({ quote: planned.quote, report }, null, 1)
        : renderRun(report, wallMs, { page, hindcast: hindcastOn({ lake: context.lake }) }),
    )
    return exitCodeOfRun(report, planned)
  } finally {
    progress.stop()
    process.off('SIGINT', interrupt)
    await pool.close()
    await session.close()
  }
}

/** The stack that computes, which for a bucket is the default. Its functions have the engine build of the lake, which this machine may not have. */
async function computedBy({ deployed, lake }: CliContext, { local, dryRun }: BackfillOptions): Promise<DeployedLake | undefined> {
  if (local) return undefined
  if (deployed || dryRun || !isBucket(lake)) return deployed
  return (await import('../deployed/find-stack.ts')).findStackOf(lake)
}

/** The JSON schema of what starts a deployed backfill. */
async function showSchema(context: CliContext): Promise<number> {
  const { requestSchema } = await import('../../pipeline/run-request.ts')
  context.out(JSON.stringify(requestSchema(), null, 1))
  return EXIT.ok
}

function workerStart(context: CliContext) {
  return { lake: context.lake, ...(context.fixedNow !== undefined && { now: context.fixedNow }) }
}

/** The planner's effects; nothing is queued by a backfill. */
export function effectsOf(context: CliContext, { lake, engine, tables }: Session): Effects {
  return {
    lake,
    engine,
    ...(tables && { tables }),
    queue: { send: async () => undefined },
    now: context.now,
    newId: () => randomBytes(8).toString('hex'),
    log: () => undefined,
  }
}

export function noteRegistered(context: CliContext, all: readonly Registered[]): void {
  for (const { view, version, change } of all) {
    if (change === 'new' || change === 'candidate') context.note(`registered ${view} version ${version}`)
  }
}
