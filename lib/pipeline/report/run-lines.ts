import type { ObjectStore } from '../../lake/object-store.ts'
import { DataError, InvalidInputError } from '../../model/errors.ts'
import { listRuns, type ReadRunOptions, type RunRecord, readRun } from '../read-run.ts'

/** A run as the report of its lake names it. */
export interface RunLine {
  readonly run: string
  readonly state: RunRecord['state']
  readonly reason: string
  readonly started: string
  /** Partitions by outcome. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly usd: number
}

const RUNS_MAX = 20

/** The newest runs; those whose files are damaged, or that left no plan, are named and nothing more. */
export async function readRunLines(
  store: ObjectStore,
  options: ReadRunOptions,
): Promise<{ readonly runs: readonly RunLine[]; readonly brokenRuns: readonly string[] }> {
  const runs: RunLine[] = []
  const brokenRuns: string[] = []
  for (const run of (await listRuns(store)).slice(-RUNS_MAX).reverse()) {
    const record = await readRun(store, run, options).catch(brokenOf)
    if (record) runs.push(lineOf(record))
    else brokenRuns.push(run)
  }
  return { runs: runs.sort((a, b) => (a.started < b.started ? 1 : -1)), brokenRuns }
}

function lineOf({ state, report: { run, reason, started, outcomes, bill } }: RunRecord): RunLine {
  return { run, state, reason, started, outcomes, usd: bill.usd }
}

function brokenOf(error: unknown): undefined {
  if (error instanceof DataError || error instanceof InvalidInputError) return undefined
  throw error
}
