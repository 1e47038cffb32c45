import { expect, it } from 'vitest'
import { Calendar, type Grain } from '../../../lib/model/partition.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'
import { type HintColumn, type HintQuestion, hintsOf } from '../../../lib/pipeline/hints.ts'

const ZONE = 'America/New_York'

/** Days from `first` on, of which those in `differing` differ. */
function question(
  first: string,
  days: number,
  differing: (name: string, at: number) => boolean,
  more: Partial<HintQuestion> = {},
): HintQuestion {
  const grain: Grain = more.grain ?? 'day'
  const calendar = new Calendar(grain, zoneNamed(more.zone ?? ZONE))
  const start = calendar.indexOf(first)
  const partitions = Array.from({ length: days }, (_, at) => calendar.partition(start + at))
  return {
    zone: ZONE,
    grain,
    columns: [],
    ...more,
    partitions: partitions.map((partition, at) => ({ partition, differing: differing(partition.name, at) ? 3 : 0 })),
  }
}

const column = (more: Partial<HintColumn>): HintColumn => ({ name: 'n', different: 10, nullOnOneSide: 0, dayApart: 0, ...more })
const kinds = (asked: HintQuestion) => hintsOf(asked).map(({ kind }) => kind)

it('nothing is said where nothing differs, or where there is no pattern', () => {
  expect(hintsOf(question('2001-03-20', 30, () => false))).toEqual([])
  expect(hintsOf(question('2001-03-20', 30, (_, at) => at % 3 === 0, { columns: [column({ nullOnOneSide: 5, dayApart: 5 })] }))).toEqual([])
})

it('NULL on one side in nearly all different values', () => {
  expect(hintsOf(question('2001-03-20', 3, () => true, { columns: [column({ nullOnOneSide: 9 })] }))).toContainEqual({
    kind: 'null',
    text: 'n: 9 of 10 different values are NULL on one side',
  })
})

it('only the days on which clocks change', () => {
  expect(hintsOf(question('2001-03-20', 30, (name) => name === '2001-04-01'))).toEqual([
    { kind: 'clock change', text: 'all differences lie where the clocks of America/New_York change: 2001-04-01' },
  ])
  expect(kinds(question('2001-10-01', 60, (name) => name === '2001-10-28'))).toEqual(['clock change'])
  // In Sao Paulo the clock skipped midnight: the day begins with the change.
  expect(kinds(question('2011-10-01', 30, (name) => name === '2011-10-16', { zone: 'America/Sao_Paulo' }))).toEqual(['clock change'])
  expect(kinds(question('2001-03-20', 30, (name) => name === '2001-04-01' || name === '2001-04-05'))).toEqual([])
})

it('only while the zone is at one of its offsets', () => {
  expect(hintsOf(question('2001-03-20', 30, (name) => name > '2001-04-01'))).toEqual([
    {
      kind: 'offset',
      text: 'all differences lie where America/New_York is at UTC-04:00, and nothing differs elsewhere: one side may ignore a change of clocks',
    },
  ])
  expect(kinds(question('2001-05-20', 30, () => true))).toEqual([])
  expect(kinds(question('2001-03-20', 30, (name) => name < '2001-04-01'))).toEqual([])
  expect(kinds(question('2001-03-20', 30, (name) => name <= '2001-04-01'))).toEqual(['offset'])
})

it('times that lie one day apart', () => {
  expect(kinds(question('2001-05-20', 3, () => true, { columns: [column({ dayApart: 10 })] }))).toEqual(['day border'])
})

it('hours around midnight of an hourly view', () => {
  const asked = question('2001-05-20-00', 72, (name) => name.endsWith('-04'), { grain: 'hour', zone: 'UTC' })
  expect(hintsOf(asked)).toEqual([{ kind: 'day border', text: 'all differences lie in the hour 04 of the day (UTC)' }])
  expect(kinds(question('2001-05-20-00', 72, (_, at) => at % 5 === 0, { grain: 'hour', zone: 'UTC' }))).toEqual([])
})

it('amounts that moved to a neighbouring partition, and not those that differ at random or all one way', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const moved = Array.from({ length: 31 }, () => Math.round(random() * 20))
  const shifted = moved.slice(1).map((amount, at) => (moved[at] ?? 0) - amount)
  const of = (net: readonly number[]) => kinds(question('2001-05-01', net.length, () => true, { columns: [column({ net })] }))
  expect(of(shifted)).toEqual(['day border'])
  expect(of(moved)).toEqual([])
  expect(of(moved.map((amount) => (random() < 0.5 ? -amount : amount)))).toEqual([])
  expect(of(shifted.map((amount) => amount + 0.5))).toEqual([])
})
