import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guessClock } from '../../../lib/model/infer/event-clock.ts'
import { foldersOf, rankTimes, type TimeCandidate } from '../../../lib/model/infer/event-time.ts'
import { delayAt, type FolderTimes, fitFolders, QUARTER_MS, shareInside } from '../../../lib/model/infer/folder-fit.ts'
import { daysCovered, seriesOf } from '../../../lib/model/infer/folder-series.ts'
import { groupBy } from '../../../lib/model/infer/group-by.ts'
import { guessView } from '../../../lib/model/infer/guess-view.ts'
import { Calendar, type FolderGrain } from '../../../lib/model/partition.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2024, 0, 10)

/** Folders of the instants as a writer in `keyZone` names them, with times by the clock of `zone`; `delay` is how late each is written. */
function written(
  instants: readonly number[],
  clock: { zone: string; keyZone: string },
  grain: FolderGrain = 'day',
  delay = (_: number) => 0,
): FolderTimes[] {
  const calendar = new Calendar(grain, zoneNamed(clock.keyZone))
  const zone = zoneNamed(clock.zone)
  const folders = groupBy(instants, (at) => calendar.at(at + delay(at)).name)
  return [...folders].map(([folder, found]) => {
    const quarters = groupBy(found, (at) => Math.floor((at + zone.offsetAt(at)) / QUARTER_MS))
    return { folder, quarters: [...quarters].map(([quarter, rows]) => [quarter, rows.length] as const) }
  })
}

const everyHour = (days: number) => Array.from({ length: days * 24 }, (_, hour) => START + hour * HOUR + (hour % 4) * QUARTER_MS)

