import { afterAll, expect, test } from 'vitest'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import type { ObjectStore } from '../../../lib/lake/object-store.ts'
import { FUNCTION_GB, PRICES } from '../../../lib/model/price.ts'
import type { Bill, BillLine } from '../../../lib/pipeline/bill.ts'
import { reportKey } from '../../../lib/pipeline/run-files.ts'
import { houseOver, openTestEngine } from '../../support/house.ts'
import { layTicks, marchDays, ticksCatalog } from '../../support/ticks.ts'

const engine = openTestEngine()
afterAll(() => engine.close())
const DAYS = marchDays(10)
const PERIOD = { from: '2001-03-01', to: '2001-03-10' }

/** What S3 would have been asked, by method. */
function watch(store: ObjectStore, asked: Record<string, number>): ObjectStore {
  return new Proxy(store, {
    get(target, name: keyof ObjectStore) {
      const member = target[name]
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        asked[name] = (asked[name] ?? 0) + 1
        return Reflect.apply(member, target, args)
      }
    },
  })
}

async function openHouse() {
  const asked: Record<string, number> = {}
  const store = watch(openMemoryStore(), asked)
  const house = houseOver(await ticksCatalog(engine), engine, { store, bucket: () => store })
  house.now = Date.parse('2001-04-01T00:00:00Z')
  await layTicks(house, DAYS)
  const backfill = async () => {
    for (const name of Object.keys(asked)) delete asked[name]
    return house.backfill(PERIOD)
  }
  return { house, asked, backfill }
}

const line = (bill: Bill, name: string): BillLine => {
  const found = bill.lines.find((one) => one.line === name)
  if (!found) throw new Error(`no line ${name}`)
  return found
}

test('has the lines of the quote, from the requests that were made', async () => {
  const { house, asked, backfill } = await openHouse()
  const { report, plan } = await backfill()
  const { bill } = report
  expect(bill.lines.map((one) => [one.line, one.unit, one.low, one.high])).toEqual(
    plan.quote.lines.map((one) => [one.line, one.unit, one.low, one.high]),
  )
  const { get = 0, getRange = 0, download = 0, head = 0, put = 0, list = 0, listNames = 0 } = asked
  expect(line(bill, 's3 get').amount).toBe(get + getRange + download + head)
  // The report itself is put when the bill is made, and every listing here is one page.
  expect(line(bill, 's3 put and list').amount).toBe(put - 1 + list + listNames)
  const tasks = plan.levels.flatMap((level) => level.tasks).length
  expect([line(bill, 'lambda requests').amount, line(bill, 'step functions').amount]).toEqual([tasks, tasks * 3])
  expect(line(bill, 'lambda compute').amount).toBeGreaterThanOrEqual((report.spent.ms / 1000) * FUNCTION_GB)
  expect(bill.usd).toBeCloseTo(bill.lines.reduce((sum, { usd }) => sum + usd, 0))
  expect(line(bill, 's3 get').usd).toBe(line(bill, 's3 get').amount * PRICES.s3_get)
  expect(JSON.parse(Buffer.from((await house.store.get(reportKey(report.run)))?.bytes ?? []).toString())).toEqual(
    JSON.parse(JSON.stringify(report)),
  )
})

test('says in words what makes the difference', async () => {
  const { house, backfill } = await openHouse()
  const first = (await backfill()).report
  expect(line(first.bill, 's3 read').why.join('\n')).toMatch(/scanned .* of overlapping windows; inputs were fetched once per task/)
  expect(line(first.bill, 's3 storage, first month').why.join('\n')).toContain('20 outputs of')

  // The same rows in another order: the upper view's inputs come out as they were.
  await house.put('ticks/dt=2001-03-05/ticks.csv', 'at,id\n2001-03-05 02:00:00,b\n2001-03-05 01:00:00,a\n')
  const second = (await backfill()).report
  expect(second.outcomes).toEqual({ confirmed: 3, fresh: 4 })
  expect(line(second.bill, 's3 put and list').why.join('\n')).toContain('3 outputs came out as they stood, byte for byte')
  expect(line(second.bill, 's3 get').why.join('\n')).toContain('4 partitions turned out to be fresh and needed nothing')

  const third = (await backfill()).report
  expect([third.bill.usd > 0, third.bill.lowUsd, third.levels[0]?.tasks]).toEqual([true, 0, 0])
})

test('says what was planned and stayed undone', async () => {
  const { house, backfill } = await openHouse()
  await house.put('ticks/dt=2001-03-05/ticks.csv', 'at,id\nnever,a\n')
  const { report } = await backfill()
  expect(report.outcomes.rejected).toBe(3)
  expect(report.rejected.map(({ partition }) => partition).sort()).toEqual(['2001-03-05', '2001-03-06', '2001-03-07'])
  expect(report.left[0]).toMatchObject({ view: 'busier', result: 'blocked' })
  expect(line(report.bill, 's3 get').why.join('\n')).toMatch(/\d partitions stayed blocked/)
})
