import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { folderOfKey, keyRange, parseKeyTemplate, renderFolder } from '../../lib/model/key-template.ts'
import { Calendar, type FolderGrain } from '../../lib/model/partition.ts'
import { parseMoment, requestedPartitions } from '../../lib/model/period.ts'
import { windowEnd, windowStart } from '../../lib/model/window.ts'
import { zoneNamed } from '../../lib/model/zone.ts'

/** The laws of time, against a naive oracle: Temporal's ZonedDateTime, one call at a time. fast-check prints the seed of a failure. */

const ZONES = [
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'America/Sao_Paulo', // clocks change at midnight
  'Australia/Lord_Howe', // by 30 minutes
  'Asia/Kolkata',
  'Pacific/Apia', // had no 2011-12-30
  'Africa/Cairo',
  'America/St_Johns', // changed at 00:01
  'Antarctica/Troll', // by two hours
]
const GRAINS: readonly FolderGrain[] = ['hour', 'day', 'month', 'year']
const [FIRST, LAST] = [Date.UTC(1990, 0, 1), Date.UTC(2040, 0, 1)]
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const zoned = (at: number, zone: string) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
const plain = (local: number) => zoned(local, 'UTC').toPlainDateTime()
const zone = fc.constantFrom(...ZONES)
const grain = fc.constantFrom(...GRAINS)
const anyInstant = fc.integer({ min: FIRST, max: LAST })
/** Half of the instants lie within two days of a change of the clock, where the faults are. */
const place = fc.tuple(zone, anyInstant, fc.boolean(), fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS })).map(([name, at, near, away]) => {
  const change = near ? zoned(at, name).getTimeZoneTransition('next') : null
  return { name, at: change ? change.epochMilliseconds + away : at }
})

/** The first instant at which the zone's clock shows `local` or later. */
function firstInstant(local: Temporal.PlainDateTime, name: string): number {
  const at = local.toZonedDateTime(name, { disambiguation: 'compatible' })
  if (at.toPlainDateTime().equals(local)) return at.epochMilliseconds
  return at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds ?? Number.NaN
}

function localStart(local: Temporal.PlainDateTime, of: FolderGrain): Temporal.PlainDateTime {
  const rounded = local.round({ smallestUnit: of === 'hour' ? 'hour' : 'day', roundingMode: 'floor' })
  if (of === 'month') return rounded.with({ day: 1 })
  return of === 'year' ? rounded.with({ month: 1, day: 1 }) : rounded
}

describe('zone', () => {
  it('offsetAt is the offset of Temporal', () => {
    fc.assert(
      fc.property(place, ({ name, at }) => {
        expect(zoneNamed(name).offsetAt(at)).toBe(zoned(at, name).offsetNanoseconds / 1e6)
      }),
    )
  })

  it("toInstant is Temporal's compatible", () => {
    fc.assert(
      fc.property(place, fc.integer({ min: -DAY_MS, max: DAY_MS }), ({ name, at }, away) => {
        const local = at + away
        const oracle = plain(local).toZonedDateTime(name, { disambiguation: 'compatible' }).epochMilliseconds
        expect(zoneNamed(name).toInstant(local)).toBe(oracle)
      }),
      { numRuns: 1000 },
    )
  })

  it('transitions give the offset of every instant between their bounds', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 800 * DAY_MS }), fc.nat(), ({ name, at }, length, pick) => {
        const found = zoneNamed(name).transitions(at, at + length)
        const instant = at + (pick % length)
        expect(found.findLast((entry) => entry.at <= instant)?.offsetMs).toBe(zoneNamed(name).offsetAt(instant))
        expect(found.every((entry, index) => index === 0 || (entry.at > at && entry.at < at + length))).toBe(true)
      }),
    )
  })
})

