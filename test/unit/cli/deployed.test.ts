import { expect, test } from 'vitest'
import { awsError } from '../../../lib/cli/deployed/aws-error.ts'
import { lakesAmong, requireOne } from '../../../lib/cli/deployed/deployed-lake.ts'
import { Pacer, type RunFigures } from '../../../lib/cli/deployed/run-figures.ts'
import { runNameOf, runRequestOf } from '../../../lib/cli/deployed/run-request.ts'
import { renderFigures } from '../../../lib/cli/deployed/show-figures.ts'

const FIGURES: RunFigures = {
  run: 'r',
  status: 'RUNNING',
  stage: 'computing',
  tasks: { of: 40, done: 12, failed: 1, atWork: 5, atWorkMax: 8 },
  partitions: { of: 1200, done: 300 },
  landed: 0,
  rows: 9000,
  usd: 0.5,
  lowUsd: 1,
  highUsd: 3,
}

test('a line says partitions, tasks, pace and cost beside the quote', () => {
  expect(renderFigures(FIGURES, { perSecond: 2.5, leftMs: 360_000 })).toBe(
    '300 of 1,200 partitions; 12 tasks of 40 done, 5 of at most 8 at work; 9,000 rows; 1 failed; 2.5 a second, 6m left; $0.50 so far, quoted $1.00 to $3.00',
  )
  expect(renderFigures({ ...FIGURES, stage: 'planning' })).toBe('planning')
  expect(renderFigures({ ...FIGURES, tasks: { of: 0, done: 0, failed: 0, atWork: 0, atWorkMax: 0 } })).toBe('nothing to do')
})

test('the pace is that of the last minutes, and there is none before something was done', () => {
  const pacer = new Pacer()
  const at = (ms: number, done: number) => pacer.add(ms, { ...FIGURES, partitions: { of: 1200, done } })
  expect(at(0, 300)).toBeUndefined()
  expect(at(10_000, 300)).toBeUndefined()
  expect(at(100_000, 400)).toEqual({ perSecond: 1, leftMs: 800_000 })
  // Half an hour later nothing of the beginning counts any more.
  at(1_900_000, 400)
  expect(at(1_910_000, 420)).toEqual({ perSecond: 2, leftMs: 390_000 })
})

test('the name of a run sorts by time, says its view, and fits Step Functions', () => {
  expect(runNameOf('20010701T060000Z-1f2e', ['airport_week@0a1b2c3d4e5f'])).toBe('20010701T060000Z-airport_week-1f2e')
  expect(runNameOf('20010701T060000Z-1f2e', [])).toBe('20010701T060000Z-all-1f2e')
  expect(runNameOf('20010701T060000Z-1f2e', ['a', 'b', 'c'])).toBe('20010701T060000Z-a-and-2-more-1f2e')
  expect(runNameOf('20010701T060000Z-1f2e', ['v'.repeat(100)])).toHaveLength(80)
})

test('a request says what the options say, and nothing else', () => {
  const options = { views: ['a'], last: '30d', with: 'none', reprocess: 'stale', missingInputs: 'block', reason: 'why' } as const
  expect(runRequestOf(options)).toEqual({ view: 'a', last: '30d', with: 'none', reprocess: 'stale', missingInputs: 'block', reason: 'why' })
  expect(runRequestOf({ ...options, views: ['a', 'b'], maxConcurrency: 3 })).toMatchObject({ views: ['a', 'b'], maxConcurrency: 3 })
  expect(runRequestOf({ ...options, views: [] })).not.toHaveProperty('view')
})

test('a lake is found by its outputs, among others', () => {
  const outputs = new Map([
    ['LakePlace3F2A91BC', 's3://b'],
    ['LakeMachineArn0A1B2C3D', 'arn:m'],
    ['LakeQueueUrl00000000', 'https://q'],
    ['LakeBackfillConcurrency11111111', '200'],
    ['LakeDatabase22222222', 'features'],
    ['LakeWorkgroup33333333', 'queries'],
    ['MeetingPlace3F2A91BC', 'room 5'],
  ])
  const lake = {
    stack: 'S',
    id: 'Lake',
    place: 's3://b',
    machineArn: 'arn:m',
    queueUrl: 'https://q',
    concurrencyMax: 200,
    database: 'features',
    workgroup: 'queries',
  }
  expect(lakesAmong('S', outputs)).toEqual([lake])
  expect(() => requireOne('S', [])).toThrow(/no feature lake/)
  expect(() => requireOne('S', [lake, { ...lake, id: 'Other' }])).toThrow(/2 feature lakes: Lake, Other/)
})

test('what a client of AWS throws is told by what to do about it', () => {
  const thrown = (name: string, message: string, status?: number) =>
    awsError(Object.assign(new Error(message), { name, ...(status && { $metadata: { httpStatusCode: status } }) }), 'Step Functions').name
  expect(thrown('Error', 'Region is missing')).toBe('InvalidInputError')
  expect(thrown('CredentialsProviderError', 'Could not load credentials')).toBe('InvalidInputError')
  expect(thrown('AccessDeniedException', 'not authorized', 400)).toBe('InvalidInputError')
  expect(thrown('ThrottlingException', 'Rate exceeded', 400)).toBe('TransientError')
  expect(thrown('TimeoutError', 'socket hang up')).toBe('TransientError')
  expect(thrown('ValidationException', 'no such field', 400)).toBe('InternalError')
})
