import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FolderStore, openFolderStore } from '../../../lib/lake/folder-store.ts'
import { removeLeftovers } from '../../../lib/lake/folder-write.ts'
import { listAll } from '../../../lib/lake/object-store.ts'

const WRITER = new URL('./folder-writer.ts', import.meta.url).pathname

let root: string
let store: FolderStore
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-lake-'))
  store = await openFolderStore(root)
})
afterEach(() => {
  store.close()
  rmSync(root, { recursive: true })
})

const textOf = async (key: string) => Buffer.from((await store.get(key))?.bytes ?? []).toString()
const keysOf = async (prefix = '') => (await listAll(store, { prefix })).map(({ key }) => key)
const stagedFiles = (folder = root) => readdirSync(`${folder}/.hindcast/tmp`)
const invalid = (message: string) => expect.objectContaining({ name: 'InvalidInputError', message: expect.stringContaining(message) })

describe('several processes', () => {
  test('four that increment one counter with If-Match lose no increment', async () => {
    await store.put('counter', Buffer.from('0'))
    await Promise.all([1, 2, 3, 4].map(() => runWriter('count', '50')))
    expect(await textOf('counter')).toBe('200')
    expect(stagedFiles()).toEqual([])
  })

  test('of four that create one object with If-None-Match one wins', async () => {
    await Promise.all([1, 2, 3, 4].map(() => runWriter('create', '50')))
    const won = await keysOf('won/')
    expect(won).toHaveLength(50)
    for (const key of won) expect(await textOf(key.replace(/^won\/(\d+)\/.*/, 'new/$1'))).toBe(key.split('/')[2])
  })

  test('kill -9 leaves whole objects and blocks nobody', async () => {
    for (let round = 0; round < 12; round++) {
      const writers = [startWriter('flood', ''), startWriter('flood', '')]
      await Promise.all(writers.map((writer) => once(writer, 'message')))
      await sleep(10 + round * 7)
      await Promise.all(writers.map(killHard))
      const started = performance.now()
      await store.put('after', Buffer.from(String(round)))
      expect(performance.now() - started).toBeLessThan(5000)
      for (const { key } of await listAll(store, { prefix: 'flood/' })) expect(await isWhole(key), key).toBe(true)
    }
    expect((await keysOf('flood/')).length).toBeGreaterThan(0)
  })

  test('who waits for the lock gets it when its holder is killed', async () => {
    const holder = startWriter('hold', '')
    await appears(`${root}/.hindcast/held`)
    let done = false
    const put = store.put('a', Buffer.from('x')).then(() => {
      done = true
    })
    await sleep(200)
    expect(done).toBe(false)
    await killHard(holder)
    await put
    expect(await keysOf()).toEqual(['a'])
  })
})

async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(5)
}

async function isWhole(key: string): Promise<boolean> {
  const bytes = (await store.get(key))?.bytes ?? new Uint8Array()
  return createHash('sha256').update(bytes.subarray(32)).digest().equals(bytes.subarray(0, 32))
}

function startWriter(task: string, argument: string): ChildProcess {
  return fork(WRITER, [root, task, argument], { execArgv: [] })
}

async function runWriter(task: string, argument: string): Promise<void> {
  const [code] = await once(startWriter(task, argument), 'exit')
  expect(code).toBe(0)
}

async function killHard(writer: ChildProcess): Promise<void> {
  const exited = once(writer, 'exit')
  writer.kill('SIGKILL')
  await exited
}