describe('calendar', () => {
  it('a partition starts where the clock first shows its boundary or later', () => {
    fc.assert(
      fc.property(place, grain, ({ name, at }, of) => {
        const boundary = localStart(plain(at), of)
        const calendar = new Calendar(of, zoneNamed(name))
        const label = calendarName(boundary, of)
        expect(calendar.named(label).start).toBe(firstInstant(boundary, name))
        if (of === 'day') expect(calendar.named(label).start).toBe(boundary.toPlainDate().toZonedDateTime(name).epochMilliseconds)
        expect(calendar.named(label).name).toBe(label)
      }),
      { numRuns: 1000 },
    )
  })

  it('partitions tile time: no gap, no overlap, and each instant lies in the one that indexAt names', () => {
    fc.assert(
      fc.property(place, grain, ({ name, at }, of) => {
        const calendar = new Calendar(of, zoneNamed(name))
        const index = calendar.indexAt(at)
        const { start, end } = calendar.partition(index)
        expect(start).toBeLessThanOrEqual(at)
        expect(end).toBeGreaterThan(at)
        for (let next = index - 30; next < index + 30; next++) {
          expect(calendar.partition(next).end).toBe(calendar.start(next + 1))
          expect(calendar.start(next)).toBeLessThanOrEqual(calendar.start(next + 1))
        }
        expect(calendar.indexOf(calendar.name(index))).toBe(index)
      }),
      { numRuns: 1000 },
    )
  })

  it('within and touching are the partitions that a scan of all finds', () => {
    fc.assert(
      fc.property(place, fc.constantFrom('hour', 'day'), fc.integer({ min: -HOUR_MS, max: 5 * DAY_MS }), ({ name, at }, of, length) => {
        const calendar = new Calendar(of, zoneNamed(name))
        const [start, end] = [at, at + length]
        const index = calendar.indexAt(at)
        const all = Array.from({ length: 200 }, (_, step) => calendar.partition(index - 30 + step)).filter((one) => one.end > one.start)
        expect(calendar.within(start, end)).toEqual(start < end ? all.filter((one) => one.start >= start && one.end <= end) : [])
        expect(calendar.touching(start, end)).toEqual(all.filter((one) => Math.max(one.start, start) < Math.min(one.end, end)))
      }),
    )
  })
})

describe('window', () => {
  const count = fc.integer({ min: 1, max: 60 })

  it.each(['day', 'week', 'month'] as const)('of %ss goes from boundary to boundary as Temporal subtracts dates', (unit) => {
    fc.assert(
      fc.property(place, count, ({ name, at }, length) => {
        const date = zoned(at, name).toPlainDate()
        const end = unit === 'month' ? date.with({ day: 1 }) : date
        const instant = end.toZonedDateTime(name).epochMilliseconds
        const back = end.subtract({ [`${unit}s`]: length }).toZonedDateTime(name).epochMilliseconds
        expect(windowStart({ count: length, unit }, instant, zoneNamed(name))).toBe(back)
        const on = end.add({ [`${unit}s`]: length }).toZonedDateTime(name).epochMilliseconds
        expect(windowEnd({ count: length, unit }, instant, zoneNamed(name))).toBe(on)
      }),
      { numRuns: 1000 },
    )
  })

  it.each(['day', 'week', 'month'] as const)('of %ss keeps the clock time from elsewhere as Temporal does', (unit) => {
    fc.assert(
      fc.property(place, count, ({ name, at }, length) => {
        const time = zoned(at, name)
        fc.pre(new Calendar('day', zoneNamed(name)).at(at).start !== at)
        expect(windowStart({ count: length, unit }, at, zoneNamed(name))).toBe(time.subtract({ [`${unit}s`]: length }).epochMilliseconds)
        expect(windowEnd({ count: length, unit }, at, zoneNamed(name))).toBe(time.add({ [`${unit}s`]: length }).epochMilliseconds)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['hour', HOUR_MS],
    ['minute', 60_000],
    ['second', 1000],
  ] as const)('of %ss is exact', (unit, ms) => {
    fc.assert(
      fc.property(place, count, ({ name, at }, length) => {
        expect(windowStart({ count: length, unit }, at, zoneNamed(name))).toBe(at - length * ms)
        expect(windowEnd({ count: length, unit }, at, zoneNamed(name))).toBe(at + length * ms)
      }),
    )
  })
})

describe('period', () => {
  it('from and to name the partitions from the start of one to the end of the other', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 40 }), ({ name, at }, days) => {
        const from = zoned(at, name).toPlainDate()
        const to = from.add({ days })
        const found = requestedPartitions({ from: `${from}`, to: `${to}` }, { grain: 'day', zone: zoneNamed(name) }, LAST + 2000 * DAY_MS)
        const dates = Array.from({ length: days + 1 }, (_, step) => from.add({ days: step }))
        const real = dates.filter((date) => date.toZonedDateTime(name).toPlainDate().equals(date))
        expect(found.map((one) => one.name)).toEqual(real.map(String))
      }),
    )
  })

  it('a moment without an offset is read in the zone', () => {
    fc.assert(
      fc.property(place, ({ name, at }) => {
        expect(parseMoment(`${plain(at)}`, zoneNamed(name))).toBe(plain(at).toZonedDateTime(name).epochMilliseconds)
        expect(parseMoment(`${zoned(at, name).toInstant()}`, zoneNamed(name))).toBe(at)
      }),
    )
  })
})

