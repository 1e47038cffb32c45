import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import { countLake, type Requests } from '../lib/lake/counting-store.ts'
import { openMemoryStore } from '../lib/lake/memory-store.ts'
import type { ObjectStore } from '../lib/lake/object-store.ts'
import type { Catalog } from '../lib/model/catalog.ts'
import { billOf, NO_WORK, PRICES } from '../lib/model/price.ts'
import { checkDefinitions } from '../lib/pipeline/check.ts'
import type { Effects } from '../lib/pipeline/effects.ts'
import { handleMessage } from '../lib/pipeline/live.ts'
import { TASK_SECONDS } from '../lib/pipeline/request.ts'
import { inlineMap, runBackfill } from '../lib/pipeline/run.ts'
import { runTask } from '../lib/pipeline/run-task.ts'
import type { BenchResult } from './backfill.ts'
import { FLIGHT_DAYS, layFlights } from './flights-lake.ts'
import { measurement } from './report.ts'

const NOW = Date.parse('2001-07-02T12:00:00Z')
const FLIGHTS = 'flights/'
/** The day whose object arrives while everything before it is there. */
const LIVE_DAY = { name: '2001-06-30', before: '2001-06-29', now: Date.parse('2001-07-01T12:00:00Z') }

/** What was asked of a bucket for so many partitions, which read so many bytes of stored objects. */
interface Asked {
  readonly requests: Requests
  readonly partitions: number
  readonly storedBytes: number
}

/**
 * What a bucket is asked for, counted at the store; no machine changes these figures. The backfill is the whole run: plan, tasks and their
 * results, report. The lake lies in memory with the pages and promises of S3, and is read as from beyond a network.
 */
export async function benchS3(dir: string): Promise<BenchResult> {
  const engine = new LocalEngine({ scratch: join(dir, 's3-scratch') })
  try {
    const days = await readDays(join(dir, 's3-days'))
    const months = await readMonths(join(dir, 's3-months'))
    const catalog = await catalogOf(engine, 'flights/dt={yyyy}-{MM}-{dd}/')
    const monthly = await catalogOf(engine, 'flights/m={yyyy}-{MM}/')
    const run = await backfill(await bucketOf(days), { engine, catalog }, FLIGHT_DAYS)
    const event = await live(days, { engine, catalog })
    const large = await backfill(await bucketOf(months), { engine, catalog: monthly }, FLIGHT_DAYS)
    const one = await backfill(await bucketOf(months), { engine, catalog: monthly }, { first: '2001-05-16', last: '2001-05-16' })
    return {
      measurements: [
        measurement('s3_bytes_share', shareOf(run), 'x bytes stored', 1.3),
        measurement('s3_requests_per_partition', requestsOf(run), 'requests', 4),
        measurement('s3_dollars_per_million_partitions', dollarsOf(run), 'USD', 15),
        measurement('s3_live_requests_per_partition', requestsOf(event), 'requests', 15),
        measurement('s3_live_dollars_per_million_partitions', dollarsOf(event), 'USD', 35),
        measurement('s3_large_bytes_share', shareOf(large), 'x bytes stored', 0.25),
        measurement('s3_large_day_bytes_share', shareOf(one), 'x bytes stored', 0.02),
      ],
      notes: [
        describe('backfill of 182 objects of a day', run),
        describe('live event', event),
        describe(`backfill of ${months.size} objects of a month`, large),
        describe('one day of them', one),
      ],
    }
  } finally {
    await engine.close()
  }
}

interface Tools {
  readonly engine: LocalEngine
  readonly catalog: Catalog
}

async function backfill(store: ObjectStore, tools: Tools, { first, last }: { first: string; last: string }): Promise<Asked> {
  const { effects, requests } = effectsOver(store, tools.engine, NOW)
  const request = { views: ['airport_week'], period: { from: first, to: last }, with: 'none', reprocess: 'stale' } as const
  const map = inlineMap((task) => runTask(task, tools.catalog, effects))
  const settings = { prices: PRICES, taskSeconds: TASK_SECONDS, tasksWanted: 8 }
  const asked = { ...request, missingInputs: 'block', reason: 'bench' } as const
  const { report } = await runBackfill(asked, tools.catalog, effects, map, { run: 's3', settings })
  const written = report.outcomes.written ?? 0
  if (written === 0 || report.failed > 0) throw new Error(`the backfill is not as expected: ${JSON.stringify(report.outcomes)}`)
  return { requests: requests(), partitions: written, storedBytes: await storedBytes(store) }
}

