import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { listAll } from '../../lib/lake/object-store.ts'
import { writeRegistry } from '../../lib/lake/registry.ts'
import type { Catalog } from '../../lib/model/catalog.ts'
import type { Training } from '../../lib/model/training.ts'
import { train } from '../../lib/pipeline/train.ts'
import { catalogOf, type House, openHouse, openTestEngine } from '../support/house.ts'
import { parquetOf, publish, readParts } from '../support/training-lake.ts'

/**
 * Training against serving: the real live handler runs through a change of clocks, and every half hour somebody looks up each entity in
 * the newest partition that stands there. A training set made afterwards has to give the same rows.
 */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The clocks of New York change at 2001-04-01T07:00Z. */
const FIRST = Date.parse('2001-03-31T00:00:00Z')
const LAST = Date.parse('2001-04-02T12:00:00Z')
const TICK = 30 * MINUTE
const USERS = ['ann', 'bob', 'cid', 'dee']

const DEFINITIONS = [
  {
    file: 'clicks.source.yaml',
    text: `description: Clicks.
key: clicks/dt={yyyy}-{MM}-{dd}/{HH}/
format: json
event_time: at
columns: {at: TIMESTAMPTZ, user: VARCHAR, amount: BIGINT}
start: 2001-03-31
gaps: empty
wait: 30 minutes
`,
  },
  { file: 'user_hour.sql', text: view('hour', 'clicks: 3 hours', 'count(*) AS n, sum(amount) AS total', 'clicks') },
  { file: 'user_day.sql', text: view('day', 'clicks: 1 day', 'count(*) AS n, sum(amount) AS total', 'clicks', 'zone: America/New_York\n') },
  { file: 'user_day_of_hours.sql', text: view('day', 'user_hour: 24 hours', 'count(*) AS n, sum(total) AS total', 'user_hour') },
]

function view(grain: string, input: string, columns: string, from: string, more = ''): string {
  const header = `description: x\nentity: user\ngrain: ${grain}\n${more}inputs: {${input}}\nwarm_up: compute\navailable_after: 30 minutes\nabsent: {n: 0}\n`
  return `/* ---\n${header}--- */\nSELECT user, ${columns} FROM ${from} GROUP BY user\n`
}

const VIEWS = ['user_hour', 'user_day', 'user_day_of_hours']

let engine: LocalEngine
let catalog: Catalog
beforeAll(async () => {
  engine = openTestEngine()
  catalog = await catalogOf(DEFINITIONS, engine)
})
afterAll(() => engine.close())

/** A click: when, whose, how much, and how long until its object arrives, at most as long as the source waits. */
const click = fc.record({
  at: fc.integer({ min: FIRST, max: LAST - 1 }),
  user: fc.constantFrom(...USERS),
  amount: fc.nat(100),
})

it('a label at t gets the row of the newest partition that live had written at t', async () => {
  await fc.assert(fc.asyncProperty(fc.array(click, { minLength: 60, maxLength: 120, size: 'max' }), fc.constantFrom(1, 10, 29), check), {
    numRuns: 2,
  })
})

interface Served {
  readonly at: number
  readonly user: string
  /** By view; undefined where nothing had been written yet. */
  readonly rows: readonly (ServedRow | undefined)[]
}

interface ServedRow {
  readonly n: string
  readonly total: string | null
  readonly state: 'value' | 'absent'
}

async function check(clicks: readonly Click[], delayMinutes: number): Promise<void> {
  const house = await openHouse(catalog, engine)
  const served = await runLive(house, clicks, delayMinutes * MINUTE)
  await writeRegistry(house.store, catalog, house.now)
  await publish(house.store, Object.fromEntries(catalog.candidates))
  const labels = served.map(({ at, user }, id) => `(${id}, make_timestamptz(${at * 1000}), '${user}')`)
  await house.store.put('labels.parquet', await parquetOf(`SELECT * FROM (VALUES ${labels.join(', ')}) AS labels (id, ts, user_name)`))
  const effects = { lake: { store: house.store, bucket: () => house.store }, engine, threads: 2, now: () => LAST }
  const request = {
    training: TRAINING,
    lineOf: () => 1,
    run: 'run',
    labels: { key: 'labels.parquet' },
    versions: new Map<string, string>(),
  }
  const manifest = await train({ ...request, allowUncovered: true }, effects)
  const rows = await readParts(
    house.store,
    manifest.files.map(({ key }) => key),
  )
  const trained = rows.map((row) => VIEWS.map((name) => asServed(row, name)))
  expect(trained).toEqual(served.map(({ rows }) => rows))
  const values = served.flatMap((one) => one.rows.filter((row) => row?.state === 'value'))
  expect(values.length).toBeGreaterThan(100)
}

interface Click {
  readonly at: number
  readonly user: string
  readonly amount: number
}

const TRAINING: Training = {
  kind: 'training',
  name: 'set',
  file: 'set.training.yaml',
  description: '',
  labels: { key: 'labels.parquet', time: { column: 'ts' } },
  features: VIEWS.map((name) => ({ view: name, as: name, entity: { user: 'user_name' } })),
}

/** Objects arrive `delayMs` after their hour, live handles them and sweeps; at each tick everything is looked up. */
async function runLive(house: House, clicks: readonly Click[], delayMs: number): Promise<Served[]> {
  const served: Served[] = []
  const tables = new Map<string, Promise<Record<string, string | null>[]>>()
  for (let now = FIRST + TICK; now <= LAST; now += TICK) {
    const hour = Math.floor((now - delayMs) / HOUR) * HOUR
    house.now = now
    if (now - delayMs - hour < TICK) await arrive(house, clicks, hour - HOUR)
    await house.sweep()
    const newest = await Promise.all(VIEWS.map((name) => newestOutput(house, name)))
    for (const user of USERS) {
      const rows = await Promise.all(newest.map((key) => lookUp(house, tables, key, user)))
      served.push({ at: now, user, rows })
    }
  }
  return served
}

async function arrive(house: House, clicks: readonly Click[], hour: number): Promise<void> {
  const lines = clicks
    .filter(({ at }) => at >= hour && at < hour + HOUR)
    .map(({ at, user, amount }) => JSON.stringify({ at: new Date(at).toISOString(), user, amount }))
  const [day, of] = new Date(hour).toISOString().split(/[T:]/)
  if (lines.length > 0) await house.put(`clicks/dt=${day}/${of}/clicks.jsonl`, `${lines.join('\n')}\n`, { tell: true })
}

async function newestOutput({ store }: House, name: string): Promise<string | undefined> {
  const keys = (await listAll(store, { prefix: `features/${name}/` })).map(({ key }) => key)
  return keys.filter((key) => key.endsWith('/features.parquet')).at(-1)
}

async function lookUp(
  { store }: House,
  tables: Map<string, Promise<Record<string, string | null>[]>>,
  key: string | undefined,
  user: string,
): Promise<ServedRow | undefined> {
  if (key === undefined) return undefined
  const rows = tables.get(key) ?? readParts(store, [key])
  tables.set(key, rows)
  const row = (await rows).find((one) => one.user === user)
  return row ? { n: String(row.n), total: row.total ?? null, state: 'value' } : { n: '0', total: null, state: 'absent' }
}

function asServed(row: Readonly<Record<string, string | null>>, name: string): ServedRow | undefined {
  const state = row[`${name}__state`]
  if (state === 'no_partition') return undefined
  return { n: String(row[`${name}__n`]), total: row[`${name}__total`] ?? null, state: state as ServedRow['state'] }
}