describe('keys', () => {
  test.each(['', '/a', 'a//b', 'a/', '..', 'a/../b', './a', 'a\0b', '.hindcast/lock.sqlite', 'a/.b', '\ud800'])(
    '%j is refused',
    async (key) => {
      await expect(store.put(key, Buffer.from('x'))).rejects.toEqual(invalid('key '))
      await expect(store.get(key)).rejects.toEqual(invalid('key '))
      await expect(store.delete(key)).rejects.toEqual(invalid('key '))
    },
  )

  test.each(['/', '../', 'a/../b', 'a//b'])('prefix %j is refused', async (prefix) => {
    await expect(listAll(store, { prefix })).rejects.toEqual(invalid('prefix '))
  })

  test('a key that would need a file to be a folder is refused', async () => {
    await store.put('a/b', Buffer.from('x'))
    await expect(store.put('a', Buffer.from('x'))).rejects.toEqual(invalid('a file and a folder of one name'))
    await expect(store.put('a/b/c', Buffer.from('x'))).rejects.toEqual(invalid('a file and a folder of one name'))
    await expect(store.put(`a/${'n'.repeat(300)}`, Buffer.from('x'))).rejects.toEqual(invalid('so long a name'))
    expect(await keysOf()).toEqual(['a/b'])
    expect(stagedFiles()).toEqual([])
  })
})

describe('files of users', () => {
  test('dropped files are objects, names that begin with a dot are not', async () => {
    mkdirSync(`${root}/raw/.git`, { recursive: true })
    for (const file of ['raw/b.csv', 'raw/.b.csv.swp', 'raw/.git/config', 'a.csv', '.DS_Store']) writeFileSync(`${root}/${file}`, file)
    expect(await keysOf()).toEqual(['a.csv', 'raw/b.csv'])
    expect(await textOf('raw/b.csv')).toBe('raw/b.csv')
  })

  test('links to files and folders are followed, dangling ones are not there, circles are refused', async () => {
    mkdirSync(`${root}/.elsewhere`)
    writeFileSync(`${root}/.elsewhere/data.csv`, 'data')
    symlinkSync(`${root}/.elsewhere`, `${root}/raw`)
    symlinkSync(`${root}/.elsewhere/data.csv`, `${root}/one.csv`)
    symlinkSync(`${root}/nowhere`, `${root}/dangling`)
    const objects = await listAll(store, { prefix: '' })
    expect(objects.map(({ key }) => key)).toEqual(['one.csv', 'raw/data.csv'])
    const file = `${root}/.hindcast/tmp/out`
    await store.download('one.csv', file, { ifMatch: objects[0]?.etag ?? '' })
    expect(await readFile(file, 'utf8')).toBe('data')
    symlinkSync(root, `${root}/.elsewhere/up`)
    await expect(keysOf()).rejects.toEqual(invalid('leads to a folder that holds it'))
  })

  test('an edit in place changes the ETag', async () => {
    const { etag } = await store.put('a', Buffer.from('one'))
    await sleep(20)
    writeFileSync(`${root}/a`, 'two')
    await expect(store.get('a', { ifMatch: etag })).rejects.toMatchObject({ name: 'ConflictError' })
  })

  test('a put over a file from the future gets a later modification time', async () => {
    writeFileSync(`${root}/a`, 'x')
    utimesSync(`${root}/a`, 4_000_000_000, 4_000_000_000)
    const before = await store.head('a')
    const after = await store.put('a', Buffer.from('y'), { ifMatch: before?.etag ?? '' })
    expect(after.etag).not.toBe(before?.etag)
    expect(statSync(`${root}/a`, { bigint: true }).mtimeNs).toBeGreaterThan(4_000_000_000_000_000_000n)
  })

  test('a put file that has another name is copied, one that has none is linked', async () => {
    const file = `${root}/.scratch`
    writeFileSync(file, 'x')
    await store.put('linked', { file })
    expect(statSync(`${root}/linked`).ino).toBe(statSync(file).ino)
    linkSync(file, `${root}/.other`)
    await store.put('copied', { file })
    expect(statSync(`${root}/copied`).ino).not.toBe(statSync(file).ino)
  })
})

