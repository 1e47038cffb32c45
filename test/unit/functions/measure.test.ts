import { expect, test } from 'vitest'
import { measure } from '../../../functions/measure.ts'

const PARTITION = { event: 'partition', view: 'busy', partition: '2001-03-01' }

test('a computed partition counts by what became of it, with what it was', () => {
  const { view, values } = measure({ ...PARTITION, result: 'written', rows: 0, bytes: 10, ms: 5, bytesRead: 7 }) ?? {}
  expect({ view, values }).toEqual({ view: 'busy', values: { PartitionsWritten: 1, Rows: 0, Bytes: 10, Duration: 5 } })
  expect(measure({ ...PARTITION, result: 'confirmed', rows: 2, bytes: 10, ms: 5 })?.values).toMatchObject({ PartitionsConfirmed: 1 })
  expect(measure({ ...PARTITION, result: 'rejected', reason: 'n < 100', ms: 5 })?.values).toEqual({ PartitionsRejected: 1, Duration: 5 })
})

test('other events add nothing', () => {
  expect(measure({ ...PARTITION, result: 'fresh' })).toBeUndefined()
  expect(measure({ event: 'landed', source: 'ticks', rows: 3 })).toBeUndefined()
  expect(measure({ event: 'partition', result: 'written' })).toBeUndefined()
})

test('the age of the newest partition is a figure of its view', () => {
  expect(measure({ event: 'newest', view: 'busy', version: 'abc', ageSeconds: 90 })).toEqual({ view: 'busy', values: { NewestAge: 90 } })
})
