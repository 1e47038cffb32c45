import { type RollbackReport, rollback as rollBack } from '../../pipeline/rollback.ts'
import type { TaskMap } from '../../pipeline/run.ts'
import type { CliContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { openRegistrySession } from '../registry-session.ts'
import { renderPublished } from '../render-publish.ts'
import { exitCodeOfTasks, renderRun } from '../render-run.ts'
import { exitCodeOfTables } from '../render-tables.ts'
import { runId } from '../run-id.ts'
import { holderOfProcess } from '../session.ts'
import { localSettings, usualWorkers } from '../usual-workers.ts'
import { WorkerPool } from '../worker-pool.ts'
import { effectsOf } from './backfill.ts'

/** Goes back to the versions that were published before; partitions that they lack are computed first. */
export async function rollback(
  context: CliContext,
  options: { readonly views: readonly string[]; readonly workers?: number; readonly json?: boolean },
): Promise<number> {
  const session = await openRegistrySession(context)
  const workers = options.workers ?? usualWorkers()
  const pool = new LazyPool(context, workers)
  const abort = new AbortController()
  const interrupt = () => {
    abort.abort()
    void pool.close()
  }
  process.once('SIGINT', interrupt)
  const began = performance.now()
  try {
    const report = await rollBack(options.views, effectsOf(context, session), pool, {
      settings: localSettings(workers),
      newRun: () => runId(context.now()),
      holder: holderOfProcess(),
      signal: abort.signal,
      onGap: ({ view, version, partitions }) => context.note(`${view}: version ${version} lacks ${partitions}; computed first`),
    })
    context.out(options.json ? JSON.stringify(report, null, 1) : render(report, performance.now() - began))
    if (!report.publish) return EXIT.interrupted
    return report.runs.some((run) => exitCodeOfTasks(run) !== EXIT.ok) ? EXIT.data : exitCodeOfTables(report.publish.tables)
  } finally {
    process.off('SIGINT', interrupt)
    await pool.close()
    await session.close()
  }
}

function render({ runs, publish }: RollbackReport, wallMs: number): string {
  const lines = runs.map((run) => renderRun(run, wallMs))
  return [...lines, publish ? renderPublished(publish) : 'interrupted; nothing was switched, the same command goes on'].join('\n')
}

/** Most rollbacks have no gap: workers start with the first task. */
class LazyPool implements TaskMap {
  readonly concurrency: number
  readonly #context: CliContext
  #pool: WorkerPool | undefined

  constructor(context: CliContext, workers: number) {
    this.concurrency = workers
    this.#context = context
  }

  runTask: TaskMap['runTask'] = (task) => {
    const { lake, fixedNow } = this.#context
    this.#pool ??= new WorkerPool({ lake, ...(fixedNow !== undefined && { now: fixedNow }) }, this.concurrency)
    return this.#pool.runTask(task)
  }

  async close(): Promise<void> {
    await this.#pool?.close()
  }
}
