import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { runBatch } from './simulation/fan-out.ts'

/** A new base for every run of the tests; `SIMULATION_SEED` sets it. */
const base = Number(process.env.SIMULATION_SEED ?? randomInt(1_000_000_000))
const SCHEDULES = 300

function replay(seed: number, pure: boolean): string {
  return `npm run test:simulation -- --trace ${seed}${pure ? ' --pure' : ''}`
}

async function problemsOf(batch: { readonly first: number; readonly count: number; readonly pure: boolean }): Promise<string[]> {
  const results = await runBatch({ ...batch, engine: 'real' })
  const before = results.filter((result) => result.before.length > 0).length
  console.log(`simulation from seed ${batch.first}: ${results.length} schedules, ${before} not right before the last sweep`)
  expect(results).toHaveLength(batch.count)
  return results.flatMap(({ seed, problems }) => (problems.length > 0 ? [`${replay(seed, batch.pure)}\n${problems.join('\n')}`] : []))
}

describe('live and backfill give the same bytes', () => {
  it('in random schedules with kills, lost answers, torn listings, sweeps and runs', { timeout: 600_000 }, async () => {
    expect(await problemsOf({ first: base, count: SCHEDULES - 60, pure: false })).toEqual([])
  })

  it('by events alone, where no sweep heals', { timeout: 600_000 }, async () => {
    expect(await problemsOf({ first: base, count: 60, pure: true })).toEqual([])
  })
})

/** Seeds that are known to catch a mutant, after which no other schedule has to be tried. */
const CAUGHT = [
  { mutant: 'no_if_match_fetch', seed: 174, says: 'false receipt' },
  { mutant: 'no_if_match_outputs_no_step_8', seed: 84, pure: true, says: 'the raw rows say' },
  { mutant: 'inputs_first_no_step_8', seed: 842, pure: true, says: 'the raw rows say' },
  { mutant: 'no_if_match_pieces_looks_once', seed: 4, pure: true, says: 'the raw rows say' },
  { mutant: 'no_intent', seed: 127, says: 'a second sweep queues 1 landings' },
  { mutant: 'digest_unchecked', seed: 1721, says: 'other bytes than a backfill (fresh)' },
  { mutant: 'no_empty_piece', seed: 67, says: 'other bytes than a backfill (fresh)' },
  { mutant: 'dependents_not_queued', seed: 74, says: 'a second sweep queues' },
  { mutant: 'sweep_trusts_any_receipt', seed: 74, says: 'other bytes than a backfill (stale)' },
  { mutant: 'sweep_does_not_land', seed: 43, says: 'a second sweep queues 1 landings' },
  { mutant: 'claims_never_expire', seed: 40, says: 'missing' },
  { mutant: 'own_receipt_deleted', seed: 292, says: 'stale' },
] as const

describe('the simulation notices a broken', () => {
  for (const { mutant, seed, says, ...rest } of CAUGHT) {
    it(mutant, { timeout: 120_000 }, async () => {
      const pure = 'pure' in rest
      const product = await runBatch({ first: seed, count: 1, pure, engine: 'plain' })
      const broken = await runBatch({ first: seed, count: 1, pure, engine: 'plain', mutant })
      expect(product[0]?.problems).toEqual([])
      expect(broken[0]?.problems.join('\n')).toContain(says)
    })
  }

  it('put of bytes that stand there already, by its puts', { timeout: 120_000 }, async () => {
    const batch = { first: 1, count: 10, pure: false, engine: 'plain' } as const
    const puts = (results: Awaited<ReturnType<typeof runBatch>>) => results.reduce((sum, result) => sum + result.puts, 0)
    expect(puts(await runBatch({ ...batch, mutant: 'put_identical' }))).toBeGreaterThan(puts(await runBatch(batch)))
  })
})
