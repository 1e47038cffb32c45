import { describe, expect, test } from 'vitest'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { listAll } from '../../../lib/lake/object-store.ts'
import { openOverlayStore } from '../../../lib/lake/overlay-store.ts'
import { describeObjectStore } from './object-store.contract.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

describeObjectStore('overlay over an empty store', async () => ({
  store: openOverlayStore(openMemoryStore(), openMemoryStore()),
  close: () => undefined,
}))

describe('overlay store', () => {
  const opened = async () => {
    const lower = openMemoryStore()
    for (const key of ['a', 'c', 'e']) await lower.put(key, bytesOf(`lower ${key}`))
    return { lower, store: openOverlayStore(lower, openMemoryStore()) }
  }
  const textOf = async (store: ReturnType<typeof openMemoryStore>, key: string) => {
    const found = await store.get(key)
    return found && new TextDecoder().decode(found.bytes)
  }

  test('shows what lies below and what was written since, in one order', async () => {
    const { store } = await opened()
    for (const key of ['b', 'c', 'f']) await store.put(key, bytesOf(`upper ${key}`))
    await store.delete('e')
    const all = await listAll(store, { prefix: '' })
    expect(all.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'f'])
    for (const info of all) expect(info).toEqual(await store.head(info.key))
    expect([await textOf(store, 'a'), await textOf(store, 'c'), await textOf(store, 'e')]).toEqual(['lower a', 'upper c', undefined])
  })

  test('holds conditions against what lies below, and never writes there', async () => {
    const { store, lower } = await opened()
    const before = await listAll(lower, { prefix: '' })
    const conflict = expect.objectContaining({ name: 'ConflictError' })
    await expect(store.put('a', bytesOf('x'), { ifNoneMatch: '*' })).rejects.toEqual(conflict)
    const standing = await store.head('a')
    await store.put('a', bytesOf('y'), { ifMatch: standing?.etag ?? '' })
    await expect(store.get('a', { ifMatch: standing?.etag ?? '' })).rejects.toEqual(conflict)
    await store.delete('c')
    await store.put('c', bytesOf('again'), { ifNoneMatch: '*' })
    expect([await textOf(store, 'a'), await textOf(store, 'c')]).toEqual(['y', 'again'])
    expect(await listAll(lower, { prefix: '' })).toEqual(before)
  })
})
