import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Calendar } from '../../../lib/model/partition.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'
import { chooseForGate, chooseForTrial, GATE_PARTITIONS, TRIAL_PARTITIONS } from '../../../lib/pipeline/gate-choice.ts'

const calendar = new Calendar('day', zoneNamed('UTC'))
const days = (names: readonly string[]) => names.map((name) => calendar.named(name))
const candidates = (first: string, marks: readonly string[]) =>
  marks.map((mark, at) => ({
    partition: calendar.partition(calendar.indexOf(first) + at),
    repaired: mark.includes('r'),
    clockChange: mark.includes('c'),
  }))
const chosen = (all: ReturnType<typeof candidates>) => chooseForGate(all).map(({ partition }) => partition.name.slice(-2))

it('takes the newest where nothing else speaks', () => {
  expect(chosen(candidates('2001-06-01', ['', '', '', '', '', '', '']))).toEqual(['03', '04', '05', '06', '07'])
  expect(chosen(candidates('2001-06-01', ['', '']))).toEqual(['01', '02'])
  expect(chosen([])).toEqual([])
})

it('prefers two that were repaired and two with a change of clocks, and keeps the newest', () => {
  expect(chosen(candidates('2001-06-01', ['c', 'r', 'c', 'r', 'r', '', '', '']))).toEqual(['01', '03', '04', '05', '08'])
  expect(chosen(candidates('2001-06-01', ['rc', '', '', '', '', '', '', '']))).toEqual(['01', '05', '06', '07', '08'])
})

it('never takes more than allowed, keeps the order of time, and takes the newest always', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'r', 'c', 'rc'), { maxLength: 40 }), (marks) => {
      const all = candidates('2001-01-01', marks)
      const some = chooseForGate(all)
      expect(some.length).toBe(Math.min(all.length, GATE_PARTITIONS))
      expect(some).toEqual(all.filter((one) => some.includes(one)))
      if (all.length > 0) expect(some.at(-1)).toBe(all.at(-1))
    }),
  )
})

it('a new version is tried on its newest, its oldest and one more partition', () => {
  const all = days(['2001-06-01', '2001-06-02', '2001-06-03', '2001-06-04', '2001-06-05'])
  const names = (change: string) => chooseForTrial(all, ({ name }) => name === change).map(({ name }) => name.slice(-2))
  expect(names('')).toEqual(['01', '03', '05'])
  expect(names('2001-06-02')).toEqual(['01', '02', '05'])
  expect(chooseForTrial(all.slice(0, 1), () => true)).toHaveLength(1)
  expect(chooseForTrial([], () => true)).toEqual([])
  expect(TRIAL_PARTITIONS).toBe(3)
})
