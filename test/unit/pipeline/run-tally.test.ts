import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_REQUESTS } from '../../../lib/lake/counting-store.ts'
import { PROBLEMS_MAX, RunTally, type TaskResult } from '../../../lib/pipeline/run-tally.ts'
import type { Outcome } from '../../../lib/pipeline/transform.ts'

const RESULTS: readonly Outcome['result'][] = ['written', 'confirmed', 'fresh', 'rejected', 'blocked']

function taskOf(at: number): TaskResult['task'] {
  const name = String(at)
  return {
    kind: 'task',
    view: `v${at % 3}`,
    version: 'a',
    first: name,
    last: name,
    reprocess: 'stale',
    missingInputs: 'block',
    writer: 'r',
  }
}

function resultOf(at: number, ms: number, results: readonly Outcome['result'][]): TaskResult {
  const outcomes = results.map((result, index): Outcome => {
    return {
      partition: `${at}-${index}`,
      result,
      rows: 3,
      bytes: 10,
      bytesRead: 20,
      ms: 1,
      ...(result === 'blocked' && { reason: 'gone' }),
    }
  })
  const requests = { ...NO_REQUESTS, gets: 2, bytesRead: 7 }
  return { task: taskOf(at), report: { view: `v${at % 3}`, version: 'a', outcomes, spent: { ms, requests } } }
}

const results = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.nat(50), fc.array(fc.constantFrom(...RESULTS), { maxLength: 6 })) },
    { weight: 1, arbitrary: fc.constant('failed' as const) },
  ),
  { maxLength: 300 },
)

test('counts are those of all results, the slowest tasks are the slowest', () => {
  fc.assert(
    fc.property(results, (given) => {
      const tally = new RunTally()
      tally.plan(1, given.length + 4)
      const all = given.map((one, at) => (one === 'failed' ? { task: taskOf(at), error: 'no' } : resultOf(at, ...one)))
      for (const result of all) tally.add(1, result)
      const got = tally.tally()

      const outcomes = given.flatMap((one) => (one === 'failed' ? [] : one[1]))
      const count = (kind: string) => outcomes.filter((result) => result === kind).length
      for (const kind of RESULTS) expect(got.outcomes[kind] ?? 0).toBe(count(kind))
      for (const kind of RESULTS) expect(got.views.reduce((sum, view) => sum + (view.outcomes[kind] ?? 0), 0)).toBe(count(kind))
      expect(got).toMatchObject({ rows: outcomes.length * 3, bytes: count('written') * 10, bytesRead: outcomes.length * 20 })
      const times = given.flatMap((one) => (one === 'failed' ? [] : [one[0]])).sort((a, b) => b - a)
      expect(got.slowest.map(({ ms }) => ms)).toEqual(times.slice(0, 20))
      const failed = given.filter((one) => one === 'failed').length
      expect(got.levels).toEqual([
        { level: 1, tasks: given.length + 4, done: times.length, failed, ms: times.reduce((sum, ms) => sum + ms, 0) },
      ])
      expect(got.spent.requests).toEqual({ ...NO_REQUESTS, gets: times.length * 2, bytesRead: times.length * 7 })
      expect([got.failed, got.failures.length]).toEqual([failed, Math.min(failed, PROBLEMS_MAX)])
      expect(got.rejected).toHaveLength(Math.min(count('rejected'), PROBLEMS_MAX))
      expect(got.left).toHaveLength(Math.min(count('blocked'), PROBLEMS_MAX))
    }),
  )
})

test('a million partitions take no more room than the first problems and the slowest tasks', () => {
  const tally = new RunTally()
  const bad = Array.from({ length: 1000 }, () => 'rejected' as const)
  for (let at = 0; at < 1000; at++) tally.add(1, resultOf(at, at, bad))
  const got = tally.tally()
  expect(got.outcomes).toEqual({ rejected: 1_000_000 })
  expect([got.rejected.length, got.slowest.length]).toEqual([PROBLEMS_MAX, 20])
  expect(JSON.stringify(got).length).toBeLessThan(30_000)
})
