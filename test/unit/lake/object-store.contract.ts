import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sortKeys } from '../../../lib/lake/byte-order.ts'
import { listSplit, namesBetween } from '../../../lib/lake/list-split.ts'
import { listAll, type ObjectInfo, type ObjectStore } from '../../../lib/lake/object-store.ts'
import { overStore } from '../../support/over-store.ts'

export interface OpenedStore {
  readonly store: ObjectStore
  readonly close: () => Promise<void> | void
}

export interface ContractOptions {
  /** Rounds of twenty writers at once. */
  readonly races?: number
  /** Tries of a race, for a server that does not hold it itself. */
  readonly retry?: number
  /** Thousands of objects take minutes: what needs them is left out. */
  readonly isSlow?: boolean
}

/** What every object store promises. `openStore` gives an empty one each time. */
export function describeObjectStore(name: string, openStore: () => Promise<OpenedStore>, options: ContractOptions = {}): void {
  describe(`object store: ${name}`, () => {
    let opened: OpenedStore
    let scratch: string
    beforeEach(async () => {
      opened = await openStore()
      scratch = await mkdtemp(join(tmpdir(), 'hindcast-scratch-'))
    })
    afterEach(async () => {
      await opened.close()
      await rm(scratch, { recursive: true })
    })
    const given = (): Given => ({ store: opened.store, scratch })
    describeReads(given)
    describeConditions(given, options)
    describeEtags(given)
    describeListings(given, options)
  })
}

type Given = { readonly store: ObjectStore; readonly scratch: string }

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes)
const conflict = expect.objectContaining({ name: 'ConflictError' })

