import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { ObjectStore } from '../lib/lake/object-store.ts'
import { BUNDLE } from '../scripts/bundle.ts'
import type { BenchResult } from './backfill.ts'
import type { Counts } from './counted.ts'
import { renderCounts } from './counted.ts'
import { runNode } from './process.ts'
import { measurement, median } from './report.ts'
import { renderCatalog, syntheticCatalog } from './synthetic-catalog.ts'
import { completeLake, rawLake, renderLake } from './synthetic-lake.ts'

const PARTITIONS = 100_000

interface Planned {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Peak of the whole process, the lake in memory included. */
  readonly mb: number
  readonly states: Readonly<Record<string, number>>
  readonly computed: number
  readonly counts: Counts
}

/** Planning 100,000 partitions over 10 views, on a lake and a catalog in memory: all missing, and all fresh right after a backfill. The slower one counts. */
export async function benchPlan(dir: string, rounds: number): Promise<BenchResult> {
  const store = await rawLake()
  const catalog = await syntheticCatalog()
  await writeFile(join(dir, 'catalog'), renderCatalog(catalog))
  const missing = await planned(store, join(dir, 'missing'), join(dir, 'catalog'), rounds)
  await completeLake(store, catalog)
  const fresh = await planned(store, join(dir, 'fresh'), join(dir, 'catalog'), rounds)
  requirePlan(missing, { missing: PARTITIONS, computed: PARTITIONS })
  requirePlan(fresh, { fresh: PARTITIONS, computed: 0 })
  return {
    measurements: [
      measurement('plan_100k_s', Math.max(missing.seconds, fresh.seconds), 's', 5),
      measurement('plan_100k_mb', Math.max(missing.mb, fresh.mb), 'MB', 500),
    ],
    notes: [describe('all missing', missing), describe('all fresh', fresh)],
  }
}

async function planned(store: ObjectStore, file: string, catalog: string, rounds: number): Promise<Planned> {
  await writeFile(file, await renderLake(store))
  const bundle = await bundled()
  const all: Planned[] = []
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await runNode(['--expose-gc', bundle, file, catalog])
    all.push(JSON.parse(stdout) as Planned)
  }
  const [first] = all
  if (!first) throw new Error('nothing was planned')
  return { ...first, seconds: median(all.map((one) => one.seconds)), mb: median(all.map((one) => one.mb)) }
}

/** Partitions that read one that the same plan computes are maybe: they count as to be computed. */
function requirePlan(plan: Planned, expected: { readonly missing?: number; readonly fresh?: number; readonly computed: number }): void {
  const looked = Object.values(plan.states).reduce((sum, count) => sum + count, 0)
  const wrong = looked !== PARTITIONS || plan.computed !== expected.computed || (plan.states.fresh ?? 0) !== (expected.fresh ?? 0)
  if (wrong) throw new Error(`the plan is not as expected: ${JSON.stringify(plan)}`)
}

function describe(what: string, { seconds, cpuSeconds, mb, states, counts }: Planned): string {
  return `plan, ${what}: ${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s of user and system time), ${mb.toFixed(0)} MB, states ${JSON.stringify(states)}, calls a partition: ${renderCounts(counts, PARTITIONS)}`
}

/** The planner as it is shipped: bundled, so that no compiler of types lies in its memory. */
async function bundled(): Promise<string> {
  const outfile = fileURLToPath(new URL('../dist/bench-plan.js', import.meta.url))
  const entry = fileURLToPath(new URL('plan-process.ts', import.meta.url))
  await build({ ...BUNDLE, entryPoints: [entry], outfile })
  return outfile
}
