import { expect, test } from 'vitest'
import { requireCaps } from '../../../lib/model/caps.ts'

test('caps leave a hundred executions to others, a tenth of a small account', () => {
  expect(() => requireCaps({ live: 100, backfill: 800 }, 1000)).not.toThrow()
  expect(() => requireCaps({ live: 100, backfill: 801 }, 1000)).toThrow(
    /live 100 and backfill 801 .* of its 1000 unreserved .* 100 stay .* together at most 900\. Lower liveConcurrency .* Service Quotas/,
  )
  expect(() => requireCaps({ live: 1000, backfill: 3900 }, 5000)).not.toThrow()
  expect(() => requireCaps({ live: 2, backfill: 7 }, 10)).not.toThrow()
  expect(() => requireCaps({ live: 10, backfill: 200 }, 10)).toThrow(/of its 10 unreserved .* 1 stay .* at most 9/)
})
