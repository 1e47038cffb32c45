import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LiveQueue } from '../lib/cli/live-loop.ts'
import { LocalEngine } from '../lib/engine/local-engine.ts'
import type { ObjectStore } from '../lib/lake/object-store.ts'
import { openLake } from '../lib/lake/open-lake.ts'
import { Calendar } from '../lib/model/partition.ts'
import { zoneNamed } from '../lib/model/zone.ts'
import { checkDefinitions } from '../lib/pipeline/check.ts'
import type { ComputeEngine, Effects } from '../lib/pipeline/effects.ts'
import type { BenchResult } from './backfill.ts'
import { Busy } from './busy.ts'
import { measurement, median } from './report.ts'

const WARM_UP = 20
const FIRST = '2001-01-01-00'
const HOUR_MS = 3_600_000
const hours = new Calendar('hour', zoneNamed('UTC'))

const DEFINITIONS = [
  {
    file: 'ticks.source.yaml',
    text: 'description: Three rows an hour.\nkey: ticks/dt={yyyy}-{MM}-{dd}/{HH}/\nformat: json\nevent_time: at\nfolders: arrival\ncolumns: {at: TIMESTAMP, id: VARCHAR, x: BIGINT}\nstart: 2001-01-01\n',
  },
  {
    file: 'six_hours.sql',
    text: '/* ---\ndescription: Six hours of ticks.\nentity: id\ngrain: hour\ninputs: {ticks: 6 hours}\nwarm_up: compute\n--- */\nSELECT id, count(*) AS n, sum(x) AS total FROM ticks GROUP BY id\n',
  },
]

/**
 * A small object arrives each hour and its event goes through the live handler, warm: it is landed and the hour's partition is computed.
 * What counts is the time that is spent neither in the engine nor in a call of the store.
 */
export async function benchLive(dir: string, rounds: number): Promise<BenchResult> {
  const root = join(dir, 'live-lake')
  await rm(root, { recursive: true, force: true })
  const lake = await openLake(root)
  const engine = new LocalEngine({ scratch: join(root, '.hindcast', 'scratch', `${process.pid}`) })
  try {
    const busy = new Busy()
    const arrive = await openPipeline(timedStore(lake.store, busy), timedEngine(engine, busy))
    for (let hour = 0; hour < WARM_UP; hour++) await arrive(hour)
    const beyond: number[] = []
    const whole: number[] = []
    for (let hour = WARM_UP; hour < WARM_UP + rounds * 10; hour++) {
      busy.reset()
      const began = performance.now()
      await arrive(hour)
      whole.push(performance.now() - began)
      beyond.push((whole.at(-1) ?? 0) - busy.ms)
    }
    return {
      measurements: [measurement('live_overhead_ms', median(beyond), 'ms', 20)],
      notes: [
        `live: one object landed and one partition computed in ${median(whole).toFixed(1)} ms (median of ${whole.length}), ${median(beyond).toFixed(1)} ms of it beyond engine and store calls`,
      ],
    }
  } finally {
    await engine.close()
    await lake.close()
  }
}

/** Puts one hour's object and handles its event. */
async function openPipeline(store: ObjectStore, engine: ComputeEngine & LocalEngine): Promise<(hour: number) => Promise<void>> {
  const { catalog, problems } = await checkDefinitions({ files: DEFINITIONS, engine: engine.engine, sample: false })
  if (!catalog) throw new Error(JSON.stringify(problems))
  const queue = new LiveQueue()
  let now = 0
  let written = 0
  const effects: Effects = {
    lake: { store, bucket: () => store },
    engine,
    queue,
    now: () => now,
    newId: () => crypto.randomUUID(),
    log: (event) => {
      if (event.result === 'written') written++
    },
  }
  const first = hours.indexOf(FIRST)
  return async (hour) => {
    const { name, start, end } = hours.partition(first + hour)
    now = end + HOUR_MS / 12
    const key = `ticks/dt=${name.slice(0, 10)}/${name.slice(11)}/ticks.json`
    const rows = [0, 1, 2].map((x) => JSON.stringify({ at: new Date(start + x * 60_000).toISOString().slice(0, 19), id: `id${x}`, x }))
    await store.put(key, Buffer.from(`${rows.join('\n')}\n`))
    await queue.send([{ kind: 'object', key }])
    const before = written
    await queue.drain({ catalog, effects, close: async () => undefined })
    if (written !== before + 1) throw new Error(`hour ${name} was not computed once but ${written - before} times`)
  }
}

function timedStore(store: ObjectStore, busy: Busy): ObjectStore {
  return {
    location: store.location,
    put: (...args) => busy.run(() => store.put(...args)),
    get: (...args) => busy.run(() => store.get(...args)),
    getRange: (...args) => busy.run(() => store.getRange(...args)),
    download: (...args) => busy.run(() => store.download(...args)),
    head: (...args) => busy.run(() => store.head(...args)),
    delete: (...args) => busy.run(() => store.delete(...args)),
    list: (options) => timedPages(store.list(options), busy),
    listNames: (prefix) => timedPages(store.listNames(prefix), busy),
  }
}

async function* timedPages<T>(all: AsyncIterable<T>, busy: Busy): AsyncGenerator<T> {
  const pages = all[Symbol.asyncIterator]()
  for (;;) {
    const page = await busy.run(() => pages.next())
    if (page.done) return
    yield page.value
  }
}

function timedEngine(engine: LocalEngine, busy: Busy): ComputeEngine & LocalEngine {
  return Object.assign(Object.create(engine) as LocalEngine, {
    computeAll: (jobs) => busy.run(() => engine.computeAll(jobs)),
    profileAll: (objects, binding) => busy.run(() => engine.profileAll(objects, binding)),
    changeOf: (pair) => busy.run(() => engine.changeOf(pair)),
    land: (job) => busy.run(() => engine.land(job)),
    emptyPiece: (source, file) => busy.run(() => engine.emptyPiece(source, file)),
    decode: (raw, source, file) => busy.run(() => engine.decode(raw, source, file)),
  } satisfies Partial<ComputeEngine>)
}
