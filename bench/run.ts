/**
 * The benchmark: prints a table of measurements against their limits, and what was counted beside them.
 *
 *     npm run bench -- [--json FILE] [--only backfill|plan|growth|live|training|s3] [--rounds N]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BenchResult, benchBackfill } from './backfill.ts'
import { benchGrowth } from './growth.ts'
import { benchLive } from './live.ts'
import { benchPlan } from './plan.ts'
import { renderMeasurements } from './report.ts'
import { benchS3 } from './s3.ts'
import { benchTraining } from './training.ts'

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' }, rounds: { type: 'string' } } })
const rounds = Number(values.rounds ?? 5)
const dir = await mkdtemp(join(tmpdir(), 'hindcast-bench-'))

const BENCHES: Record<string, () => Promise<BenchResult>> = {
  backfill: () => benchBackfill(dir, rounds),
  plan: () => benchPlan(dir, Math.min(rounds, 3)),
  growth: () => benchGrowth(dir, rounds),
  live: () => benchLive(dir, rounds),
  training: () => benchTraining(dir, rounds),
  s3: () => benchS3(dir),
}

try {
  const wanted = values.only === undefined ? Object.keys(BENCHES) : [values.only]
  const done: BenchResult[] = []
  for (const name of wanted) {
    const bench = BENCHES[name]
    if (!bench) throw new Error(`there is no benchmark '${name}'; expected ${Object.keys(BENCHES).join(', ')}`)
    process.stderr.write(`${name} ...\n`)
    done.push(await bench())
  }
  const measurements = done.flatMap((bench) => bench.measurements)
  console.log(renderMeasurements(measurements))
  for (const note of done.flatMap((bench) => bench.notes)) console.log(`  ${note}`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(measurements, null, 1)}\n`)
} finally {
  await rm(dir, { recursive: true, force: true })
}
