/**
 * More than a thousand partitions through the deployed definition, with the functions in processes of their own, and live beside it. Live and
 * map share this machine's cores and one emulator, where in AWS each call has a CPU of its own and S3 has no end: the map's requests go one
 * at a time here and its processes give way, and the ages measured are still worse than those there. Not shown: the account's concurrency,
 * which the caps of the stack divide, and the mapping's own pollers.
 */
import pMap from 'p-map'
import { describe, expect, it } from 'vitest'
import { catalogOf, openHouse, openTestEngine } from '../support/house.ts'
import { outputsOf } from './deployed-lake.ts'
import { missingEmulator } from './emulator.ts'
import { useDeployed } from './use-deployed.ts'

const missing = missingEmulator()
const HOUR_MS = 3_600_000
/** 43 days of history; live is a month later, so that neither is in the other's way. */
const HISTORY = { first: '2001-01-01T00:00:00Z', hours: 43 * 24 }
const LIVE = { first: '2001-03-20T00:00:00Z', hours: 24 }
const BURSTS_MAX = 10
/** Hours after the last of live are over and have no data. */
const NOW = Date.parse('2001-04-01T12:30:00Z')

const DEFINITIONS = {
  'clicks.source.yaml': `description: Clicks, an object an hour.
key: clicks/dt={yyyy}-{MM}-{dd}-{HH}/
format: csv
event_time: at
columns: {at: TIMESTAMP, page: VARCHAR}
start: 2001-01-01
`,
  'clicks_hour.sql': `/* ---
description: Clicks of an hour.
entity: page
grain: hour
inputs: {clicks: 1 hour}
--- */
SELECT page, count(*) AS n FROM clicks GROUP BY page
`,
  'clicks_day.sql': `/* ---
description: Clicks of a day, from its hours.
entity: page
grain: day
inputs: {hours: {from: clicks_hour, window: 1 day}}
--- */
SELECT page, sum(n) AS n FROM hours GROUP BY page
`,
}

/** `2001-01-01-00` and so on. */
function hours({ first, hours: count }: { readonly first: string; readonly hours: number }, skipped = 0): string[] {
  return Array.from({ length: count }, (_, at) => {
    const [day = '', hour = ''] = new Date(Date.parse(first) + (skipped + at) * HOUR_MS).toISOString().split(/[T:]/)
    return `${day}-${hour}`
  })
}

const keyOf = (hour: string) => `clicks/dt=${hour}/a.csv`
const clicks = (hour: string) =>
  Buffer.from(`at,page\n${hour.slice(0, 10)} ${hour.slice(11)}:10:00,home\n${hour.slice(0, 10)} ${hour.slice(11)}:20:00,cart\n`)

describe.skipIf(missing !== undefined)(`a thousand partitions, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  const use = useDeployed({ definitions: DEFINITIONS, now: NOW, processes: true })
  let bursts = 0

  const lay = (names: readonly string[]) => pMap(names, (hour) => use.deployed.store.put(keyOf(hour), clicks(hour)), { concurrency: 8 })

  /** A day of raw objects at once, taken by two pollers; gives the age of the oldest message when it was done, in milliseconds. */
  async function burst(): Promise<number> {
    await lay(hours(LIVE, LIVE.hours * bursts++))
    let oldest = 0
    const poll = async () => {
      for (let batch = await use.deployed.receive(); batch.length > 0; batch = await use.deployed.receive()) {
        expect(await use.deployed.handle(batch)).toEqual([])
        for (const { Attributes: { SentTimestamp: sent } = {} } of batch) oldest = Math.max(oldest, Date.now() - Number(sent))
      }
    }
    await Promise.all([poll(), poll()])
    return oldest
  }

  it('live keeps its pace beside a backfill of more than a thousand, and none of those is computed twice', {
    timeout: 1_800_000,
  }, async () => {
    const { deployed } = use
    const history = hours(HISTORY)
    await lay(history)
    // Their events; nobody looks at what is older than live repairs.
    await deployed.purge()
    await burst()
    const alone = [await burst(), await burst()]

    const began = performance.now()
    const request = { view: 'clicks_hour', from: history[0], to: history.at(-1), maxConcurrency: 20, toleratedFailures: 0 }
    const run = await deployed.start(request, 'thousand')
    const beside: number[] = []
    let ended = false
    const end = deployed.ended(run).finally(() => {
      ended = true
    })
    while (!ended && bursts < BURSTS_MAX) beside.push(await burst())
    const { status, output, cause } = await end
    const seconds = (performance.now() - began) / 1000
    // The emulator looks at every key for each list, so an age without a backfill is taken on both sides of it.
    alone.push(await burst(), await burst())
    const shown = (ages: readonly number[]) => ages.map((ms) => `${Math.round(ms)} ms`).join(', ')
    console.log(
      `${history.length} partitions in ${seconds.toFixed(1)} s; oldest live message: alone ${shown(alone)}; beside ${shown(beside)}`,
    )

    expect({ status, output }, cause).toMatchObject({ status: 'SUCCEEDED', output: { failed: 0, outcomes: { written: history.length } } })
    expect((await deployed.keys('runs/thousand/results/')).length).toBeGreaterThanOrEqual(20)
    const lines = (use.processes?.lines ?? []).filter(({ event, writer }) => event === 'partition' && typeof writer === 'string')
    const done = (name: string) => lines.filter(({ view }) => view === name).map(({ partition }) => String(partition))
    expect(done('clicks_hour')).toHaveLength(new Set(done('clicks_hour')).size)
    expect(done('clicks_hour')).toHaveLength(history.length + bursts * LIVE.hours)
    // The last hours of a day may come by both pollers, which then both find the day complete: the same bytes, and one put.
    expect(new Set(done('clicks_day')).size).toBe(bursts)
    expect((await deployed.keys('features/')).filter((key) => key.includes('/_receipt.'))).toHaveLength(
      history.length + bursts * (LIVE.hours + 1),
    )
    await expectSameBytes(history.slice(0, 48))

    expect(beside.length).toBeGreaterThan(0)
    expect(Math.max(...beside)).toBeLessThan(2 * Math.max(...alone))
  })

  /** The command line computes these hours alike. */
  async function expectSameBytes(names: readonly string[]): Promise<void> {
    const engine = openTestEngine()
    const files = Object.entries(DEFINITIONS).map(([file, text]) => ({ file, text }))
    const house = await openHouse(await catalogOf(files, engine), engine)
    house.now = NOW
    for (const hour of names) await house.put(keyOf(hour), clicks(hour))
    await house.backfill({ from: names[0] ?? '', to: names.at(-1) ?? '' }, { views: ['clicks_hour'] })
    const here = await outputsOf(house.store)
    expect(Object.keys(here)).toHaveLength(names.length)
    expect(await use.deployed.outputs('features/clicks_hour/')).toMatchObject(here)
    await engine.close()
  }
})