function describeReads(given: () => Given): void {
  test('put, get and head agree on the object', async () => {
    const { store } = given()
    const info = await store.put('a/b.txt', bytesOf('hello'))
    expect(info).toMatchObject({ key: 'a/b.txt', size: 5, etag: expect.stringMatching(/^[A-Za-z0-9-]+$/) })
    const found = await store.get('a/b.txt', { ifMatch: info.etag })
    expect(found?.info).toMatchObject(info)
    expect(Math.abs((found?.info.lastModified ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(textOf(found?.bytes)).toBe('hello')
    expect(await store.head('a/b.txt')).toEqual(found?.info)
  })

  test('the store keeps its own copy of the bytes', async () => {
    const { store } = given()
    const bytes = bytesOf('hello')
    await store.put('a', bytes)
    bytes.fill(0)
    const found = await store.get('a')
    found?.bytes.fill(0)
    expect(textOf((await store.get('a'))?.bytes)).toBe('hello')
  })

  test('a file is put, and stays as it was when the object is replaced and deleted', async () => {
    const { store, scratch } = given()
    await writeFile(join(scratch, 'body'), 'from a file')
    const first = await store.put('one', { file: join(scratch, 'body') })
    await store.put('two', { file: join(scratch, 'body') })
    expect(await store.head('one')).toMatchObject(first)
    expect(textOf((await store.get('two'))?.bytes)).toBe('from a file')
    await store.put('one', bytesOf('replaced'))
    await store.delete('two')
    expect(await readFile(join(scratch, 'body'), 'utf8')).toBe('from a file')
  })

  test('nothing is found where there is no object', async () => {
    const { store, scratch } = given()
    await store.put('a/b', bytesOf('x'))
    for (const key of ['a', 'a/c', 'b', 'a/b/c']) {
      expect(await store.get(key, { ifMatch: 'e' })).toBeUndefined()
      expect(await store.getRange(key, { start: 0, length: 1 })).toBeUndefined()
      expect(await store.head(key)).toBeUndefined()
      expect(await store.download(key, join(scratch, 'out'), { ifMatch: 'e' })).toBe(false)
      await store.delete(key)
    }
    await expect(readFile(join(scratch, 'out'))).rejects.toThrow('ENOENT')
    expect(await store.head('a/b')).toBeDefined()
  })

  test('delete removes the object, again without an error', async () => {
    const { store } = given()
    await store.put('a/b', bytesOf('x'))
    await store.delete('a/b')
    await store.delete('a/b')
    expect(await store.get('a/b')).toBeUndefined()
    expect(await listAll(store, { prefix: '' })).toEqual([])
  })

  test('ranges end where the object ends', async () => {
    const { store } = given()
    const { etag } = await store.put('a', bytesOf('0123456789'))
    const range = async (start: number, length: number) => textOf(await store.getRange('a', { start, length, ifMatch: etag }))
    expect(await range(0, 3)).toBe('012')
    expect(await range(7, 3)).toBe('789')
    expect(await range(7, 100)).toBe('789')
    expect(await range(10, 1)).toBe('')
    expect(await range(50, 1)).toBe('')
    expect(await range(2, 0)).toBe('')
  })

  test('an empty object is an object', async () => {
    const { store, scratch } = given()
    const info = await store.put('empty', new Uint8Array())
    expect(info.size).toBe(0)
    expect((await store.get('empty'))?.bytes).toHaveLength(0)
    expect(await store.getRange('empty', { start: 0, length: 8 })).toHaveLength(0)
    expect(await store.download('empty', join(scratch, 'empty'), { ifMatch: info.etag })).toBe(true)
    expect(await listAll(store, { prefix: 'e' })).toMatchObject([info])
  })

  test('5 MB go in and come out by every way', async () => {
    const { store, scratch } = given()
    const bytes = new Uint8Array(randomBytes(5_000_000))
    await writeFile(join(scratch, 'in'), bytes)
    for (const body of [bytes, { file: join(scratch, 'in') }]) {
      const { etag, size } = await store.put('big', body)
      expect(size).toBe(bytes.length)
      expect(Buffer.compare((await store.get('big'))?.bytes ?? bytesOf(''), bytes)).toBe(0)
      const middle = await store.getRange('big', { start: 2_000_000, length: 1_500_000 })
      expect(Buffer.compare(middle ?? bytesOf(''), bytes.subarray(2_000_000, 3_500_000))).toBe(0)
      expect(await store.download('big', join(scratch, etag), { ifMatch: etag })).toBe(true)
      expect(Buffer.compare(await readFile(join(scratch, etag)), bytes)).toBe(0)
      await rm(join(scratch, etag))
    }
  })

  test('a downloaded file stays as it is when the object is replaced or deleted', async () => {
    const { store, scratch } = given()
    const first = await store.put('a', bytesOf('first'))
    await store.download('a', join(scratch, 'a'), { ifMatch: first.etag })
    await store.put('copy', { file: join(scratch, 'a') })
    expect(await store.head('a')).toMatchObject(first)
    await store.put('a', bytesOf('second'))
    await store.delete('a')
    expect(await readFile(join(scratch, 'a'), 'utf8')).toBe('first')
  })

  test('a download does not overwrite a file', async () => {
    const { store, scratch } = given()
    await writeFile(join(scratch, 'a'), 'mine')
    const { etag } = await store.put('a', bytesOf('x'))
    await expect(store.download('a', join(scratch, 'a'), { ifMatch: etag })).rejects.toThrow()
    expect(await readFile(join(scratch, 'a'), 'utf8')).toBe('mine')
  })
}

function describeConditions(given: () => Given, { races = 20, retry = 0 }: ContractOptions): void {
  test('If-Match puts over that object only', async () => {
    const { store } = given()
    const first = await store.put('a', bytesOf('1'))
    const second = await store.put('a', bytesOf('2'), { ifMatch: first.etag })
    await expect(store.put('a', bytesOf('3'), { ifMatch: first.etag })).rejects.toEqual(conflict)
    expect(textOf((await store.get('a', { ifMatch: second.etag }))?.bytes)).toBe('2')
  })

  test('If-Match on a missing object is a conflict', async () => {
    const { store } = given()
    await expect(store.put('a', bytesOf('1'), { ifMatch: 'abc' })).rejects.toEqual(conflict)
    const { etag } = await store.put('a', bytesOf('1'))
    await store.delete('a')
    await expect(store.put('a', bytesOf('1'), { ifMatch: etag })).rejects.toEqual(conflict)
    expect(await store.head('a')).toBeUndefined()
  })

  test('If-None-Match puts only where there is none', async () => {
    const { store } = given()
    await store.put('a', bytesOf('1'), { ifNoneMatch: '*' })
    await expect(store.put('a', bytesOf('2'), { ifNoneMatch: '*' })).rejects.toEqual(conflict)
    expect(textOf((await store.get('a'))?.bytes)).toBe('1')
    await store.delete('a')
    await store.put('a', bytesOf('3'), { ifNoneMatch: '*' })
    expect(textOf((await store.get('a'))?.bytes)).toBe('3')
  })

  test('reads with an old ETag are conflicts', async () => {
    const { store, scratch } = given()
    const { etag: ifMatch } = await store.put('a', bytesOf('1'))
    await store.put('a', bytesOf('2'))
    await expect(store.get('a', { ifMatch })).rejects.toEqual(conflict)
    await expect(store.getRange('a', { start: 0, length: 1, ifMatch })).rejects.toEqual(conflict)
    await expect(store.download('a', join(scratch, 'a'), { ifMatch })).rejects.toEqual(conflict)
    await expect(readFile(join(scratch, 'a'))).rejects.toThrow('ENOENT')
  })

  test('of 20 writers at once with one condition, one wins', { retry }, async () => {
    const { store } = given()
    let present = (await store.put('a', bytesOf('start'))).etag
    for (let round = 0; round < races; round++) {
      const condition = { ifMatch: present }
      present = await race(
        (i) => store.put('a', bytesOf(`${round}-${i}`), condition),
        async () => textOf((await store.get('a'))?.bytes),
        round,
      )
      await race((i) => store.put(`new-${round}`, bytesOf(`${round}-${i}`), { ifNoneMatch: '*' }), undefined, round)
    }
  })
}

/** Runs 20 puts, requires one winner whose bytes stand there, and returns its ETag. */
async function race(put: (i: number) => Promise<{ etag: string }>, read: (() => Promise<string | undefined>) | undefined, round: number) {
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => put(i)))
  const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [{ i, etag: result.value.etag }] : []))
  expect(won).toHaveLength(1)
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toEqual(conflict)
  if (read !== undefined) expect(await read()).toBe(`${round}-${won[0]?.i}`)
  return won[0]?.etag ?? ''
}

