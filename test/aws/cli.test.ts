import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { listAll, type ObjectStore } from '../../lib/lake/object-store.ts'
import { openLake } from '../../lib/lake/open-lake.ts'
import { readPublished } from '../../lib/lake/published.ts'
import { S3Store } from '../../lib/lake/s3-store.ts'
import { sha256 } from '../../lib/model/hash.ts'
import { openProject, runCli, temporaryFolder } from '../e2e/run-cli.ts'
import { stubClientSettings } from './client-settings.ts'
import { type Emulator, missingEmulator, startEmulator } from './emulator.ts'

const NOW = '2026-03-31T09:30:00Z'
const missing = missingEmulator()

const TRAINING = `description: Will this customer pay again?
labels: {time: asked, columns: {asked: TIMESTAMPTZ, customer: VARCHAR}}
features: [{view: customer_week}]
`

const VISITS = {
  'features/visits_raw.source.yaml': `description: Visits as they arrive.
key: visits/dt={yyyy}-{MM}-{dd}/
folders: arrival
format: csv
event_time: at
columns: {at: TIMESTAMP, page: VARCHAR}
start: 2026-03-29
`,
  'features/visits.sql': `/* ---
description: Visits of a day.
entity: page
grain: day
inputs: {visits_raw: 1 day}
--- */
SELECT page, count(*) AS n FROM visits_raw GROUP BY page
`,
}

/** Commands that write nothing, with the exit code that they have. */
const LOOKS: readonly (readonly [number, ...string[]])[] = [
  [0, 'register'],
  [0, 'plan', '--last', '7d'],
  [0, 'preview', 'customer_week', '--json'],
  [0, 'versions', 'customer_week', '--json'],
  [0, 'retention', '--json'],
  [0, 'retention', 'payments', '--raw', '30', '--json'],
  [2, 'diff', 'customer_week'],
  [2, 'forget', 'payments', 'payments/dt=2026-03-20/none.json'],
  [2, 'retire', 'customer_week', '--yes'],
]