/** One object arrives, and its event is handled: the day's partition of the 7-day view. */
async function live(days: ReadonlyMap<string, Uint8Array>, tools: Tools): Promise<Asked> {
  const isBefore = (key: string) => key < `${FLIGHTS}dt=${LIVE_DAY.name}`
  const store = await bucketOf(new Map([...days].filter(([key]) => isBefore(key))))
  await backfill(store, tools, { first: FLIGHT_DAYS.first, last: LIVE_DAY.before })
  const [key, bytes] = [...days].find(([one]) => one.startsWith(`${FLIGHTS}dt=${LIVE_DAY.name}/`)) ?? []
  if (key === undefined || bytes === undefined) throw new Error(`there is no object of ${LIVE_DAY.name}`)
  await store.put(key, bytes)
  const { effects, requests } = effectsOver(store, tools.engine, LIVE_DAY.now)
  const { reports } = await handleMessage({ kind: 'object', key }, tools.catalog, effects)
  const written = reports.flatMap(({ outcomes }) => outcomes).filter(({ result }) => result === 'written')
  if (written.length !== 1) throw new Error(`the event is not as expected: ${JSON.stringify(reports)}`)
  const week = [...days].filter(([one]) => one > `${FLIGHTS}dt=2001-06-24` && one <= key)
  return { requests: requests(), partitions: 1, storedBytes: week.reduce((sum, [, { length }]) => sum + length, 0) }
}

function effectsOver(store: ObjectStore, engine: LocalEngine, now: number) {
  const { lake, requests } = countLake({ store, bucket: () => store })
  const effects: Effects = {
    lake,
    engine,
    queue: { send: async () => undefined },
    now: () => now,
    newId: () => crypto.randomUUID(),
    log: () => undefined,
  }
  return { effects, requests }
}

const shareOf = ({ requests, storedBytes: stored }: Asked) => requests.bytesRead / stored
const requestsOf = ({ requests: { gets, heads, puts, lists, deletes }, partitions }: Asked) =>
  (gets + heads + puts + lists + deletes) / partitions

/** Of requests alone: bytes within a region cost nothing, and what is stored is not asked for. */
function dollarsOf({ requests: { gets, heads, puts, lists }, partitions }: Asked): number {
  const bill = billOf({ ...NO_WORK, gets: gets + heads, puts: puts + lists }, PRICES)
  return (bill.reduce((sum, { usd }) => sum + usd, 0) / partitions) * 1e6
}

function describe(what: string, asked: Asked): string {
  const { gets, heads, puts, lists, deletes, bytesRead } = asked.requests
  const each = Object.entries({ gets, heads, puts, lists, deletes }).map(
    ([kind, count]) => `${kind} ${(count / asked.partitions).toFixed(3)}`,
  )
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`
  return `s3, ${what}: ${mb(bytesRead)} read of ${mb(asked.storedBytes)}, a partition: ${each.join(', ')}`
}

async function bucketOf(objects: ReadonlyMap<string, Uint8Array>): Promise<ObjectStore> {
  const store = openMemoryStore()
  for (const [key, bytes] of objects) await store.put(key, bytes)
  return Object.assign(store, { isRemote: true })
}

async function storedBytes(store: ObjectStore): Promise<number> {
  let bytes = 0
  for await (const page of store.list({ prefix: FLIGHTS })) for (const { size } of page) bytes += size
  return bytes
}

async function readDays(lake: string): Promise<ReadonlyMap<string, Uint8Array>> {
  await layFlights(lake)
  return readObjects(lake)
}

/** The same flights in an object a month of some 25 MB, most of it a column that no view reads. */
async function readMonths(lake: string): Promise<ReadonlyMap<string, Uint8Array>> {
  await mkdir(lake, { recursive: true })
  const file = fileURLToPath(new URL('../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run(
    `COPY (SELECT *, md5(date::VARCHAR || origin) || md5(destination || delay) || md5(distance || date::VARCHAR) AS details, strftime(date, '%Y-%m') AS m FROM read_parquet('${file}') ` +
      `ORDER BY date) TO '${join(lake, 'flights')}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (m))`,
  )
  connection.closeSync()
  instance.closeSync()
  return readObjects(lake)
}

async function readObjects(lake: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = await readdir(join(lake, 'flights'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.sort().map(async (file) => [file.slice(lake.length + 1), await readFile(file)] as const)))
}

/** The benchmark's view over flights that lie below this key. */
async function catalogOf({ engine }: LocalEngine, key: string): Promise<Catalog> {
  const text = (file: string) => readFile(new URL(`features/${file}`, import.meta.url), 'utf8')
  const files = [
    { file: 'airport_week.sql', text: await text('airport_week.sql') },
    { file: 'flights.source.yaml', text: (await text('flights.source.yaml')).replace(/^key:.*$/m, `key: ${key}`) },
  ]
  const { catalog, problems } = await checkDefinitions({ files, engine, sample: false })
  if (!catalog) throw new Error(JSON.stringify(problems))
  return catalog
}