describe('key template', () => {
  const templates = [
    'raw/dt={yyyy}-{MM}-{dd}/',
    '{yyyy}/{MM}/{dd}/{HH}/',
    'a/{yyyy}{MM}/',
    'y={yyyy}/m={MM}/d={yyyy}-{MM}-{dd}/c={c}/',
    'x.y/{yyyy}/z{c}/',
  ]
  const template = fc.constantFrom(...templates).map(parseKeyTemplate)
  const segment = fc.stringMatching(/^[^/\p{C}]{1,8}$/u)

  it('a key of a folder is read back as that folder', () => {
    fc.assert(
      fc.property(template, place, segment, segment, (parsed, { name, at }, capture, file) => {
        const calendar = new Calendar(parsed.grain, zoneNamed(name))
        const folder = calendar.at(at)
        const key = renderFolder(parsed, folder.name).replace('{c}', () => capture) + file
        const captures = parsed.captures.length ? { c: capture } : {}
        expect(folderOfKey(parsed, zoneNamed(name), key)).toEqual({ folder, captures })
      }),
    )
  })

  it('a range of a sorted template holds the keys of its folders and no others', () => {
    const folders = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(template, folders, fc.integer({ min: 0, max: 60 }), segment, segment, (parsed, bounds, step, capture, file) => {
        const calendar = new Calendar(parsed.grain, zoneNamed('UTC'))
        const base = calendar.indexAt(Date.UTC(1999, 11, 30, 20))
        const [first = 0, last = 0] = bounds.toSorted((a, b) => a - b)
        const range = keyRange(parsed, calendar.name(base + first), calendar.name(base + last))
        const key = renderFolder(parsed, calendar.name(base + step)).replace('{c}', () => capture) + file
        const bytes = (text: string) => Buffer.from(text)
        const above = range.from === undefined || Buffer.compare(bytes(key), bytes(range.from)) >= 0
        const below = range.before === undefined || Buffer.compare(bytes(key), bytes(range.before)) < 0
        expect(key.startsWith(range.prefix)).toBe(true)
        expect(above && below).toBe(step >= first && step <= last)
      }),
      { numRuns: 1000 },
    )
  })
})

function calendarName(local: Temporal.PlainDateTime, of: FolderGrain): string {
  const text = local.toString({ smallestUnit: 'minute' })
  return { year: text.slice(0, 4), month: text.slice(0, 7), day: text.slice(0, 10), hour: text.slice(0, 13).replace('T', '-') }[of]
}
