/** Nothing in the state of the machine grows with the number of partitions: a run of a million is planned, and its states are measured. */
import { afterAll, expect, test } from 'vitest'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { endRun } from '../../../lib/pipeline/end-run.ts'
import { planRun } from '../../../lib/pipeline/plan-run.ts'
import { putResults } from '../../../lib/pipeline/run-files.ts'
import type { Task } from '../../../lib/pipeline/task.ts'
import { catalogOf, openTestEngine } from '../../support/house.ts'

const engine = openTestEngine()
afterAll(() => engine.close())

const SOURCE = `description: Ticks.
key: ticks/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR}
start: 1901-01-01
`
const HOURLY = `/* ---
description: Ticks of an hour.
entity: id
grain: hour
inputs: {ticks: 1 hour}
--- */
SELECT id, count(*) AS n FROM ticks GROUP BY id
`
const DAY_MS = 86_400_000
const FIRST = Date.parse('1901-01-01T00:00:00Z')
const dayOf = (at: number) => new Date(FIRST + at * DAY_MS).toISOString().slice(0, 10)

/** Of a state, and of a failure's cause: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const STATE_BYTES_MAX = 262_144
const CAUSE_MAX = 32_768

/** Plans a run of so many days, lets every task fail with many words, and ends it. */
async function failWhole(days: number) {
  const files = Object.entries({ 'ticks.source.yaml': SOURCE, 'hourly.sql': HOURLY }).map(([file, text]) => ({ file, text }))
  const catalog = await catalogOf(files, engine)
  const store = openMemoryStore()
  for (let at = 0; at < days; at++) await store.put(`ticks/dt=${dayOf(at)}/a.csv`, Buffer.from('at,id\n'))
  const effects = { lake: { store, bucket: () => store }, engine, now: () => Date.parse('2020-01-01T00:00:00Z') }
  const request = { view: 'hourly', from: dayOf(0), to: dayOf(days - 1) }
  const options = { run: 'r1', request, settings: { prices: PRICES, taskSeconds: 300 }, concurrencyMax: 100 }
  const planned = await planRun(options, catalog, effects)
  const manifest = await store.get('runs/r1/tasks/1.json')
  const { tasks } = JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()) as { readonly tasks: readonly Task[] }
  const error = `DataError: ${'what is wrong with it '.repeat(200)}`
  for (const [index, task] of tasks.entries()) await putResults(store, 'r1', { level: 1, index, results: [{ task, error }] })
  return { planned, ended: await endRun({ run: 'r1', aborted: true }, effects) }
}

/** What goes from state to state at most: the plan's answer, the caught error, and the report in words. */
function largestState({ planned, ended }: Awaited<ReturnType<typeof failWhole>>): number {
  const error = { Error: 'States.ExceedToleratedFailureThreshold', Cause: 'x'.repeat(CAUSE_MAX) }
  return JSON.stringify({ ...planned, error, report: { text: JSON.stringify(ended) } }).length
}

test('a million partitions make no larger state than a thousand', async () => {
  const [million, thousand] = [await failWhole(41_667), await failWhole(42)]
  expect([million.planned.partitions, thousand.planned.partitions]).toEqual([1_000_008, 1008])
  console.log(`largest state: ${largestState(million)} bytes of ${STATE_BYTES_MAX}; cause: ${JSON.stringify(million.ended).length}`)
  expect(million.planned.levels).toHaveLength(1)
  expect(million.ended.failed).toBeGreaterThan(100)
  // More digits, and nothing else.
  expect(largestState(million) - largestState(thousand)).toBeLessThan(100)
  expect(largestState(million)).toBeLessThan(STATE_BYTES_MAX / 4)
  expect(JSON.stringify(million.ended).length).toBeLessThan(CAUSE_MAX / 2)
})
