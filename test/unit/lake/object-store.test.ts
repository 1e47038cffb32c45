import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { describeObjectStore } from './object-store.contract.ts'

for (const etags of ['content', 'unique'] as const)
  describeObjectStore(`memory, ${etags} ETags`, async () => ({ store: openMemoryStore({ etags }), close: () => undefined }))
