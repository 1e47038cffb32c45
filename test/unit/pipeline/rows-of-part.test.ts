import { expect, it } from 'vitest'
import { rowsOfPart } from '../../../lib/pipeline/training-join.ts'

it.each([
  [0, 1_000_000, 'labels whose columns take nothing'],
  [50 * 2_000_000, 1_000_000, 'narrow labels'],
  [1024 * 2_000_000, 131_072, 'labels of 1 kB'],
  [1024 ** 3 * 2_000_000, 1, 'labels that are larger than a file should be'],
])('of two million labels with %i bytes a file has %i: %s', (bytes, rows) => {
  expect(rowsOfPart(2_000_000, bytes)).toBe(rows)
})
