/**
 * Golden cases: each directory of `skew/` has definitions, raw objects, the order in which these arrive and the rows that must come out,
 * worked out by hand from the raw text. Each runs live, object by object, and by backfill into an empty lake: the same bytes.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import { readJson } from '../../lib/lake/json-object.ts'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'
import type { Receipt } from '../../lib/lake/receipts.ts'
import type { Plan } from '../../lib/pipeline/plan.ts'
import { catalogOf, type House, openHouse, openTestEngine } from '../support/house.ts'
import { type OutputFile, readTable } from '../support/read-table.ts'
import { readSkewCase, type SkewCase } from './skew-case.ts'

const CASES = join(import.meta.dirname, 'skew')
/** The case that runs over folders too. */
const IN_FOLDER = 'late-event'

let engine: LocalEngine
beforeAll(() => {
  engine = openTestEngine()
})
afterAll(() => engine.close())

const runs = [...readdirSync(CASES).map((name) => ({ name, folder: false })), { name: IN_FOLDER, folder: true }]

describe.each(runs)('$name (folder lake: $folder)', ({ name, folder }) => {
  it('gives the golden rows live, and the same bytes by backfill', async () => {
    const skew = await readSkewCase(join(CASES, name))
    const catalog = await catalogOf(skew.definitions, engine)
    const live = await openHouse(catalog, engine, { folder })
    const past = await openHouse(catalog, engine, { folder })
    try {
      await runLive(skew, live)
      const plans = await runPast(skew, past)
      for (const view of catalog.candidates.keys()) {
        const [ours, theirs] = [await readTable(live.store, engine, view), await readTable(past.store, engine, view)]
        expect(goldenOf(theirs, skew.expected.get(view)), view).toEqual(skew.expected.get(view))
        const inRange = new Set(theirs.map(({ partition }) => partition))
        expect(hashes(ours.filter(({ partition }) => inRange.has(partition)))).toEqual(hashes(theirs))
        checkLeft(skew, plans[view], view, ours, theirs)
        for (const house of [live, past]) await checkReceipts(skew, house.store, view)
      }
    } finally {
      await live.close()
      await past.close()
    }
  })
})

async function runLive(skew: SkewCase, house: House): Promise<void> {
  for (const step of skew.steps) {
    house.now = Date.parse(step.at)
    if (step.put !== undefined) await house.put(step.put, bytesOf(skew, step.put), { tell: true })
    if (step.again !== undefined) await house.tell(step.again)
    if (step.sweep) await house.sweep()
    for (const [view, partitions] of Object.entries(step.present ?? {})) {
      const found = (await readTable(house.store, engine, view)).map(({ partition }) => partition)

      const { from } = periodOf(skew, view)
      expect(
        found.filter((name) => name >= from),
        `${view} after ${JSON.stringify(step)}`,
      ).toEqual(partitions)
    }
  }
  expect(house.queue.dead).toEqual([])
  expect(house.events.filter(({ event, result }) => event === 'failed' || event === 'ignored' || result === 'rejected')).toEqual([])
  const put = skew.steps.flatMap((step) => step.put ?? [])
  expect(new Set(put), 'every raw object arrives').toEqual(new Set(skew.raw.keys()))
}

function periodOf(skew: SkewCase, view: string): { readonly from: string; readonly to: string } {
  return skew.periods[view] ?? { from: skew.from, to: skew.to }
}

async function runPast(skew: SkewCase, house: House): Promise<Record<string, Plan>> {
  house.now = Date.parse(skew.steps.at(-1)?.at ?? '')
  for (const key of skew.raw.keys()) await house.put(key, bytesOf(skew, key))
  const plans: Record<string, Plan> = {}
  for (const view of house.catalog.candidates.keys()) {
    const { report } = await house.backfill(periodOf(skew, view), { views: [view] })
    expect(report).toMatchObject({ failures: [], rejected: [] })
    plans[view] = (await house.backfill(periodOf(skew, view), { views: [view] })).plan
  }
  return plans
}

function bytesOf(skew: SkewCase, key: string): Uint8Array {
  const bytes = skew.raw.get(key)
  if (!bytes) throw new Error(`the case has no raw object ${key}`)
  return bytes
}

function goldenOf(files: readonly OutputFile[], expected: readonly string[] | undefined): string[] {
  const header = ['partition', ...(files[0]?.columns ?? [])].join(',')
  expect(expected?.[0]).toBe(header)
  return [header, ...files.flatMap(({ partition, rows }) => rows.map((row) => [partition, ...row].join(',')))]
}

function hashes(files: readonly OutputFile[]): string[] {
  return files.map(({ partition, sha256 }) => `${partition} ${sha256}`)
}

/** Every requested partition is there both ways, unless the case says in which state it is left. */
function checkLeft(skew: SkewCase, plan: Plan | undefined, view: string, ours: readonly OutputFile[], theirs: readonly OutputFile[]): void {
  const left = skew.left[view] ?? {}
  const planned = plan?.views.find((one) => one.view === view)
  const counts: Record<string, number> = { fresh: (planned?.partitions ?? 0) - Object.keys(left).length }
  for (const state of Object.values(left)) counts[state] = (counts[state] ?? 0) + 1
  expect(planned?.states, `${view}: ${JSON.stringify(planned?.leftOut)}`).toEqual(counts)
  expect(theirs).toHaveLength(counts.fresh ?? 0)
  for (const file of [...ours, ...theirs]) expect(Object.keys(left)).not.toContain(file.partition)
}

async function checkReceipts(skew: SkewCase, store: ObjectStore, view: string): Promise<void> {
  for (const [partition, inputs] of Object.entries(skew.receipts[view] ?? {})) {
    const keys = (await listAll(store, { prefix: `features/${view}/` })).filter(({ key }) => key.includes(`dt=${partition}/_receipt.`))
    expect(keys).toHaveLength(1)
    const receipt = (await readJson<Receipt>(store, keys[0]?.key ?? ''))?.value
    const found = receipt?.inputs.map(({ name, rows, strays, skipped }) => [name, { rows, strays, skipped }])
    expect(Object.fromEntries(found ?? []), `${view} ${partition}`).toEqual(inputs)
  }
}
