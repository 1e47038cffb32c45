import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { LocalEngine } from '../../engine/local-engine.ts'
import { literal } from '../../engine/quote.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { InvalidInputError } from '../../model/errors.ts'

/** The zone whose days name the folders, as the example's sources say. */
export const ZONE = 'America/New_York'
/** The two weeks that the demo runs live. */
export const LIVE_FIRST = '2001-06-17'
export const LIVE_LAST = '2001-06-30'

/** A local file that will be an object, and when it arrives (milliseconds, UTC). */
export interface Arrival {
  readonly key: string
  readonly file: string
  readonly at: number
  /** Rows in it whose day was over when it arrived. */
  readonly late: number
}

/** The demo's raw data on local disk, cut but not yet laid on a lake. */
export interface Flights {
  readonly rows: number
  /** One file per New York day, in order. */
  readonly days: readonly { readonly day: string; readonly file: string }[]
  /** Flights at exactly 2001-07-01 00:00: the 182nd day. */
  readonly onTheBorder: number
  readonly events: readonly Arrival[]
  readonly airports: string
}

/** Where npm put the flights. @throws InvalidInputError where vega-datasets is not installed. */
function datasetFile(name: string): string {
  try {
    // The package exports its code only; the data lies beside it.
    return join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data', name)
  } catch (cause) {
    throw new InvalidInputError('the flights are not here; run npm ci, which brings the package vega-datasets', {}, { cause })
  }
}

/** Slots of one day, each an object: an hour and a half. */
const SLOTS = 16
/** Late rows come with the object of this slot, as a catch-up at noon would bring them. */
const LATE_SLOT = 8

/** Cuts the flights into days and into the small objects of their live weeks: one row in 40 arrives one to five days late. */
export async function cutFlights(engine: LocalEngine): Promise<Flights> {
  const dir = join(engine.scratch, 'demo')
  await mkdir(join(dir, 'events'), { recursive: true })
  const flights = join(dir, 'flights.parquet')
  await copyFile(datasetFile('flights-3m.parquet'), flights)
  const airports = join(dir, 'airports.csv')
  await copyFile(datasetFile('airports.csv'), airports)
  return engine.engine.session('UTC', async (session) => {
    const from = `read_parquet(${literal(flights)})`
    await session.run(
      `COPY (SELECT *, strftime(date, '%Y-%m-%d') AS dt FROM ${from}) TO ${literal(join(dir, 'days'))} (FORMAT parquet, PARTITION_BY (dt), FILENAME_PATTERN 'part')`,
    )
    const [total] = await session.rows(
      `SELECT count(*)::INTEGER AS n, count(*) FILTER (WHERE date = TIMESTAMP '2001-07-01')::INTEGER AS border FROM ${from}`,
    )
    await session.run(
      `CREATE TEMP TABLE events AS SELECT *, date_trunc('day', arrives) AS arrival_day, CASE WHEN late > 0 THEN ${LATE_SLOT} ELSE ` +
        `(epoch_ms(arrives - date_trunc('day', arrives)) * ${SLOTS} // 86400000)::INTEGER END AS slot FROM (SELECT *, date + to_days(late) AS arrives ` +
        `FROM (SELECT date, delay, origin, destination, CASE WHEN hash(date, origin, destination, delay) % 40 = 0 THEN 1 + (hash(origin, delay) % 5)::INTEGER ELSE 0 END AS late ` +
        `FROM ${from} WHERE date >= TIMESTAMP ${literal(LIVE_FIRST)} AND date < TIMESTAMP ${literal(LIVE_LAST)} + INTERVAL 1 DAY))`,
    )
    const objects = await session.rows(
      `SELECT strftime(arrival_day, '%Y-%m-%d') AS day, slot, epoch_ms(arrival_day) AS at, count(*) FILTER (WHERE date < arrival_day)::INTEGER AS late, ` +
        `string_agg(json_object('date', strftime(date, '%Y-%m-%dT%H:%M:%S'), 'delay', delay, 'origin', origin, 'destination', destination)::VARCHAR, chr(10) ORDER BY date, origin, destination, delay) AS lines ` +
        `FROM events GROUP BY ALL ORDER BY day, slot`,
    )
    const events = await Promise.all(objects.map((row) => writeArrival(dir, row)))
    return { rows: Number(total?.n), days: await listDays(dir), onTheBorder: Number(total?.border), events, airports }
  })
}

async function writeArrival(dir: string, row: Readonly<Record<string, unknown>>): Promise<Arrival> {
  const [day, slot] = [String(row.day), Number(row.slot)]
  const file = join(dir, 'events', `${day}-${slot}.json.gz`)
  await writeFile(file, gzipSync(`${String(row.lines)}\n`))
  // New York is four hours behind UTC in June; an object arrives at the end of its slot.
  const at = Number(row.at) + 4 * 3_600_000 + ((slot + 1) * 86_400_000) / SLOTS
  const key = `flight_events/dt=${day}/${String(slot).padStart(2, '0')}.json.gz`
  return { key, file, at, late: Number(row.late) }
}

async function listDays(dir: string) {
  const names = (await readdir(join(dir, 'days'))).sort()
  return Promise.all(
    names.map(async (name) => {
      const [file] = await readdir(join(dir, 'days', name))
      return { day: name.slice('dt='.length), file: join(dir, 'days', name, file ?? '') }
    }),
  )
}

/** Lays what is known before the live weeks begin: the days until then, and the airports. */
export async function layHistory(store: ObjectStore, flights: Flights): Promise<void> {
  await putAirports(store, flights.airports)
  for (const day of flights.days) if (day.day < LIVE_FIRST) await putDay(store, day)
}

export async function putDay(store: ObjectStore, { day, file }: { readonly day: string; readonly file: string }): Promise<void> {
  await store.put(`flights/dt=${day}/part-0.parquet`, await readFile(file))
}

async function putAirports(store: ObjectStore, file: string): Promise<void> {
  await store.put('airports/dt=2001-01-01/airports.csv', await readFile(file))
}

export async function putArrival(store: ObjectStore, { key, file }: Arrival): Promise<void> {
  await store.put(key, await readFile(file))
}
