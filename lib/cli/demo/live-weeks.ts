import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../../../functions/environment.ts'
import { diffRows } from '../../engine/diff-rows.ts'
import { outputKey } from '../../lake/keys.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { featureNamed } from '../../model/catalog.ts'
import { sweep } from '../../pipeline/sweep.ts'
import type { LiveSession } from '../live-session.ts'
import { type Arrival, type Flights, LIVE_FIRST, LIVE_LAST, putArrival, putDay } from './flights.ts'

/** The view over what arrives late; the others read whole days. */
export const LIVE_VIEW = 'airport_day_live'
const HOUR_MS = 3_600_000

/** One thing that happens at a time of the simulated clock. */
type Happening =
  | { readonly at: number; readonly kind: 'object'; readonly arrival: Arrival; readonly deliveries: number }
  | { readonly at: number; readonly kind: 'day'; readonly day: Flights['days'][number] }
  | { readonly at: number; readonly kind: 'sweep' }

export interface LiveWeeks {
  readonly objects: number
  readonly duplicates: number
  readonly outOfOrder: number
  readonly lateRows: number
  readonly sweeps: number
  /** Outputs put, and those of them that replaced an older one. */
  readonly written: number
  readonly repaired: number
  /** Days of the live view, and those that a job which runs once after midnight would have left wrong, with the rows of them. */
  readonly days: number
  readonly wrongDays: number
  readonly wrongRows: number
}

export interface LiveWorld {
  readonly live: LiveSession
  setNow(at: number): void
  onDay(day: string): void
}

/** Runs the two weeks as they happened: objects one by one through the live handler, some twice, some late, sweeps in between. */
export async function runLiveWeeks(flights: Flights, world: LiveWorld): Promise<LiveWeeks> {
  const { environment, queue } = world.live
  const { store } = environment.effects.lake
  const first = new Map<string, Uint8Array>()
  let day = ''
  const happenings = timeline(flights)
  for (const happening of happenings) {
    world.setNow(happening.at)
    if (happening.kind === 'day') {
      await putDay(store, happening.day)
      await queue.send([{ kind: 'object', key: `flights/dt=${happening.day.day}/part-0.parquet` }])
    } else if (happening.kind === 'object') {
      await putArrival(store, happening.arrival)
      for (let count = 0; count < happening.deliveries; count++) await queue.send([{ kind: 'object', key: happening.arrival.key }])
    } else await sweep(environment.catalog, environment.effects)
    await queue.drain(environment)
    if (happening.kind === 'sweep') await keepFirst(world, first)
    const today = new Date(happening.at).toISOString().slice(0, 10)
    if (today !== day) world.onDay(today)
    day = today
  }
  const objects = happenings.filter((one) => one.kind === 'object')
  return {
    objects: objects.length,
    duplicates: objects.filter((one) => one.deliveries > 1).length,
    outOfOrder: objects.filter((one, at) => (objects[at - 1]?.arrival.at ?? 0) > one.arrival.at).length,
    lateRows: flights.events.reduce((sum, arrival) => sum + arrival.late, 0),
    sweeps: happenings.filter((one) => one.kind === 'sweep').length,
    written: world.live.counts.written ?? 0,
    repaired: (world.live.counts.written ?? 0) - world.live.written.size,
    ...(await countWrong(world, first)),
  }
}

/** Every fifth object comes after the next one, every seventh is announced twice. Days are complete two hours after midnight. */
function timeline(flights: Flights): Happening[] {
  const slot = (flights.events[1]?.at ?? 0) - (flights.events[0]?.at ?? 0)
  const objects = flights.events.map((arrival, at): Happening => {
    return { kind: 'object', arrival, at: arrival.at + (at % 5 === 4 ? slot + 60_000 : 0), deliveries: at % 7 === 3 ? 2 : 1 }
  })
  const days = flights.days
    .filter(({ day }) => day >= LIVE_FIRST)
    .map((day): Happening => ({ kind: 'day', day, at: Date.parse(`${day.day}T04:00:00Z`) + 26 * HOUR_MS }))
  const last = Math.max(...objects.map((one) => one.at))
  const sweeps: Happening[] = []
  for (let at = Date.parse(`${LIVE_FIRST}T04:30:00Z`) + 24 * HOUR_MS; at < last + 24 * HOUR_MS; at += 24 * HOUR_MS)
    sweeps.push({ kind: 'sweep', at })
  return [...objects, ...days, ...sweeps].sort((a, b) => a.at - b.at)
}

/** Keeps what the first sweep after midnight wrote: what a job that runs once would have left. */
async function keepFirst({ live: { environment } }: LiveWorld, first: Map<string, Uint8Array>): Promise<void> {
  for (const partition of liveDays()) {
    if (first.has(partition)) continue
    const bytes = await readOutput(environment.effects.lake.store, environment, partition)
    if (bytes) first.set(partition, bytes)
  }
}

function liveDays(): string[] {
  const days: string[] = []
  for (let at = Date.parse(LIVE_FIRST); at <= Date.parse(LIVE_LAST); at += 24 * HOUR_MS) days.push(new Date(at).toISOString().slice(0, 10))
  return days
}

async function readOutput(store: ObjectStore, environment: Environment, partition: string): Promise<Uint8Array | undefined> {
  const { version } = featureNamed(environment.catalog, LIVE_VIEW)
  return (await store.get(outputKey(version.view, version.version, partition)))?.bytes
}

async function countWrong({ live: { environment, session } }: LiveWorld, first: ReadonlyMap<string, Uint8Array>) {
  const { version } = featureNamed(environment.catalog, LIVE_VIEW)
  let [wrongDays, wrongRows] = [0, 0]
  for (const [partition, before] of first) {
    const now = await readOutput(environment.effects.lake.store, environment, partition)
    if (!now || Buffer.compare(before, now) === 0) continue
    const files = [join(session.engine.scratch, 'first.parquet'), join(session.engine.scratch, 'last.parquet')] as const
    await Promise.all([writeFile(files[0], before), writeFile(files[1], now)])
    wrongDays++
    const diff = await diffRows(session.engine.engine, { version, here: files[0], there: files[1], examples: 100_000 })
    wrongRows += new Set(diff.examples.map((difference) => difference.entity)).size
  }
  return { days: first.size, wrongDays, wrongRows }
}