describe('opening', () => {
  test('leftovers older than a day go, younger ones stay', async () => {
    writeFileSync(`${root}/.hindcast/tmp/young`, 'x')
    utimesSync(`${root}/.hindcast/tmp/young`, 1, 1)
    await removeLeftovers(`${root}/.hindcast/tmp`, Date.now())
    expect(stagedFiles()).toEqual(['young'])
    await removeLeftovers(`${root}/.hindcast/tmp`, Date.now() + 2 * 86_400_000)
    expect(stagedFiles()).toEqual([])
  })

  test('for reading makes nothing and writes nothing', async () => {
    await expect(openFolderStore(`${root}/none`, { readOnly: true })).rejects.toEqual(invalid('does not exist'))
    mkdirSync(`${root}/plain`)
    writeFileSync(`${root}/plain/a`, 'x')
    const plain = await openFolderStore(`${root}/plain`, { readOnly: true })
    expect(await listAll(plain, { prefix: '' })).toHaveLength(1)
    await expect(plain.put('b', Buffer.from('x'))).rejects.toEqual(invalid('for reading only'))
    await expect(plain.delete('a')).rejects.toEqual(invalid('for reading only'))
    expect(readdirSync(`${root}/plain`)).toEqual(['a'])
  })

  test('the lock file stays empty', async () => {
    await store.put('a', Buffer.from('x'))
    await store.delete('a')
    expect(readdirSync(`${root}/.hindcast`).sort()).toEqual(['lock.sqlite', 'tmp'])
    expect(statSync(`${root}/.hindcast/lock.sqlite`).size).toBe(0)
  })

  test('below a file is refused', async () => {
    writeFileSync(`${root}/file`, 'x')
    await expect(openFolderStore(`${root}/file/lake`)).rejects.toEqual(invalid(`folder ${root}/file/lake cannot be made`))
  })

  // Root may write nearly everywhere, but not here.
  test.runIf(existsSync('/sys/kernel'))('where nobody may write is refused', async () => {
    await expect(openFolderStore('/sys/kernel/hindcast')).rejects.toEqual(invalid('folder /sys/kernel/hindcast is not writable'))
  })
})

describe('a small disk of its own', () => {
  test('full: the object is not written, the old one stays, and it goes on when there is room', async (context) => {
    await withDisk(context.skip, async (disk, small) => {
      const old = await small.put('a', Buffer.from('old'))
      const body = Buffer.alloc(500_000)
      const full = {
        name: 'TransientError',
        message: `folder ${disk}: the disk is full, the object was not written`,
        details: { key: 'a', neededBytes: 500_000 },
      }
      await expect(small.put('a', body)).rejects.toMatchObject(full)
      writeFileSync(`${root}/big`, body)
      await expect(small.put('a', { file: `${root}/big` })).rejects.toMatchObject(full)
      expect(stagedFiles(disk)).toEqual([])
      expect(await small.head('a')).toEqual(old)
      await small.put('a', Buffer.from('new'), { ifMatch: old.etag })
    })
  })

  test('bodies and downloads cross devices', async (context) => {
    await withDisk(context.skip, async (_, small) => {
      writeFileSync(`${root}/body`, 'across')
      const { etag } = await small.put('a', { file: `${root}/body` })
      expect(await small.download('a', `${root}/back`, { ifMatch: etag })).toBe(true)
      expect(await readFile(`${root}/back`, 'utf8')).toBe('across')
    })
  })

  test('read-only: puts and deletes say so, reads go on', async (context) => {
    await withDisk(context.skip, async (disk, small) => {
      await small.put('a', Buffer.from('x'))
      small.close()
      execFileSync('mount', ['-o', 'remount,ro', disk])
      const readOnly = await openFolderStore(disk)
      await expect(readOnly.put('a', Buffer.from('y'))).rejects.toEqual(invalid(`folder ${disk}`))
      await expect(readOnly.delete('a')).rejects.toEqual(invalid('is not writable'))
      expect(await listAll(readOnly, { prefix: '' })).toHaveLength(1)
      readOnly.close()
    })
  })
})

/** Runs the test on a tmpfs of 256 KB; skips it, with a line that says so, where mounting is not permitted. */
async function withDisk(skip: (note: string) => void, use: (disk: string, small: FolderStore) => Promise<void>): Promise<void> {
  const disk = `${root}/.disk`
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    console.warn('SKIPPED: a test of full and read-only disks, because this user may not mount a tmpfs')
    return skip('mounting a tmpfs is not permitted')
  }
  const small = await openFolderStore(disk)
  try {
    await use(disk, small)
  } finally {
    small.close()
    execFileSync('umount', [disk])
  }
}
