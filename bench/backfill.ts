import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { FLIGHT_DAYS, layFlights } from './flights-lake.ts'
import { type Ran, runNode, setAside } from './process.ts'
import { type Measurement, measurement, median } from './report.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const COMPETITORS = ['backfill', 'one pass', 'loop'] as const
type Competitor = (typeof COMPETITORS)[number]
type Round = Readonly<Record<Competitor, Ran>>

export interface BenchResult {
  readonly measurements: readonly Measurement[]
  /** What else was counted, for people. */
  readonly notes: readonly string[]
}

/**
 * All 182 days of a 7-day view over 3,000,000 flights, whole processes in turns, against one query that writes the same files and
 * against a loop with one query a day. Ratios are medians over the rounds of what was measured side by side.
 */
export async function benchBackfill(dir: string, rounds: number): Promise<BenchResult> {
  const lake = join(dir, 'flights-lake')
  await layFlights(lake)
  const ran: Round[] = []
  const runs = contestants(lake, dir)
  // The first round fills caches and shows that all give the same rows.
  await runRound(runs, join(dir, 'past', 'first'))
  await requireSameRows(lake, join(dir, 'one-pass'))
  await requireSameRows(lake, join(dir, 'loop'))
  for (let round = 0; round < rounds; round++) ran.push(await runRound(runs, join(dir, 'past', String(round))))
  const ratio = (to: Competitor, pick: (one: Ran) => number) => median(ran.map((round) => pick(round.backfill) / pick(round[to])))
  return {
    measurements: [
      measurement('backfill_vs_one_pass', ratio('one pass', wall), 'x wall time', 3),
      measurement('backfill_vs_loop', ratio('loop', wall), 'x wall time', 1),
    ],
    notes: [
      ...COMPETITORS.map((name) => `${name}: ${seconds(ran, name, wall)} wall, ${seconds(ran, name, cpu)} user and system (medians)`),
      `user and system time: ${ratio('one pass', cpu).toFixed(2)} x one pass, ${ratio('loop', cpu).toFixed(2)} x loop`,
      `backfill wrote ${await sizeOf(join(lake, 'features'))}; one pass ${await sizeOf(join(dir, 'one-pass'))}`,
    ],
  }
}

const wall = (one: Ran) => one.wallMs
const cpu = (one: Ran) => one.cpuMs

function seconds(ran: readonly Round[], name: Competitor, pick: (one: Ran) => number): string {
  return `${(median(ran.map((round) => pick(round[name]))) / 1000).toFixed(2)} s`
}

interface Contestant {
  readonly writesTo: string
  /** Names in that folder that are there before it runs. */
  readonly keep: readonly string[]
  readonly args: readonly string[]
}

type Contestants = Readonly<Record<Competitor, Contestant>>

function contestants(lake: string, dir: string): Contestants {
  const { first, last } = FLIGHT_DAYS
  const cli = [here('../dist/hindcast.js'), '--lake', lake, '--features', here('features'), '--now', '2001-07-02T12:00:00Z']
  const peer = (name: string) => ({
    writesTo: join(dir, name),
    keep: [],
    args: [here(`peers/${name}.ts`), lake, join(dir, name)],
  })
  return {
    backfill: { writesTo: lake, keep: ['flights'], args: [...cli, 'backfill', 'airport_week', '--from', first, '--to', last] },
    'one pass': peer('one-pass'),
    loop: peer('loop'),
  }
}

async function runRound(all: Contestants, past: string): Promise<Round> {
  const ran: Partial<Record<Competitor, Ran>> = {}
  for (const name of COMPETITORS) {
    const { writesTo, keep } = all[name]
    await setAside(writesTo, join(past, name), keep)
    ran[name] = await runNode(all[name].args)
  }
  return ran as Round
}

/** @throws Error when a peer's rows differ: counts exactly, the mean by more than rounding. */
async function requireSameRows(lake: string, peer: string): Promise<void> {
  const columns = 'origin, dt::VARCHAR AS dt, departures_7d, departures_1d, round(mean_delay_7d, 9) AS mean_delay_7d'
  const rows = (files: string) => `SELECT ${columns} FROM read_parquet('${files}', hive_partitioning = true)`
  const [ours, theirs] = [rows(`${lake}/features/*/*/*/features.parquet`), rows(`${peer}/*/*.parquet`)]
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const sql = `SELECT (SELECT count(*) FROM (${ours})), (SELECT count(*) FROM (${theirs})), count(*) FROM ((${ours}) INTERSECT (${theirs}))`
  const [counts = []] = (await connection.runAndReadAll(sql)).getRows()
  connection.closeSync()
  instance.closeSync()
  if (counts[0] !== counts[1] || counts[0] !== counts[2]) throw new Error(`${peer} has other rows: ${counts.join(', ')}`)
}

async function sizeOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  return `${files.length} files of ${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(2)} MB`
}
