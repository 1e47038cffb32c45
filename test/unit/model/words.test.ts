import { expect, test } from 'vitest'
import { usd } from '../../../lib/model/words.ts'

test.each([
  [0, '$0'],
  [0.0000023, '<$0.0001'],
  [0.0001, '$0.0001'],
  [0.00123, '$0.0012'],
  [12.344, '$12.34'],
])('%d dollars are %s', (amount, said) => {
  expect(usd(amount)).toBe(said)
})