describe('the clock', () => {
  it.each([
    [{ zone: 'UTC', keyZone: 'UTC' }, true, 'UTC', { zone: 'UTC', keyZone: 'UTC' }, true],
    // Both by one local clock: the data cannot tell which.
    [{ zone: 'Asia/Tokyo', keyZone: 'Asia/Tokyo' }, true, 'Asia/Tokyo', { zone: 'UTC', keyZone: 'UTC' }, true],
    [{ zone: 'America/New_York', keyZone: 'UTC' }, true, 'UTC', { zone: 'America/New_York', keyZone: 'UTC' }, false],
    [{ zone: 'UTC', keyZone: 'Asia/Kolkata' }, true, 'UTC', { zone: 'UTC', keyZone: 'Asia/Kolkata' }, false],
    [{ zone: 'UTC', keyZone: 'America/Los_Angeles' }, false, 'UTC', { zone: 'UTC', keyZone: 'America/Los_Angeles' }, false],
    // Where several clocks fit, that of the person who asks.
    [{ zone: 'UTC', keyZone: 'Europe/Paris' }, false, 'Europe/Paris', { zone: 'UTC', keyZone: 'Europe/Paris' }, false],
  ] as const)('%j, naive %s, at home in %s', (clock, isNaive, homeZone, expected, isSameClock) => {
    const guess = guessClock(written(everyHour(160), clock), 'day', { isNaive, homeZone })
    expect(guess.clock).toEqual(expected)
    expect(guess.isSameClock).toBe(isSameClock)
    expect(shareInside(guess.fit)).toBe(1)
  })

  it('names clocks that fit as well', () => {
    const { alike } = guessClock(written(everyHour(20), { zone: 'UTC', keyZone: 'Asia/Shanghai' }), 'day', {
      isNaive: false,
      homeZone: 'Asia/Manila',
    })
    expect(alike).toEqual([{ zone: 'UTC', keyZone: 'Asia/Shanghai' }])
  })

  it('stays in UTC where rows come late, and measures how late', () => {
    const delay = (at: number) => ((at / HOUR) % 10 === 0 ? 3 * DAY : 0)
    const guess = guessClock(written(everyHour(50), { zone: 'UTC', keyZone: 'UTC' }, 'day', delay), 'day', {
      isNaive: false,
      homeZone: 'Asia/Tokyo',
    })
    expect(guess.clock).toEqual({ zone: 'UTC', keyZone: 'UTC' })
    expect(shareInside(guess.fit)).toBeCloseTo(0.95, 2)
    expect([0.5, 0.9, 1].map((share) => delayAt(guess.fit, share))).toEqual([0, 0, expect.any(Number)])
    expect(delayAt(guess.fit, 1)).toBeGreaterThan(2 * DAY)
    expect(delayAt(guess.fit, 1)).toBeLessThanOrEqual(3 * DAY)
  })

  it('lays every row on its folder as a loop over instants does', () => {
    const zone = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Europe/London', 'Australia/Adelaide', 'America/Sao_Paulo')
    const grain = fc.constantFrom<FolderGrain>('hour', 'day', 'month', 'year')
    const quarters = fc.array(fc.integer({ min: 0, max: 4 * 24 * 700 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(zone, zone, grain, quarters, fc.integer({ min: 0, max: 40 }), (naive, keyZone, grain, offsets, late) => {
        // Of a local time that exists twice only the first can be meant.
        const instants = offsets
          .map((quarter) => START + quarter * QUARTER_MS)
          .filter((at) => zoneNamed(naive).toInstant(at + zoneNamed(naive).offsetAt(at)) === at)
        const delay = (at: number) => (at % 3 === 0 ? late * DAY : 0)
        const fit = fitFolders(written(instants, { zone: naive, keyZone }, grain, delay), grain, { zone: naive, keyZone })
        const calendar = new Calendar(grain, zoneNamed(keyZone))
        const inside = instants.filter((at) => calendar.at(at).name === calendar.at(at + delay(at)).name)
        expect(fit.rows).toBe(instants.length)
        expect(fit.inside).toBe(inside.length)
        const delays = instants.map((at) => Math.max(0, calendar.at(at + delay(at)).start - at)).sort((a, b) => a - b)
        expect(delayAt(fit, 1)).toBe(delays.at(-1) ?? 0)
      }),
      { numRuns: 200 },
    )
  })
})

function candidate(column: string, times: readonly FolderTimes[], more: Partial<TimeCandidate> = {}): TimeCandidate {
  const reading = { type: 'TIMESTAMPTZ', isNaive: false, failed: 0 }
  return { column, reading, rows: 1000, values: 1000, first: START, last: START + DAY, times, ...more }
}

describe('the event time', () => {
  const utc = { zone: 'UTC', keyZone: 'UTC' }
  const inTime = written(everyHour(30), utc)
  const late = written(everyHour(30), utc, 'day', (at) => ((at / HOUR) % 5 === 0 ? 2 * DAY : 0))
  const longAgo = written(everyHour(30), utc, 'day', () => 9000 * DAY)
  const rank = (...candidates: TimeCandidate[]) =>
    rankTimes(candidates, { grain: 'day', homeZone: 'UTC' }).map(
      ({ candidate, refusal }) => candidate.column + (refusal === undefined ? '' : '!'),
    )
  const date = { reading: { type: 'DATE', isNaive: true, failed: 0 } }
  const number = { reading: { type: 'BIGINT', unit: 's', isNaive: false, failed: 0 } } as const

  it.each<[string, TimeCandidate[], string[]]>([
    ['rows in their folder', [candidate('a', late), candidate('b', inTime)], ['b', 'a']],
    [
      'what happened, not what was handled',
      [candidate('ingested_at', inTime), candidate('event_time', late)],
      ['event_time', 'ingested_at'],
    ],
    ['a time, not its day', [candidate('order_date', inTime, date), candidate('created_at', inTime)], ['created_at', 'order_date']],
    ['no birthday', [candidate('birth_date', longAgo, date), candidate('x', late)], ['x', 'birth_date!']],
    ['no NULL', [candidate('at', inTime, { values: 500 }), candidate('x', inTime)], ['x', 'at']],
    ['a number by its name', [candidate('ts', late, number), candidate('price', late, number)], ['ts', 'price']],
    [
      'no number that lies elsewhere',
      [
        candidate(
          'price',
          written(everyHour(30), utc, 'day', () => 5 * DAY),
          number,
        ),
      ],
      ['price!'],
    ],
    ['without folders, by its name', [candidate('price', [], number), candidate('sold_at', [], number)], ['sold_at', 'price!']],
  ])('%s', (_, candidates, expected) => {
    expect(rank(...candidates)).toEqual(expected)
    expect(rank(...candidates.toReversed())).toEqual(expected)
  })

  it('decides what the folders hold', () => {
    const of = (times: readonly FolderTimes[]) => rankTimes([candidate('at', times)], { grain: 'day', homeZone: 'UTC' }).map(foldersOf)
    expect([of(inTime), of(late), of([])]).toEqual([['event_time'], ['arrival'], ['arrival']])
  })
})

describe('folders in a row', () => {
  it('names those without data', () => {
    expect(seriesOf(['2024-01-03', '2024-01-01', '2024-01-06'], 'day')).toMatchObject({
      first: '2024-01-01',
      last: '2024-01-06',
      present: 3,
    })
    expect(seriesOf(['2024-01-03', '2024-01-01', '2024-01-06'], 'day').missing).toEqual(['2024-01-02', '2024-01-04', '2024-01-05'])
    expect(seriesOf(['2024-01', '2023-11'], 'month').missing).toEqual(['2023-12'])
    expect(seriesOf(['2024-01-01-23', '2024-01-02-01'], 'hour').missing).toEqual(['2024-01-02-00'])
    expect(daysCovered(seriesOf(['2024-01', '2024-02'], 'month'), 'month')).toBe(60)
  })

  it('sees that they lie on the same days of the week', () => {
    const days = Array.from({ length: 28 }, (_, day) => new Date(START + day * DAY)).filter((day) => ![0, 6].includes(day.getUTCDay()))
    const names = days.map((day) => day.toISOString().slice(0, 10))
    expect(seriesOf(names, 'day').weekdays).toEqual(['Sunday', 'Saturday'])
    expect(
      seriesOf(
        names.filter((_, at) => at !== 7),
        'day',
      ).weekdays,
    ).toEqual([])
  })
})

describe('the first view', () => {
  const basis = { grain: 'day', keyZone: 'UTC', start: START, end: START + 60 * DAY, now: START + 400 * DAY } as const
  it.each([
    ['days over a week', basis, { grain: 'day', window: '7 days', warmUp: 'skip', period: { from: '2024-02-25', to: '2024-03-09' } }],
    ['a day that is not over', { ...basis, now: START + 30.5 * DAY }, { period: { from: '2024-01-26', to: '2024-02-08' } }],
    [
      'little data',
      { ...basis, end: START + 9 * DAY },
      { grain: 'day', warmUp: 'compute', period: { from: '2024-01-10', to: '2024-01-18' } },
    ],
    ['no warm-up', { ...basis, end: START + 22 * DAY }, { warmUp: 'skip', period: { from: '2024-01-18', to: '2024-01-31' } }],
    ['hours', { ...basis, end: START + 2 * DAY }, { grain: 'hour', window: '24 hours', zone: 'UTC', period: { to: '2024-01-11-23' } }],
    ['months', { ...basis, grain: 'month' }, { grain: 'month', window: '1 month', warmUp: 'compute', period: { to: '2024-02' } }],
    [
      'days of a zone',
      { ...basis, keyZone: 'Asia/Tokyo', start: START - 9 * HOUR, end: START + 31 * DAY - 9 * HOUR },
      { zone: 'Asia/Tokyo', period: { to: '2024-02-09' } },
    ],
  ] as const)('%s', (_, given, expected) => {
    expect(guessView(given)).toMatchObject(expected)
  })

  it('has no period before anything has ended', () => {
    expect(guessView({ ...basis, end: START + DAY, now: START + HOUR / 2 }).period).toBeUndefined()
  })
})
