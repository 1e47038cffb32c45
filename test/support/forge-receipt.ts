import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'
import { parseReceiptName, receiptName } from '../../lib/lake/receipts.ts'
import { sha256 } from '../../lib/model/hash.ts'

/**
 * Puts the output of one partition over that of another, with a receipt that certifies it: what would stand there if its writer computed
 * other bytes than a backfill does. Both are folders, such as `features/busy/v=…/dt=2001-03-04/`.
 */
export async function forgeOutput(store: ObjectStore, from: string, over: string): Promise<void> {
  const bytes = (await store.get(`${from}features.parquet`))?.bytes
  const old = (await listAll(store, { prefix: over })).find(({ key }) => key.startsWith(`${over}_receipt.`))
  const name = old && parseReceiptName(old.key.slice(over.length))
  const body = old && (await store.get(old.key))?.bytes
  if (!bytes || !old || !name || !body) throw new Error(`there is nothing to forge in ${from} and ${over}`)
  const { etag } = await store.put(`${over}features.parquet`, bytes)
  await store.delete(old.key)
  await store.put(over + receiptName({ ...name, sha256: sha256(bytes), etag }), body)
}
