import { expect, it } from 'vitest'
import {
  liveVersions,
  NOTHING_PUBLISHED,
  PREVIOUS_MS,
  previousOf,
  switchVersions,
  withDropped,
  withDropping,
  withoutDropping,
  withoutPin,
  withPin,
} from '../../../lib/model/published.ts'

const NOW = Date.parse('2001-03-11T06:00:00Z')
const [A, B, C] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'] as const
const first = switchVersions(NOTHING_PUBLISHED, { busy: A, week: A }, NOW)
const second = switchVersions(first, { busy: B }, NOW)

it('a first version has none before it, a second one has the first for seven days', () => {
  expect(first.previous).toEqual({})
  expect(liveVersions(first, 'busy', NOW)).toEqual([A])
  expect(second.views).toEqual({ busy: B, week: A })
  expect(second.previous).toEqual({ busy: { version: A, until: '2001-03-18T06:00:00.000Z' } })
  expect(liveVersions(second, 'busy', NOW)).toEqual([B, A])
  expect(liveVersions(second, 'busy', NOW + PREVIOUS_MS - 1)).toEqual([B, A])
  expect(liveVersions(second, 'busy', NOW + PREVIOUS_MS)).toEqual([B])
  expect(previousOf(second, 'busy')).toBe(A)
  expect(liveVersions(second, 'other', NOW)).toEqual([])
})

it('a view that has its version already keeps what it had before and since when', () => {
  const later = switchVersions(second, { busy: B, week: C }, NOW + 1000)
  expect(later.previous?.busy).toEqual(second.previous?.busy)
  expect(later.since).toEqual({ busy: '2001-03-11T06:00:00.000Z', week: '2001-03-11T06:00:01.000Z' })
})

it('going back makes what was published the previous one', () => {
  const back = switchVersions(second, { busy: A }, NOW + 1000)
  expect([back.views.busy, previousOf(back, 'busy')]).toEqual([A, B])
})

it('names the run that published, until somebody publishes without one', () => {
  const byRun = switchVersions(second, { busy: C }, NOW, 'run-7')
  expect(byRun.runs).toEqual({ busy: 'run-7' })
  expect(switchVersions(byRun, { busy: C, week: B }, NOW, 'run-8').runs).toEqual({ busy: 'run-7', week: 'run-8' })
  expect(switchVersions(byRun, { busy: A }, NOW)).not.toHaveProperty('runs')
})

it('pins are live until they are taken away, and survive a switch', () => {
  const pinned = switchVersions(withPin(first, 'busy', C, { since: '2001-03-11T06:00:00.000Z', reason: 'paper' }), { busy: B }, NOW)
  expect(liveVersions(pinned, 'busy', NOW)).toEqual([B, A, C])
  expect(liveVersions(withoutPin(pinned, 'busy', C), 'busy', NOW)).toEqual([B, A])
  expect(liveVersions(pinned, 'bus', NOW)).toEqual([])
})

it('what is being dropped is not live and nobody goes back to it; once dropped it is forgotten', () => {
  const dropping = withDropping(second, 'busy', A, NOW)
  expect(withDropping(dropping, 'busy', A, NOW + 1000)).toEqual(dropping)
  expect([liveVersions(dropping, 'busy', NOW), previousOf(dropping, 'busy')]).toEqual([[B], undefined])
  expect(previousOf(withoutDropping(dropping, 'busy', A), 'busy')).toBe(A)
  const dropped = withDropped(dropping, 'busy', A)
  expect([dropped.previous, dropped.dropping, dropped.views]).toEqual([{}, {}, second.views])
  expect(withDropped(withDropping(second, 'busy', C, NOW), 'busy', C).previous).toEqual(second.previous)
})