function describeEtags(given: () => Given): void {
  test('the ETag changes with the bytes, also at the same size and within a millisecond', async () => {
    const { store } = given()
    const etags = new Set<string>()
    for (let i = 0; i < 100; i++) {
      const { etag } = await store.put('a', bytesOf(String(1000 + i)))
      expect((await store.head('a'))?.etag).toBe(etag)
      etags.add(etag)
    }
    expect(etags.size).toBe(100)
  })

  test('the ETag does not come back when an object is deleted and another is put there', async () => {
    const { store } = given()
    const etags = new Set<string>()
    for (let i = 0; i < 100; i++) {
      etags.add((await store.put('a', bytesOf(String(1000 + i)))).etag)
      await store.delete('a')
    }
    expect(etags.size).toBe(100)
  })
}

function describeListings(given: () => Given, { isSlow = false }: ContractOptions): void {
  const keysOf = async (options: Parameters<ObjectStore['list']>[0]) => (await listAll(given().store, options)).map(({ key }) => key)
  /** In byte order. U+FF5E sorts before U+1F600 in UTF-8 and after it in UTF-16. */
  const KEYS = [
    'A/x',
    '_x',
    'a!b',
    'a-b',
    'a/_receipt.1.x',
    'a/x',
    'a/x-y/z',
    'a/x/y',
    'a/x0',
    'a0',
    'b/dt=2001-03-04-17/f',
    'b/dt=2001-03-04/f',
    'é',
    '～',
    '😀',
  ]
  // A folder cannot hold both `a/x` and `a/x/y`.
  const STORED = KEYS.filter((key) => key !== 'a/x')
  const putAll = async () => {
    for (const key of [...STORED].reverse()) await given().store.put(key, bytesOf(key))
  }

  test('lists in byte order of whole keys, with what head says', async () => {
    await putAll()
    const { store } = given()
    const all = await listAll(store, { prefix: '' })
    expect(all.map(({ key }) => key)).toEqual([...STORED].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    for (const info of all) expect(info).toEqual(await store.head(info.key))
  })

  test('names of a folder are its keys cut after the next /, without those of folders that hold nothing', async () => {
    await putAll()
    const { store } = given()
    for (const prefix of ['', 'a', 'a/', 'a/x', 'a/x/', 'b/dt=', 'b/dt=2001-03-04/', 'none', 'none/', '😀']) {
      const cut = STORED.filter((key) => key.startsWith(prefix)).map((key) => {
        const end = key.indexOf('/', prefix.length)
        return end < 0 ? key : key.slice(0, end + 1)
      })
      const names: string[] = []
      for await (const page of store.listNames(prefix)) names.push(...page)
      expect(names).toEqual(sortKeys([...new Set(cut)]))
    }
  })

  test('names go over pages, a folder of many objects is one', async () => {
    const { store } = given()
    const keys = Array.from({ length: isSlow ? 30 : 1100 }, (_, at) => `many/n${1000 + at}/${at % 2}`)
    for (const key of keys) await store.put(key, bytesOf('x'))
    for (let at = 0; at < 20; at++) await store.put(`many/n1003/x${at}`, bytesOf('x'))
    const names: string[] = []
    for await (const page of store.listNames('many/')) names.push(...page)
    expect(names).toEqual(keys.map((key) => key.slice(0, key.lastIndexOf('/') + 1)))
  })

  test('prefix, from and before cut as a filter would', async () => {
    await putAll()
    const bounds = [
      undefined,
      '',
      'a',
      'a/',
      'a/x',
      'a/x/',
      'a/x/y',
      'a/x0',
      'b/dt=2001-03-04',
      'b/dt=2001-03-04/',
      'zz',
      '～',
      '😀',
      '😀!',
    ]
    for (const prefix of ['', 'a', 'a/', 'a/x', 'a/x/', 'b/dt=2001-03-04', 'b/dt=2001-03-04/f', 'none/', 'é', 'a/x0/'])
      for (const from of bounds)
        for (const before of bounds) {
          const options = { prefix, ...(from !== undefined && { from }), ...(before !== undefined && { before }) }
          const wanted = STORED.filter((key) => key.startsWith(prefix) && isWithin(key, from, before))
          expect(await keysOf(options), JSON.stringify(options)).toEqual(wanted)
        }
  })

  test('lists page after page', async () => {
    const { store } = given()
    const keys = Array.from({ length: 2500 }, (_, i) => `p/${Math.floor(i / 50) + 100}/${(i % 50) + 100}`)
    for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, bytesOf('x'))))
    const pages: number[] = []
    const found: string[] = []
    for await (const page of store.list({ prefix: 'p/' })) {
      pages.push(page.length)
      found.push(...page.map(({ key }) => key))
    }
    expect(found).toEqual(keys)
    expect(pages.every((length) => length > 0 && length <= 1000)).toBe(true)
    for (const key of keys.slice(0, 1000)) await store.delete(key)
    expect(await keysOf({ prefix: 'p/' })).toEqual(keys.slice(1000))
    await store.put(keys[3] ?? '', bytesOf('again'))
    expect((await keysOf({ prefix: 'p/' }))[0]).toBe(keys[3])
  })

  test.skipIf(isSlow)(
    'a listing that is cut at partition names gives what one listing gives, and what stays beside writes',
    async () => {
      const store = overStore(given().store, { isRemote: true })
      const folders = namesBetween('2001-01-01', '2001-05-10')
      const keys = folders.flatMap((folder) => Array.from({ length: 25 }, (_, i) => `t/dt=${folder}/${i + 100}`))
      for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, bytesOf('x'))))
      const splits = folders.map((folder) => `t/dt=${folder}/`)
      const ranges = [
        {},
        { from: 't/dt=2001-01-20/' },
        { from: 't/dt=2001-01-20/110', before: 't/dt=2001-05-01/120' },
        { before: 't/dt=2001-01-30/' },
      ]
      const cuts = [splits, [], ['a', ...splits.filter((_, i) => i % 7 === 0), 'z'], splits.slice(0, 3)]
      for (const range of ranges)
        for (const at of cuts) {
          const options = { prefix: 't/', ...range }
          const found: ObjectInfo[] = []
          for await (const page of listSplit(store, options, () => at)) found.push(...page)
          expect(found, JSON.stringify([range, at.length])).toEqual(await listAll(store, options))
        }

      const begun: string[] = []
      const racing = overStore(store, {
        async *list(options) {
          begun.push(options.from ?? '')
          await store.put(`t/dt=2001-01-01/${begun.length}-new`, bytesOf('x'))
          await store.put(`t/dt=2001-05-09/${begun.length}-new`, bytesOf('x'))
          await store.delete('t/dt=2001-05-10/124')
          yield* store.list(options)
        },
      })
      const found: string[] = []
      for await (const page of listSplit(racing, { prefix: 't/' }, () => splits)) found.push(...page.map(({ key }) => key))
      expect(begun.length).toBeGreaterThan(2)
      expect(found.filter((key) => !key.endsWith('-new'))).toEqual(keys.slice(0, -1))
      expect(found).toEqual(sortKeys([...new Set(found)]))
      // What was put before the range that holds it was listed is in it.
      expect(found).toContain('t/dt=2001-05-09/1-new')
    },
    300_000,
  )

  test('a listing beside writes shows every object that stayed, once', async () => {
    const { store } = given()
    const stay = Array.from({ length: 1200 }, (_, i) => `k/${i + 1000}-stay`)
    for (let i = 0; i < stay.length; i += 50) await Promise.all(stay.slice(i, i + 50).map((key) => store.put(key, bytesOf('x'))))
    await store.put('k/2198-goes', bytesOf('x'))
    const found: string[] = []
    for await (const page of store.list({ prefix: 'k/' })) {
      found.push(...page.map(({ key }) => key))
      await store.put('k/1000-before', bytesOf('x'))
      await store.delete('k/2198-goes')
    }
    expect(found.filter((key) => key.endsWith('-stay'))).toEqual(stay)
    expect(new Set(found).size).toBe(found.length)
  })
}

function isWithin(key: string, from: string | undefined, before: string | undefined): boolean {
  const bytes = Buffer.from(key)
  if (from !== undefined && Buffer.compare(bytes, Buffer.from(from)) < 0) return false
  return before === undefined || Buffer.compare(bytes, Buffer.from(before)) < 0
}
