/** A process that writes to a folder store, for folder-store.test.ts: `folder-writer.ts ROOT count|create|flood|hold ARGUMENT`. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { openFolderLock } from '../../../lib/lake/folder-lock.ts'
import { openFolderStore } from '../../../lib/lake/folder-store.ts'
import type { ObjectStore } from '../../../lib/lake/object-store.ts'

const [root = '', task = '', argument = ''] = process.argv.slice(2)
const store = await openFolderStore(root)
process.send?.('ready')
if (task === 'count') await count(store, Number(argument))
if (task === 'create') await create(store, Number(argument))
if (task === 'flood') await flood(store)
if (task === 'hold') await hold()
store.close()
process.disconnect?.()

/** Adds one to the counter so many times, each over the value it read. */
async function count(store: ObjectStore, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const found = await store.get('counter')
    const next = Buffer.from(String(Number(Buffer.from(found?.bytes ?? []).toString()) + 1))
    if (await wins(store.put('counter', next, { ifMatch: found?.info.etag ?? '' }))) done++
  }
}

/** Tries to create each of the objects; those it created are named after it. */
async function create(store: ObjectStore, keys: number): Promise<void> {
  for (let i = 0; i < keys; i++) {
    if (await wins(store.put(`new/${i}`, Buffer.from(String(process.pid)), { ifNoneMatch: '*' })))
      await store.put(`won/${i}/${process.pid}`, new Uint8Array())
  }
}

/** Overwrites ten objects for ever, of 1 to 400,000 bytes, each with the checksum of its content in front. */
async function flood(store: ObjectStore): Promise<void> {
  for (let i = 0; ; i++) {
    const content = Buffer.alloc(1 + ((i * 7919) % 400_000), i % 251)
    await store.put(`flood/${i % 10}`, Buffer.concat([createHash('sha256').update(content).digest(), content]))
  }
}

/** Takes the lock, says so with a file, and keeps it for ever. */
async function hold(): Promise<void> {
  await openFolderLock(`${root}/.hindcast`).run(() => {
    writeFileSync(`${root}/.hindcast/held`, '')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
}

async function wins(put: Promise<unknown>): Promise<boolean> {
  try {
    await put
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'ConflictError') return false
    throw error
  }
}
