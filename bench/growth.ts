import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import { openLake } from '../lib/lake/open-lake.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import { Calendar } from '../lib/model/partition.ts'
import { PRICES } from '../lib/model/price.ts'
import { zoneNamed } from '../lib/model/zone.ts'
import { checkDefinitions } from '../lib/pipeline/check.ts'
import type { Effects } from '../lib/pipeline/effects.ts'
import { TASK_SECONDS } from '../lib/pipeline/request.ts'
import { inlineMap, runBackfill } from '../lib/pipeline/run.ts'
import { runTask } from '../lib/pipeline/run-task.ts'
import type { BenchResult } from './backfill.ts'
import { type Counts, countedStore, countQueries, noCounts, renderCounts } from './counted.ts'
import { measurement, median } from './report.ts'

const [FEW, MANY] = [100, 10_000]
const FIRST = '1990-01-01'
const NOW = Date.parse('2030-01-01T00:00:00Z')
const days = new Calendar('day', zoneNamed('UTC'))

const DEFINITIONS = [
  {
    file: 'ticks.source.yaml',
    text: `description: Three rows a day.\nkey: ticks/dt={yyyy}-{MM}-{dd}/\nformat: parquet\nevent_time: at\ncolumns: {at: TIMESTAMP, id: VARCHAR, x: BIGINT}\nstart: ${FIRST}\n`,
  },
  {
    file: 'week.sql',
    text: '/* ---\ndescription: A week of ticks.\nentity: id\ngrain: day\ninputs: {ticks: 7 days}\nwarm_up: compute\n--- */\nSELECT id, count(*) AS n, sum(x) AS total FROM ticks GROUP BY id\n',
  },
]

interface Grown {
  readonly wallMs: number
  readonly cpuMs: number
}

/**
 * Backfills of 100 and of 10,000 small partitions on a folder lake, in this process: plan, engine, puts, receipts. The lake holds no
 * more days than are computed. User and system time decides, since a busy machine changes it least.
 */
export async function benchGrowth(dir: string, rounds: number): Promise<BenchResult> {
  const counts = noCounts()
  countQueries(counts)
  // The first one compiles the code that all of them run.
  await grow(dir, FEW, counts)
  const before: Grown[] = []
  for (let round = 0; round < rounds; round++) before.push(await grow(dir, FEW, counts))
  const fewCounts = { ...counts }
  Object.assign(counts, noCounts())
  const many = await grow(dir, MANY, counts)
  const few = { wallMs: median(before.map((one) => one.wallMs)), cpuMs: median(before.map((one) => one.cpuMs)) }
  return {
    measurements: [measurement('cost_growth', many.cpuMs / few.cpuMs, 'x cost a partition', 1.3)],
    notes: [
      `${FEW} partitions: ${render(few)}; calls a partition: ${renderCounts(fewCounts, FEW * (rounds + 1))}`,
      `${MANY} partitions: ${render(many)}; calls a partition: ${renderCounts(counts, MANY)}`,
    ],
  }
}

function render({ wallMs, cpuMs }: Grown): string {
  return `${wallMs.toFixed(2)} ms each (${cpuMs.toFixed(2)} ms of user and system time)`
}

/** Milliseconds a partition of one backfill into an empty lake. */
async function grow(dir: string, partitions: number, counts: Counts): Promise<Grown> {
  const root = join(dir, 'growth-lake')
  await rm(root, { recursive: true, force: true })
  await layTicks(root, partitions)
  const lake = await openLake(root)
  const engine = new LocalEngine({ scratch: join(root, '.hindcast', 'scratch', `${process.pid}`) })
  const store = countedStore(lake.store, counts)
  const effects: Effects = {
    lake: { store, bucket: () => store },
    engine,
    queue: { send: async () => undefined },
    now: () => NOW,
    newId: () => crypto.randomUUID(),
    log: () => undefined,
  }
  try {
    return await run(await catalogOf(engine), effects, partitions)
  } finally {
    await engine.close()
    await lake.close()
  }
}

async function catalogOf({ engine }: LocalEngine): Promise<Catalog> {
  const { catalog, problems } = await checkDefinitions({ files: DEFINITIONS, engine, sample: false })
  if (!catalog) throw new Error(JSON.stringify(problems))
  return catalog
}

async function run(catalog: Catalog, effects: Effects, partitions: number): Promise<Grown> {
  const first = days.indexOf(FIRST)
  const period = { from: FIRST, to: days.name(first + partitions - 1) }
  const request = { views: ['week'], period, with: 'none', reprocess: 'stale', missingInputs: 'block', reason: 'bench' } as const
  const [began, cpuBegan] = [performance.now(), process.cpuUsage()]
  const map = inlineMap((task) => runTask(task, catalog, effects))
  const settings = { prices: PRICES, taskSeconds: TASK_SECONDS, tasksWanted: 8 }
  const { report } = await runBackfill(request, catalog, effects, map, { run: 'growth', settings })
  const cpu = process.cpuUsage(cpuBegan)
  if (report.outcomes.written !== partitions) throw new Error(`not all was written: ${JSON.stringify(report.outcomes)}`)
  return { wallMs: (performance.now() - began) / partitions, cpuMs: (cpu.user + cpu.system) / 1000 / partitions }
}

async function layTicks(root: string, partitions: number): Promise<void> {
  await mkdir(root, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run('SET partitioned_write_max_open_files = 1000')
  await connection.run(`
    COPY (
      SELECT TIMESTAMP '${FIRST}' + to_days(i::INTEGER // 3) + to_hours(i % 3) AS at, 'id' || i % 3 AS id, i AS x,
             strftime(TIMESTAMP '${FIRST}' + to_days(i::INTEGER // 3), '%Y-%m-%d') AS dt
      FROM range(${partitions * 3}) AS rows (i)
    ) TO '${join(root, 'ticks')}' (FORMAT parquet, PARTITION_BY (dt))`)
  connection.closeSync()
  instance.closeSync()
}
