import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countLake } from '../../../lib/lake/counting-store.ts'
import { openFolderStore } from '../../../lib/lake/folder-store.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { describeObjectStore } from './object-store.contract.ts'

describeObjectStore('folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hindcast-lake-'))
  const store = await openFolderStore(root)
  const close = async () => {
    store.close()
    await rm(root, { recursive: true })
  }
  return { store, close }
})

for (const etags of ['content', 'unique'] as const)
  describeObjectStore(`memory, ${etags} ETags`, async () => ({ store: openMemoryStore({ etags }), close: () => undefined }))

describeObjectStore('counted memory', async () => {
  const store = openMemoryStore()
  return { store: countLake({ store, bucket: () => store }).lake.store, close: () => undefined }
})
