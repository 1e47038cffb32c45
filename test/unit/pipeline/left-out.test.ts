import { expect, test } from 'vitest'
import type { State } from '../../../lib/model/states.ts'
import { leftOutRuns } from '../../../lib/pipeline/left-out.ts'

const blocked = (reason: string, remedy = 'put the data'): State => ({ kind: 'blocked', reason, remedy })

test('neighbours with one kind of reason are one run, whatever folder it names', () => {
  const runs = leftOutRuns(
    'busy',
    [
      ['2001-03-01', { kind: 'fresh' }],
      ['2001-03-02', blocked('folder 2001-03-01 of flights has no data')],
      ['2001-03-03', blocked('folder 2001-03-02 of flights has no data')],
      ['2001-03-04', blocked('folder 2001-03-02 of ships has no data')],
      ['2001-03-05', { kind: 'rejected' }],
      ['2001-03-06', { kind: 'missing' }],
      ['2001-03-07', { kind: 'fresh' }],
      ['2001-03-08', { kind: 'missing' }],
    ],
    ['fresh', 'rejected'],
  )
  expect(runs.map(({ state, first, last, partitions }) => `${state} ${first}..${last} ${partitions}`)).toEqual([
    'blocked 2001-03-02..2001-03-03 2',
    'blocked 2001-03-04..2001-03-04 1',
    'missing 2001-03-06..2001-03-06 1',
    'missing 2001-03-08..2001-03-08 1',
  ])
  expect(runs[0]).toMatchObject({ reason: 'folder 2001-03-01 of flights has no data', remedy: 'put the data' })
})

test('what waits for an input view is to be computed with it', () => {
  const waits = (hour: string) => blocked(`partition ${hour} of hours is missing`, `hindcast backfill hours --from ${hour} --to ${hour}`)
  const [run] = leftOutRuns(
    'week',
    [
      ['2001-03-01', waits('2001-02-22-00')],
      ['2001-03-02', waits('2001-02-23-00')],
    ],
    [],
  )
  expect(run?.remedy).toBe('hindcast backfill week --from 2001-03-01 --to 2001-03-02 --with upstream')
})
