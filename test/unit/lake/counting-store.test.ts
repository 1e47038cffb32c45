import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addRequests, countLake, NO_REQUESTS } from '../../../lib/lake/counting-store.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { listAll } from '../../../lib/lake/object-store.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

test('counts requests by kind over all buckets of a lake, and the bytes that went', async () => {
  const [own, other] = [openMemoryStore({ pageSize: 2 }), openMemoryStore()]
  const { lake, requests } = countLake({ store: own, bucket: (name) => (name === undefined ? own : other) })
  const info = await lake.store.put('a/1', bytesOf('hello'))
  await lake.store.put('a/2', bytesOf('world'))
  await lake.bucket('raw').put('b/1', bytesOf('raw'))
  await lake.store.put('a/3', bytesOf('!'))
  await lake.store.get('a/1')
  await lake.store.get('nothing')
  await lake.bucket('raw').getRange('b/1', { start: 0, length: 2 })
  await lake.store.head('a/1')
  await lake.store.delete('a/2')
  await listAll(lake.store, { prefix: 'a/' })
  await listAll(lake.store, { prefix: 'nothing/' })
  const folder = await mkdtemp(join(tmpdir(), 'hindcast-counted-'))
  expect(await lake.store.download('a/1', join(folder, 'a'), { ifMatch: info.etag })).toBe(true)
  await rm(folder, { recursive: true })
  expect(requests()).toEqual({ gets: 4, heads: 1, puts: 4, lists: 2, deletes: 1, bytesRead: 5 + 2 + 5, bytesWritten: 5 + 5 + 3 + 1 })
})

test('each page of a listing is a request, and a refused put is one that writes nothing', async () => {
  const store = openMemoryStore({ pageSize: 2 })
  const { lake, requests } = countLake({ store, bucket: () => store })
  for (let at = 0; at < 5; at++) await store.put(`a/${at}`, bytesOf('x'))
  expect(await listAll(lake.store, { prefix: 'a/' })).toHaveLength(5)
  for await (const page of lake.store.list({ prefix: 'a/' })) if (page.length > 0) break
  await expect(lake.store.put('a/1', bytesOf('y'), { ifNoneMatch: '*' })).rejects.toMatchObject({ name: 'ConflictError' })
  expect(requests()).toEqual({ ...NO_REQUESTS, lists: 3 + 1, puts: 1 })
  expect(addRequests(requests(), requests())).toEqual({ ...NO_REQUESTS, lists: 8, puts: 2 })
})
