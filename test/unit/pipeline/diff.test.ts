import { describe, expect, it } from 'vitest'
import { joinDays } from '../../../lib/cli/render-diff.ts'
import { Calendar } from '../../../lib/model/partition.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'
import { coverOf } from '../../../lib/pipeline/diff-cover.ts'
import { chooseVersions } from '../../../lib/pipeline/diff-versions.ts'
import { keyColumns } from '../../../lib/pipeline/key-columns.ts'

const calendar = new Calendar('day', zoneNamed('UTC'))
const days = (...dates: readonly number[]) => dates.map((day) => calendar.named(`2001-03-${String(day).padStart(2, '0')}`))

describe('what a comparison covers', () => {
  const names = (covered: ReturnType<typeof coverOf>) => covered.partitions.map(({ name }) => Number(name.slice(-2)))

  it('without a period: from the first to the last partition that both sides have', () => {
    const covered = coverOf({ here: days(1, 2, 3, 4, 6), there: days(3, 5, 6, 7) })
    expect(names(covered)).toEqual([3, 4, 5, 6])
    expect([covered.here.size, covered.there.size]).toEqual([3, 3])
  })

  it('with a period: all of it that some side has', () => {
    expect(names(coverOf({ here: days(1, 2, 3), there: days(3, 5) }, days(2, 3, 4, 5, 6)))).toEqual([2, 3, 5])
  })

  it('nothing where no partition is on both sides', () => {
    expect(names(coverOf({ here: days(1, 2), there: days(3) }))).toEqual([])
  })
})

describe('--on', () => {
  it('names columns in the order of the entity, then the time', () => {
    expect(keyColumns('uid, day', ['user_id'])).toEqual({ entity: ['uid'], time: 'day' })
    expect(keyColumns('a,b,c', ['x', 'y'])).toEqual({ entity: ['a', 'b'], time: 'c' })
  })

  it('pairs name their own place, the others fill those that are left', () => {
    expect(keyColumns('y=b,a,c', ['x', 'y'])).toEqual({ entity: ['a', 'b'], time: 'c' })
    expect(keyColumns('feature_time=c,a,b', ['x', 'y'])).toEqual({ entity: ['a', 'b'], time: 'c' })
  })

  it.each([
    ['uid', /names 1 columns; expected 2: those of user_id, then that of the partition's time, such as user_id,feature_date/],
    ['a,b,c', /names 3 columns; expected 2/],
    ['', /names 0 columns; expected 2/],
    ['a,', /names 1 columns; expected 2/],
    ['usr_id=a,b', /the view has no key 'usr_id', did you mean 'user_id'\?; expected one of user_id, feature_time/],
    ['user_id=,b', /names user_id twice or not at all/],
    ['user_id=a,user_id=b', /names user_id twice or not at all/],
  ])('%s is refused', (text, message) => {
    expect(() => keyColumns(text, ['user_id'])).toThrow(message)
  })
})

describe('the versions that are meant', () => {
  const named = { view: 'v', all: ['aa1111111111', 'ab2222222222', 'bb3333333333'], published: 'aa1111111111', candidate: 'bb3333333333' }

  it('by default the published one against the candidate, else by how their hashes begin', () => {
    expect(chooseVersions(named, {})).toEqual(['aa1111111111', 'bb3333333333'])
    expect(chooseVersions(named, { fromVersion: 'ab', toVersion: 'aa1' })).toEqual(['ab2222222222', 'aa1111111111'])
  })

  it.each([
    [{ fromVersion: 'a' }, /several versions of v begin with 'a'; expected one of aa1111111111, ab2222222222$/],
    [{ fromVersion: 'x' }, /no version of v begins with 'x'; expected one of aa1111111111, ab2222222222, bb3333333333$/],
    [{ fromVersion: 'bb' }, /both sides are version bb3333333333 of v; expected another --from-version or --to-version: aa1/],
  ])('%j is refused', (request, message) => {
    expect(() => chooseVersions(named, request)).toThrow(message)
  })

  it('without a published version, one has to be named', () => {
    const { published: _, ...never } = named
    expect(() => chooseVersions(never, {})).toThrow(/no version of v is published; expected --from-version aa1111111111, ab2222222222/)
  })
})

it('days share lines where there are many, and nothing is lost', () => {
  const all = Array.from({ length: 100 }, (_, at) => ({
    partition: `p${at}`,
    matched: at,
    lastBits: 1,
    different: 2,
    onlyHere: 3,
    onlyThere: 4,
  }))
  const joined = joinDays(all, 14)
  expect(joined.length).toBeLessThanOrEqual(14)
  expect(joined[0]?.partition).toBe('p0..p7')
  expect(joined.reduce((sum, day) => sum + day.matched, 0)).toBe(4950)
  expect(joined.reduce((sum, day) => sum + day.different, 0)).toBe(200)
  expect(joinDays(all.slice(0, 3), 14).map(({ partition }) => partition)).toEqual(['p0', 'p1', 'p2'])
})
