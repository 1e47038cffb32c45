import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleEvenly, samplePartitions } from '../../../../lib/pipeline/report/sample.ts'

test('a sample has the first and the last, no item twice, and gaps of about one length', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.integer({ min: 2, max: 60 }), (length, max) => {
      const items = Array.from({ length }, (_, at) => at)
      const sample = sampleEvenly(items, max)
      expect(sample).toHaveLength(Math.min(length, max))
      expect(new Set(sample).size).toBe(sample.length)
      expect([sample[0], sample.at(-1)]).toEqual([items[0], items.at(-1)])
      const gaps = sample.slice(1).map((item, at) => item - (sample[at] ?? 0))
      if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1)
    }),
  )
})

const hourly = (days: number) =>
  Array.from({ length: days * 24 }, (_, at) => {
    const iso = new Date(Date.UTC(2001, 0, 1) + at * 3_600_000).toISOString()
    // Most bytes at 17.
    return { partition: `${iso.slice(0, 10)}-${iso.slice(11, 13)}`, size: iso.slice(11, 13) === '17' ? 900 : 100 }
  })
const daily = (days: number) =>
  Array.from({ length: days }, (_, at) => ({
    partition: new Date(Date.UTC(2001, 0, 1) + at * 86_400_000).toISOString().slice(0, 10),
    size: 1,
  }))

test('of many hours the busiest one of each day is taken, of many days one weekday', () => {
  expect(samplePartitions(hourly(8), 200)).toEqual({ items: hourly(8) })
  const hours = samplePartitions(hourly(60), 200)
  expect(hours.of).toBe('hour 17')
  expect(hours.items).toHaveLength(60)
  expect(hours.items.every(({ partition }) => partition.endsWith('-17'))).toBe(true)
  expect(samplePartitions(daily(200), 200).items).toHaveLength(200)
  const days = samplePartitions(daily(366), 200)
  // The 366th day from 2001-01-01 on is a Tuesday.
  expect(days.of).toBe('Tuesdays')
  expect(days.items.at(-1)?.partition).toBe('2002-01-01')
  expect(samplePartitions(daily(3000), 200).items).toHaveLength(200)
})
