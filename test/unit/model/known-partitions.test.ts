import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type KnownTimes, knownBetween, knownTimes, newestKnown } from '../../../lib/model/known-partitions.ts'
import { Calendar, type Grain } from '../../../lib/model/partition.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'

const HOUR = 3_600_000
const knowing = (grain: Grain, zone: string, availableAfterMs: number) => ({
  calendar: new Calendar(grain, zoneNamed(zone)),
  availableAfterMs,
})
const nameAt = (known: ReturnType<typeof knowing>, time: string) => newestKnown(known, Date.parse(time)).name

it('a partition is known from its end and available_after on, not a millisecond before', () => {
  const days = knowing('day', 'America/New_York', HOUR / 2)
  expect(nameAt(days, '2001-06-11T04:29:59.999Z')).toBe('2001-06-09')
  expect(nameAt(days, '2001-06-11T04:30:00Z')).toBe('2001-06-10')
  expect(nameAt(knowing('hour', 'UTC', 0), '2001-06-11T04:00:00Z')).toBe('2001-06-11-03')
  expect(nameAt(knowing('month', 'UTC', 0), '2001-06-30T23:59:59.999Z')).toBe('2001-05')
})

it('days of 23 and 25 hours end when the clock says so', () => {
  const days = knowing('day', 'America/New_York', 0)
  expect([nameAt(days, '2001-04-02T03:59:59Z'), nameAt(days, '2001-04-02T04:00:00Z')]).toEqual(['2001-03-31', '2001-04-01'])
  expect([nameAt(days, '2001-10-29T04:59:59Z'), nameAt(days, '2001-10-29T05:00:00Z')]).toEqual(['2001-10-27', '2001-10-28'])
})

it('a day that a zone skipped is never the newest', () => {
  expect(nameAt(knowing('day', 'Pacific/Apia', 0), '2011-12-30T10:00:00Z')).toBe('2011-12-29')
})

const ZONES = ['UTC', 'America/New_York', 'America/Sao_Paulo', 'Pacific/Apia', 'Asia/Kathmandu', 'Europe/London']

it('the table gives for every time what the definition says', () => {
  const time = fc.integer({ min: Date.parse('1997-01-01T00:00:00Z'), max: Date.parse('2012-06-01T00:00:00Z') })
  const lengths = { hour: 200 * HOUR, day: 400 * 24 * HOUR, month: 2000 * 24 * HOUR }
  const known = fc
    .record({
      grain: fc.constantFrom<Grain>('hour', 'day', 'month'),
      zone: fc.constantFrom(...ZONES),
      after: fc.oneof(fc.constantFrom(0, 1, HOUR, 24 * HOUR, 40 * 24 * HOUR), fc.nat(100 * HOUR)),
      first: time,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ grain, zone, after, first, share }) => ({
      known: knowing(grain, grain === 'hour' ? 'UTC' : zone, after),
      first,
      last: first + Math.floor(lengths[grain] * share),
    }))
  fc.assert(
    fc.property(known, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 50 }), ({ known, first, last }, shares) => {
      const times = knownTimes(known, first, last)
      const cuts =
        times.kind === 'table'
          ? times.steps.flatMap(({ cut }) => [cut - 1, cut])
          : [times.cut + times.sizeMs, last - ((last - times.cut) % times.sizeMs)]
      for (const at of [
        first,
        last,
        ...shares.map((share) => first + Math.floor((last - first) * share)),
        ...cuts,
        ...cuts.map((cut) => cut - 1),
      ]) {
        if (at >= first && at <= last) expect(endAt(times, at)).toBe(naiveEnd(known, at))
      }
    }),
    { numRuns: 300 },
  )
})

/** As the engine looks it up. */
function endAt(times: KnownTimes, at: number): number | undefined {
  if (times.kind === 'steps') return times.end + Math.floor((at - times.cut) / times.sizeMs) * times.sizeMs
  const step = times.steps[Math.floor((at - times.base) / times.sizeMs)]
  return step && (at >= step.cut ? step.after : step.before)
}

it.each([
  ['America/Sao_Paulo', '2000-10-08'],
  ['America/Sao_Paulo', '2001-02-18'],
  ['America/New_York', '2001-04-01'],
  ['America/New_York', '2001-10-28'],
])('in %s no range that ends about the change of clocks on %s takes a step too many', (zone, day) => {
  const hours = fc.record({
    after: fc.constantFrom(0, 1, 30),
    end: fc.integer({ min: -24, max: 72 }),
    length: fc.constantFrom(0, 25, 80, 200),
  })
  fc.assert(
    fc.property(hours, ({ after, end, length }) => {
      const known = knowing('day', zone, after * HOUR)
      const last = Date.parse(`${day}T00:00:00Z`) + end * HOUR
      const times = knownTimes(known, last - length * HOUR, last)
      expect(endAt(times, last)).toBe(naiveEnd(known, last))
    }),
    { numRuns: 1000 },
  )
})

it('a zone without changes of clocks needs no table', () => {
  const [first, last] = [Date.parse('2001-01-01T12:00:00Z'), Date.parse('2001-12-31T12:00:00Z')]
  expect(knownTimes(knowing('day', 'Asia/Kathmandu', 5), first, last).kind).toBe('steps')
  expect(knownTimes(knowing('day', 'America/New_York', 5), first, last).kind).toBe('table')
  expect(knownTimes(knowing('month', 'UTC', 5), first, last).kind).toBe('table')
})

/** Looks at every partition from long before on. */
function naiveEnd({ calendar, availableAfterMs }: ReturnType<typeof knowing>, at: number): number {
  let newest = Number.NaN
  for (let index = calendar.indexAt(at - availableAfterMs) - 3; ; index++) {
    const { start, end } = calendar.partition(index)
    if (end + availableAfterMs > at) return newest
    if (end > start) newest = end
  }
}

it('lists what is known between two times', () => {
  const days = knowing('day', 'Pacific/Apia', 0)
  const names = knownBetween(days, Date.parse('2011-12-29T10:00:00Z'), Date.parse('2012-01-01T12:00:00Z')).map(({ name }) => name)
  expect(names).toEqual(['2011-12-28', '2011-12-29', '2011-12-31', '2012-01-01'])
})
