import { expect, it } from 'vitest'
import { commonType } from '../../../lib/engine/common-type.ts'

it.each([
  ['BIGINT', 'BIGINT', 'BIGINT'],
  ['INTEGER', 'BIGINT', 'BIGINT'],
  ['BIGINT', 'UBIGINT', 'HUGEINT'],
  ['INTEGER', 'DOUBLE', 'DOUBLE'],
  ['DECIMAL(10,2)', 'DOUBLE', 'DOUBLE'],
  ['DECIMAL(10,2)', 'DECIMAL(12,4)', 'DECIMAL(12,4)'],
  ['BIGINT', 'DECIMAL(38,2)', 'DECIMAL(38,2)'],
  ['DATE', 'TIMESTAMP', 'TIMESTAMP_MS'],
  ['TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_MS'],
  ['TIMESTAMP', 'TIMESTAMP', 'TIMESTAMP_MS'],
  ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE'],
  ['VARCHAR', 'UUID', 'VARCHAR'],
  ["ENUM('a', 'b')", 'VARCHAR', 'VARCHAR'],
  ['STRUCT(a INT)[]', 'STRUCT("a" INTEGER)[]', 'STRUCT("a" INTEGER)[]'],
])('%s and %s are compared as %s without loss, whichever is where', (a, b, type) => {
  expect(commonType(a, b)).toEqual({ type })
  expect(commonType(b, a)).toEqual({ type })
})

it.each([
  ['BIGINT', 'DOUBLE', 'DOUBLE', /15 digits/],
  ['DECIMAL(38,2)', 'DOUBLE', 'DOUBLE', /15 digits/],
  ['DECIMAL(38,2)', 'DECIMAL(38,10)', 'DOUBLE', /15 digits/],
  ['FLOAT', 'DOUBLE', 'DOUBLE', /7 digits/],
  ['VARCHAR', 'BIGINT', 'VARCHAR', /as text/],
])('%s and %s are compared as %s, and it is said what that does not tell apart', (a, b, type, note) => {
  expect(commonType(a, b)).toEqual({ type, note: expect.stringMatching(note) })
})

it.each([
  ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP'],
  ['TIMESTAMP WITH TIME ZONE', 'DATE'],
  ['BOOLEAN', 'INTEGER'],
  ['VARCHAR', 'DOUBLE'],
  ['INTEGER[]', 'BIGINT[]'],
  ['BLOB', 'VARCHAR'],
])('%s and %s are not compared', (a, b) => {
  expect(commonType(a, b)).toEqual({ reason: `${a} here, ${b} there: no type holds both without loss; cast one of them` })
})