describe.skipIf(missing !== undefined)(`the CLI on a bucket, emulated${missing === undefined ? '' : ` (${missing})`}`, () => {
  let emulator: Emulator
  let store: S3Store
  beforeAll(async () => {
    emulator = await startEmulator()
    stubClientSettings(emulator.endpoint)
    const client = new S3Client({ forcePathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: 'lake' }))
    store = new S3Store(client, 'lake')
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    emulator?.close()
  })

  async function emptyBucket(): Promise<void> {
    for (const { key } of await listAll(store, { prefix: '' })) await store.delete(key)
  }

  it('does what it does on a folder, with the same bytes', async () => {
    const dir = join(await temporaryFolder(), 'project')
    await runCli(['--now', NOW, 'init', dir])
    for (const [key, bytes] of await filesBelow(join(dir, 'lake'))) await store.put(key, bytes)
    const on = (lake: string, ...args: readonly string[]) =>
      runCli(['--lake', lake, '--features', join(dir, 'features'), '--now', NOW, ...args])
    await writeFile(join(dir, 'labels.csv'), 'asked,customer\n2026-03-30T10:00:00Z,c01\n2026-03-29T10:00:00Z,new\n')
    await writeFile(join(dir, 'features/again.training.yaml'), TRAINING)
    for (const lake of [join(dir, 'lake'), 's3://lake']) {
      expect(await on(lake, 'check')).toMatchObject({ code: 0 })
      expect(await on(lake, 'backfill', '--last', '7d', '--local', '--workers', '2'), lake).toMatchObject({ code: 0 })
      expect((await on(lake, 'backfill', '--last', '7d', '--local')).out, lake).toContain('nothing to do')
      expect(await on(lake, 'sweep')).toMatchObject({ code: 0 })
      expect(await on(lake, 'status')).toMatchObject({ code: 0 })
      expect(await on(lake, 'verify', '--last', '3d')).toMatchObject({ code: 0 })
      expect(await on(lake, 'publish', 'customer_week', '--unverified')).toMatchObject({ code: 0 })
      expect(await on(lake, 'train', 'again', '--labels', join(dir, 'labels.csv')), lake).toMatchObject({ code: 0 })
      expect(await on(lake, 'train', 'again', '--check')).toMatchObject({ code: 0 })
    }
    // What looks says the same of both, and of the bucket by its name.
    const page = join(dir, 'page.html')
    for (const [code, ...args] of LOOKS) {
      const [folder, bucket] = [await on(join(dir, 'lake'), ...args), await on('s3://lake', ...args)]
      expect([folder.code, timeless(folder.out)], args.join(' ')).toEqual([code, timeless(bucket.out)])
      expect(bucket.code, args.join(' ')).toBe(code)
    }
    expect(await on('s3://lake', 'report', '--out', page)).toMatchObject({ code: 0 })
    expect(await readFile(page, 'utf8')).toContain('customer_week')
    const run = await on('s3://lake', 'backfill', '--last', '2d', '--local', '--reprocess', 'all', '--workers', '1')
    const [, named = ''] = /hindcast --lake s3:\/\/lake report (\S+) makes a page/.exec(run.out) ?? []
    expect((await on('s3://lake', 'report', named)).out).toBe(`s3://lake/runs/${named}/report.html\n`)
    const why = await on('s3://lake', 'explain', 'customer_week', 'customer=c01', '2026-03-30', '--replay')
    expect(why).toMatchObject({ code: 0, out: expect.stringContaining('recomputed from the same inputs, the same byte for byte') })
    expect(await on('s3://lake', 'live', '--once')).toMatchObject({ code: 0 })
    expect(await on('s3://lake', 'watch')).toMatchObject({ code: 2, err: expect.stringContaining('hindcast --stack NAME watch') })
    const outputs = (files: ReadonlyMap<string, Uint8Array>) =>
      Object.fromEntries([...files].filter(([key]) => key.endsWith('/features.parquet')).map(([key, bytes]) => [key, sha256(bytes)]))
    const inBucket = new Map<string, Uint8Array>()
    for (const prefix of ['features/', 'training/'])
      for (const { key } of await listAll(store, { prefix })) inBucket.set(key, (await store.get(key))?.bytes ?? new Uint8Array())
    expect(Object.keys(outputs(inBucket)).length).toBeGreaterThan(6)
    const inFolder = await filesBelow(join(dir, 'lake'))
    expect(outputs(inBucket)).toEqual(outputs(inFolder))
    const sets = (files: ReadonlyMap<string, Uint8Array>) =>
      [...files].flatMap(([key, bytes]) => (/^training\/.*\.parquet$/.test(key) ? [sha256(bytes)] : []))
    expect(sets(inBucket)).toHaveLength(1)
    expect(sets(inBucket)).toEqual(sets(inFolder))
  })

  it('publishes, rolls back, pins, drops and trains as on a folder', async () => {
    const dir = join(await temporaryFolder(), 'project')
    await runCli(['--now', NOW, 'init', dir])
    await emptyBucket()
    for (const [key, bytes] of await filesBelow(join(dir, 'lake'))) await store.put(key, bytes)
    await writeFile(join(dir, 'labels.csv'), 'asked,customer\n2026-03-30T10:00:00Z,c01\n2026-03-29T10:00:00Z,new\n')
    await writeFile(join(dir, 'features/again.training.yaml'), TRAINING)
    const view = await readFile(join(dir, 'features/customer_week.sql'), 'utf8')
    const lakes = [join(dir, 'lake'), 's3://lake']
    const stores = [(await openLake(join(dir, 'lake'), { readOnly: true })).store, store] as const
    const both = async (code: number, now: string, ...args: readonly string[]) => {
      const outs: string[] = []
      for (const lake of lakes) {
        const done = await runCli(['--lake', lake, '--features', join(dir, 'features'), '--now', now, ...args])
        expect(done, `${lake} ${args.join(' ')}: ${done.err}`).toMatchObject({ code })
        outs.push(done.out)
      }
      return outs
    }
    const same = async (read: (from: ObjectStore) => Promise<unknown>) => {
      const [folder, bucket] = await Promise.all(stores.map(read))
      expect(bucket).toEqual(folder)
      return folder
    }
    const published = async (from: ObjectStore) => (await readPublished(from)).value
    const prefixes = (from: ObjectStore) => listAll(from, { prefix: 'features/' }).then((all) => all.map(({ key }) => key.split('/dt=')[0]))
    await both(0, NOW, 'backfill', '--last', '7d', '--local', '--publish', '--unverified', '--workers', '2')
    const first = (await readPublished(store)).value.views
    await writeFile(join(dir, 'features/customer_week.sql'), view.replace('SELECT customer,', 'SELECT customer, 1 AS one,'))
    await both(0, NOW, 'backfill', '--last', '7d', '--local', '--publish', '--unverified', '--workers', '2')
    const second = (await readPublished(store)).value.views
    expect(second).not.toEqual(first)
    const versions = ['--from-version', first.customer_week ?? '', '--to-version', second.customer_week ?? '']
    const [here, there] = await both(0, NOW, 'diff', 'customer_week', ...versions)
    expect([here, there]).toEqual([expect.stringContaining('one'), here])
    await both(2, NOW, 'rollback', 'customer_week')
    await both(0, NOW, 'rollback', 'customer_week', 'country_active', '--workers', '1')
    expect(await same(published)).toMatchObject({ views: first })
    await both(0, NOW, 'publish', '--all', '--unverified')
    const LATER = '2026-04-10T09:30:00Z'
    const old = ['customer_week', first.customer_week ?? ''] as const
    await both(0, LATER, 'pin', ...old, '--reason', 'a model')
    expect(await same(published)).toMatchObject({ views: second, pins: { [old.join('@')]: { reason: 'a model' } } })
    await both(2, LATER, 'drop', ...old, '--yes')
    await both(0, LATER, 'unpin', ...old)
    await both(0, LATER, 'drop', 'country_active', first.country_active ?? '', '--yes')
    await both(0, LATER, 'drop', ...old, '--yes')
    expect(new Set((await same(prefixes)) as string[])).toEqual(
      new Set(Object.entries(second).map(([name, hash]) => `features/${name}/v=${hash}`)),
    )
    const [a, b] = await both(0, LATER, 'train', 'again', '--labels', join(dir, 'labels.csv'), '--json')
    const shas = (json = '') => JSON.parse(json).files.map(({ sha256: sha }: { readonly sha256: string }) => sha)
    expect(shas(b)).toEqual(shas(a))
    await both(2, LATER, 'train', 'again', '--labels', join(dir, 'labels.csv'), '--version', old.join('@'))
    await rm(join(dir, 'features/country_active.sql'))
    await both(0, LATER, 'retire', 'country_active', '--yes')
    await both(2, LATER, 'plan', 'country_active', '--last', '1d')
  })

  it('decides how long raw data stays, and forgets what a deleted object left, as on a folder', async () => {
    const project = await openProject(VISITS, NOW)
    await emptyBucket()
    const folder = join(project.root, 'lake')
    const opened = await openLake(folder)
    const late = 'visits/dt=2026-03-31/b.csv'
    for (const [lake, raw] of [[folder, opened.store] as const, ['s3://lake', store] as const]) {
      const on = async (code: number, ...args: readonly string[]) => {
        const done = await project.run('--lake', lake, ...args)
        expect(done, `${lake} ${args.join(' ')}: ${done.err}`).toMatchObject({ code })
        return done
      }
      const visits = async () => {
        const { out } = await on(0, 'explain', 'visits', 'page=home', '2026-03-30')
        return /^ {2}n: (\d+)$/m.exec(out)?.[1]
      }
      await raw.put('visits/dt=2026-03-30/a.csv', Buffer.from('at,page\n2026-03-30 10:00:00,home\n'))
      await raw.put(late, Buffer.from('at,page\n2026-03-30 11:00:00,home\n2026-03-30 12:00:00,home\n'))
      await on(0, 'register')
      await on(0, 'live', '--once')
      expect(await visits(), lake).toBe('3')
      expect((await on(2, 'forget', 'visits_raw', late, '--yes')).err).toContain('delete the object first')
      await raw.delete(late)
      expect((await on(0, 'forget', 'visits_raw', late)).out).toContain('would empty 1 piece')
      expect((await on(0, 'forget', 'visits_raw', late, '--yes')).out).toContain('2 rows')
      await on(0, 'sweep')
      expect(await visits(), lake).toBe('1')
      await on(0, 'retention', 'visits_raw', '--set', '45')
      expect(await readFile(join(project.root, 'features/visits_raw.source.yaml'), 'utf8')).toContain('keep: 45')
      await on(0, 'register')
      expect(JSON.parse((await on(0, 'retention', '--json')).out).sources).toMatchObject([{ source: 'visits_raw', keep: '45 days' }])
    }
    await opened.close()
  })

  it('says which bucket is not there, and what the place of a lake looks like', async () => {
    const status = (lake: string) => runCli(['--lake', lake, 'status'])
    expect(await status('s3://nowhere')).toMatchObject({ code: 2, err: expect.stringContaining('s3://nowhere') })
    const backfill = await runCli(['--lake', 's3://lake', 'backfill', '--last', '7d'])
    expect(backfill).toMatchObject({ code: 2, err: expect.stringMatching(/no stack in us-east-1 computes lake s3:..lake; .*--local/) })
    expect(await status('gs://lake')).toMatchObject({ code: 2, err: expect.stringContaining('expected s3://BUCKET') })
  })
})

/** Without what depends on how long something took. */
function timeless(out: string): string {
  return out.replace(/"ms": \d+/g, '"ms": 0')
}

/** Every file of a folder but what hindcast keeps for itself, by key. */
async function filesBelow(root: string): Promise<Map<string, Uint8Array>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const kept = files.filter((file) => !relative(root, file).startsWith('.hindcast'))
  return new Map(await Promise.all(kept.map(async (file) => [relative(root, file), new Uint8Array(await readFile(file))] as const)))
}
