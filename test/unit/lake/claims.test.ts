import { expect, test } from 'vitest'
import { putClaim, readClaims, removeDeadClaims } from '../../../lib/lake/claims.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'

test('the claim of a holder that is gone is removed, whatever it says of its end', async () => {
  const store = openMemoryStore()
  const ranges = { 'week@0123456789ab': [['2001-03-01', '2001-03-04']] as const }
  await putClaim(store, { format: 1, run: 'killed', ranges, expires: 2000, holder: '7@here' })
  await putClaim(store, { format: 1, run: 'working', ranges, expires: 2000, holder: '8@here' })
  await putClaim(store, { format: 1, run: 'elsewhere', ranges, expires: 2000 })
  expect(await removeDeadClaims(store, (holder) => holder === '7@here')).toEqual(['killed'])
  expect((await readClaims(store, 1000)).map(({ run }) => run).sort()).toEqual(['elsewhere', 'working'])
})
