import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFolderStore } from '../../lib/lake/folder-store.ts'
import type { TrainingManifest } from '../../lib/lake/training-manifest.ts'
import type { CheckedTraining } from '../../lib/pipeline/check-training-set.ts'
import { parquetOf, publish, readParts } from '../support/training-lake.ts'
import { openSample } from './sample.ts'

/** Customers of `hindcast init` with a question each: did they pay again? c00 to c39 are known, `new` is not. */
const CSV = `asked,customer,again
2026-03-20T10:00:00Z,c01,true
2026-03-21T00:29:59Z,c01,false
2026-03-21T00:30:00Z,c01,false
2026-03-25T18:00:00Z,new,true
2026-03-20T10:00:00Z,c02,
`

const SET = `description: Will this customer pay again within a week?
labels:
  path: PATH
  time: asked
  columns: {asked: TIMESTAMPTZ, customer: VARCHAR, again: BOOLEAN}
features:
  - {view: customer_week, as: week, entity: {customer: customer}, columns: [country, payments_7d, last_payment]}
`

async function openShop(options: { readonly publish?: boolean } = {}) {
  const project = await openSample()
  const { root, run, write } = project
  await run('backfill', 'country_active', '--from', '2026-03-10', '--to', '2026-03-28', '--with', 'upstream')
  const lake = await openFolderStore(join(root, 'lake'))
  if (options.publish !== false) await publish(lake, await candidates(root))
  await write('labels.csv', CSV)
  const set = (text: string) => write('features/again.training.yaml', text.replace('PATH', join(root, 'labels.csv')))
  await set(SET)
  return { ...project, lake, set }
}

async function candidates(root: string): Promise<Record<string, string>> {
  const views = ['customer_week', 'country_active']
  const entries = await Promise.all(views.map((view) => readFile(join(root, `lake/registry/${view}.json`), 'utf8')))
  return Object.fromEntries(entries.map((text, at) => [views[at], JSON.parse(text).candidate]))
}

type Shop = Awaited<ReturnType<typeof openShop>>

async function trained({ run, lake }: Shop, ...args: readonly string[]) {
  const { code, out, err } = await run('train', 'again', '--json', ...args)
  expect([code, err]).toEqual([0, ''])
  const manifest: TrainingManifest = JSON.parse(out)
  const rows = await readParts(
    lake,
    manifest.files.map(({ key }) => key),
  )
  return { manifest, rows }
}

const runs = async ({ root }: Shop) => readdir(join(root, 'lake/training/again')).catch(() => [])

test('joins labels with what was known at the time of each, and says of what', async () => {
  const shop = await openShop()
  const { manifest, rows } = await trained(shop)
  expect(rows.map(({ customer, again }) => [customer, again])).toEqual([
    ['c01', 'true'],
    ['c01', 'false'],
    ['c01', 'false'],
    ['new', 'true'],
    ['c02', null],
  ])
  expect(rows.map((row) => [row.week__state, row.week__age])).toEqual([
    ['value', '36000'],
    ['value', '88199'],
    ['value', '1800'],
    ['absent', '64800'],
    ['value', '36000'],
  ])
  expect(rows[3]).toMatchObject({ week__payments_7d: '0', week__country: null, week__last_payment: null })
  expect(manifest).toMatchObject({
    format: 1,
    name: 'again',
    labels: {
      path: join(shop.root, 'labels.csv'),
      rows: 5,
      duplicates: 0,
      first: '2026-03-20T10:00:00.000Z',
      last: '2026-03-25T18:00:00.000Z',
    },
    rows: 5,
    views: [
      {
        view: 'customer_week',
        as: 'week',
        availableAfterMs: 1_800_000,
        absent: { payments_7d: 0 },
        coverage: { first: '2026-03-19', last: '2026-03-24', present: 6, missing: 0 },
        states: { value: 4, carried: 0, absent: 1, no_partition: 0 },
        shares: { value: 0.8, absent: 0.2 },
        uncovered: [],
      },
    ],
    warnings: [],
  })
  expect(manifest.views[0]?.partitions).toEqual([
    ['2026-03-19', expect.stringMatching(/^[0-9a-f]{64}$/), 3],
    ['2026-03-20', expect.any(String), 1],
    ['2026-03-24', expect.any(String), 1],
  ])
  const explained = JSON.parse((await shop.run('explain', 'customer_week', '2026-03-20', '--json')).out)
  expect(manifest.views[0]?.partitions[1]?.[1]).toBe(explained.receipt.sha256)
  expect(await shop.run('train', 'again')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/week +customer_week .* 80\.0% +0\.0% +20\.0% +0\.0% +1d/),
  })
})

test('takes labels from Parquet, CSV and JSON, of the lake or a local path, and gives the same', async () => {
  const shop = await openShop()
  const expected = (await trained(shop)).rows
  const lines = [
    '{"asked": "2026-03-20T10:00:00Z", "customer": "c01", "again": true}',
    '{"asked": "2026-03-20T20:29:59-04:00", "customer": "c01", "again": false}',
    '{"customer": "c01", "asked": "2026-03-21T00:30:00Z", "again": false, "more": 1}',
    '{"asked": "2026-03-25T18:00:00Z", "customer": "new", "again": true}',
    '{"asked": "2026-03-20T10:00:00Z", "customer": "c02"}',
  ]
  await shop.write('labels.jsonl', lines.join('\n'))
  expect((await trained(shop, '--labels', join(shop.root, 'labels.jsonl'))).rows).toEqual(expected)
  const columns = `{'asked': 'TIMESTAMPTZ', 'customer': 'VARCHAR', 'again': 'BOOLEAN'}`
  await shop.lake.put('labels/again.parquet', await parquetOf(`SELECT * FROM read_csv('${shop.root}/labels.csv', columns=${columns})`))
  await shop.set(SET.replace('path: PATH', 'key: labels/again.parquet').replace(/ {2}columns:.*\n/, ''))
  expect((await trained(shop)).rows).toEqual(expected)
  const { rows, manifest } = await trained(shop, '--out', join(shop.root, 'out/again.parquet'))
  expect(rows).toEqual(expected)
  expect(await readFile(join(shop.root, 'out/again.parquet'))).toEqual(
    await readFile(join(shop.root, 'lake', manifest.files[0]?.key ?? '')),
  )
})

test('a DATE label says which end of the day is meant', async () => {
  const shop = await openShop()
  await shop.write('labels.csv', 'asked,customer,again\n2026-03-20,c01,true\n')
  const day = (at: string) =>
    SET.replace('time: asked', `time: {column: asked, zone: America/New_York, at: ${at}}`).replace('TIMESTAMPTZ', 'DATE')
  await shop.set(day('start_of_day'))
  const start = (await trained(shop)).manifest
  expect(start.views[0]?.partitions.map(([name]) => name)).toEqual(['2026-03-19'])
  expect(start.labels.first).toBe('2026-03-20T04:00:00.000Z')
  await shop.set(day('end_of_day'))
  const end = (await trained(shop)).manifest
  expect(end.views[0]?.partitions.map(([name]) => name)).toEqual(['2026-03-20'])
})

test('one view twice, and a carried row', async () => {
  const shop = await openShop()
  await shop.set(
    `${SET}  - {view: country_active, as: country, entity: {country: customer}}\n  - {view: customer_week, as: other, entity: {customer: customer}, carry: 9 days}\n`,
  )
  const { rows, manifest } = await trained(shop)
  expect(Object.keys(rows[0] ?? {}).filter((name) => name.startsWith('country__'))).toEqual([
    'country__customers_7d',
    'country__customers_1d',
    'country__amount_7d',
    'country__age',
    'country__state',
  ])
  expect(manifest.views.map(({ as, carryMs }) => [as, carryMs])).toEqual([
    ['week', undefined],
    ['country', undefined],
    ['other', 777_600_000],
  ])
  expect(rows.map((row) => row.other__payments_7d)).toEqual(rows.map((row) => row.week__payments_7d))
})

test('labels that are there twice are counted and kept', async () => {
  const shop = await openShop()
  await shop.write('labels.csv', `${CSV}2026-03-25T18:00:00Z,new,true\n2026-03-20T10:00:00Z,c02,\n`)
  const { manifest, rows } = await trained(shop)
  expect([manifest.labels.duplicates, manifest.rows, rows.length]).toEqual([2, 7, 7])
  expect((await shop.run('train', 'again')).out).toContain('note: 2 labels the same as an earlier one in every column; each is in the set')
})

const labels = (text: string) => ({ 'labels.csv': `asked,customer,again\n${text}` })
const set = (from: string | RegExp, to: string) => ({ 'features/again.training.yaml': SET.replace(from, to) })

/** What is wrong, the files that make it so, the exit code, and what is said. */
const BAD: readonly (readonly [string, Readonly<Record<string, string>>, number, RegExp])[] = [
  [
    'no time',
    labels('2026-03-20T10:00:00Z,c01,true\n,c01,true\n'),
    3,
    /labels\.csv: label time 'asked' is NULL in 1 of 2 labels, first in label 2; expected a time in each/,
  ],
  [
    'a time that is none',
    labels('2026-03-20T10:00:00Z,c01,true\nyesterday,c01,true\n'),
    3,
    /labels\.csv:3: column 'asked': yesterday is not TIMESTAMPTZ .*; 1 of 2 rows cannot be read$/m,
  ],
  [
    'a time without an offset',
    labels('2026-03-20T10:00:00,c01,true\n'),
    3,
    /labels\.csv:2: column 'asked': 2026-03-20T10:00:00 is not TIMESTAMPTZ \(a time with an offset/,
  ],
  [
    'a time out of all calendars',
    labels('20260-03-20T10:00:00Z,c01,true\n'),
    3,
    /label time 'asked' lies outside the years 1000 to 9998 in 1 of 1 labels/,
  ],
  ['no rows', labels(''), 3, /labels .*labels\.csv have no rows; expected at least one label/],
  ['an empty file', { 'labels.csv': '' }, 3, /labels\.csv is empty; expected a header with asked, customer, again/],
  ['a column that is not in the file', { 'labels.csv': 'asked,client,again\n' }, 3, /has no column 'customer'; found asked, client, again/],
  [
    'an unknown column of the view',
    set('payments_7d', 'payment_7d'),
    2,
    /again\.training\.yaml:7: unknown column of view 'customer_week' 'payment_7d', did you mean 'payments_7d'\?/,
  ],
  [
    'an unknown label column',
    set('customer: customer', 'customer: client'),
    2,
    /:7: unknown label column 'client'; found client, allowed: asked, customer, again/,
  ],
  ['types that differ', set('customer: VARCHAR', 'customer: BIGINT'), 3, /labels\.csv:2: column 'customer': c01 is not BIGINT/],
  [
    'an entity of another type',
    { ...set('customer: VARCHAR', 'customer: BIGINT'), ...labels('2026-03-20T10:00:00Z,1,true\n') },
    2,
    /:7: label column 'customer' and entity column 'customer' of view 'customer_week' have types that differ; found BIGINT, allowed: VARCHAR/,
  ],
  [
    'an entity that is not mapped',
    set('{customer: customer}', '{country: customer}'),
    2,
    /unknown entity column of view 'customer_week' 'country'/,
  ],
  [
    'a view that is not there',
    set('view: customer_week', 'view: customer_year'),
    2,
    /view customer_year is not registered in the lake; hindcast register does it/,
  ],
  ['no labels', set('path: PATH', 'path: nowhere.csv'), 2, /labels nowhere\.csv are not there; expected a file/],
  ['no object', set('path: PATH', 'key: nowhere.csv'), 2, /labels nowhere\.csv are not in the lake .*; expected an object of this key/],
  [
    'no Parquet',
    { ...set('path: PATH', 'key: labels/x.parquet'), 'lake/labels/x.parquet': 'no Parquet' },
    3,
    /labels\/x\.parquet cannot be read as Parquet/,
  ],
  [
    'labels before the coverage',
    labels('2026-03-05T10:00:00Z,c01,true\n2026-03-20T10:00:00Z,c01,true\n2025-01-01T00:00:00Z,c01,false\n'),
    2,
    /2 of 3 labels ask for partitions that are not there; nothing was written:\n {2}week \(customer_week\): 2024-12-30, for 1 label: before its first partition .*\n {2}week \(customer_week\): 2026-03-04, for 1 label: hindcast backfill customer_week --from 2026-03-04 --to 2026-03-04\n {2}or --allow-uncovered/,
  ],
  ['labels of the future', labels('2026-04-05T10:00:00Z,c01,true\n'), 2, /2026-04-04, for 1 label: not ended yet/],
]

test('bad labels and definitions get a clear error, and nothing is written', async () => {
  const shop = await openShop()
  for (const [what, files, code, message] of BAD) {
    await shop.write('labels.csv', CSV)
    await shop.set(SET)
    for (const [path, text] of Object.entries(files)) await shop.write(path, text.replace('PATH', join(shop.root, 'labels.csv')))
    const { err, ...result } = await shop.run('train', 'again')
    expect.soft(result, what).toEqual({ code, out: '' })
    expect.soft(err, what).toMatch(message)
    expect.soft(err, what).not.toContain('.hindcast')
    expect.soft(await runs(shop), what).toEqual([])
  }
})

test('bad requests get a clear error', async () => {
  const shop = await openShop()
  const requests: readonly (readonly [readonly string[], RegExp])[] = [
    [['nope'], /there is no training set 'nope' in .*features; expected one of again/],
    [['again', '--version', 'customer_week'], /--version 'customer_week' names no version; expected a view and 12 hex digits/],
    [
      ['again', '--version', 'country_active@0123456789ab'],
      /training set again does not read view 'country_active'; expected one of customer_week/,
    ],
    [
      ['again', '--version', 'customer_week@0123456789ab'],
      /version 0123456789ab of view customer_week is not in the registry; it was dropped, or never registered/,
    ],
    [['again', '--labels', 'x.txt'], /name of labels 'x\.txt' tells no format; expected an ending/],
    [['again', '--check', 'nope'], /there is no complete run 'nope' of training set again/],
  ]
  for (const [args, message] of requests) {
    const { code, err } = await shop.run('train', ...args)
    expect.soft(code, args.join(' ')).toBe(2)
    expect.soft(err).toMatch(message)
  }
})

test('columns of the labels that nobody declared are not in the set, and that is told', async () => {
  const shop = await openShop()
  await shop.write('wide.csv', 'asked,customer,Weight,again,\n2026-03-20T10:00:00Z,c01,3,true,x\n')
  const { code, out, err } = await shop.run('train', 'again', '--json', '--labels', join(shop.root, 'wide.csv'))
  const warning = `${join(shop.root, 'wide.csv')}: columns 'Weight', '' not in the set; labels.columns of the definition names those that are`
  expect([code, err]).toEqual([0, `warning: ${warning}\n`])
  expect(JSON.parse(out).warnings).toEqual([warning])
})

test('a hole is no older partition: labels are refused, or get NULL when that is allowed', async () => {
  const shop = await openShop()
  const [version] = await readdir(join(shop.root, 'lake/features/customer_week'))
  await rm(join(shop.root, `lake/features/customer_week/${version}/dt=2026-03-19`), { recursive: true })
  expect(await shop.run('train', 'again')).toMatchObject({
    code: 2,
    err: expect.stringContaining('3 of 5 labels ask for partitions that are not there'),
  })
  const { rows, manifest } = await trained(shop, '--allow-uncovered')
  expect(rows.map((row) => [row.week__state, row.week__payments_7d === null, row.week__age])).toEqual([
    ['no_partition', true, null],
    ['no_partition', true, null],
    ['value', false, '1800'],
    ['absent', false, '64800'],
    ['no_partition', true, null],
  ])
  expect(manifest.views[0]).toMatchObject({ uncovered: [['2026-03-19', 3]], coverage: { present: 5, missing: 1 } })
  await shop.set(SET.replace('columns: [country', 'carry: 3 days, columns: [country'))
  const carried = await shop.run('train', 'again', '--allow-uncovered')
  expect(carried.err).toContain('warning: week: carry looks back over 1 missing partition: 2026-03-19')
  // A label whose newest known partition is not there carries nothing, however many are missing before it.
  await shop.write('late.csv', `asked,customer,again\n2026-03-25T18:00:00Z,new,true\n2026-05-01T00:00:00Z,c01,true\n`)
  const late = await shop.run('train', 'again', '--allow-uncovered', '--labels', join(shop.root, 'late.csv'))
  expect([late.code, late.err]).toEqual([0, ''])
})

test('a view needs a published version, or one that is named', async () => {
  const shop = await openShop({ publish: false })
  const { customer_week: version } = await candidates(shop.root)
  expect(await shop.run('train', 'again')).toMatchObject({
    code: 2,
    err: expect.stringContaining(
      `view customer_week has no published version; expected hindcast publish customer_week first, or --version customer_week@${version}`,
    ),
  })
  expect((await trained(shop, '--version', `customer_week@${version}`)).manifest.views).toMatchObject([{ version }])
})

test('check tells what changed since, and how many labels read it', async () => {
  const shop = await openShop()
  expect(await shop.run('train', 'again', '--check')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no complete run of training set again'),
  })
  await trained(shop)
  expect(await shop.run('train', 'again', '--check')).toMatchObject({
    code: 0,
    out: expect.stringContaining('no label read a partition that changed since'),
  })
  await writeFile(
    join(shop.root, 'lake/payments/dt=2026-03-20/more.jsonl'),
    '{"id":"x","paid_at":"2026-03-20T12:00:00Z","customer":"c01","country":"FR","amount":1,"method":"card"}\n',
  )
  await shop.run('backfill', 'customer_week', '--from', '2026-03-20', '--to', '2026-03-20')
  const { code, out } = await shop.run('train', 'again', '--check', '--json')
  const checked: CheckedTraining = JSON.parse(out)
  expect(code).toBe(1)
  expect(checked).toMatchObject({
    labels: 5,
    affected: 1,
    share: 0.2,
    views: [{ as: 'week', changed: ['2026-03-20'], missing: [], dropped: false, labels: 1 }],
  })
  expect((await shop.run('train', 'again', '--check')).out).toContain('1 of 5 labels (20.0%) read partitions that changed since')
  const [version] = await readdir(join(shop.root, 'lake/features/customer_week'))
  await rm(join(shop.root, `lake/features/customer_week/${version}`), { recursive: true })
  await rm(join(shop.root, `lake/registry/customer_week/${version?.slice('v='.length)}.json`))
  const dropped = await shop.run('train', 'again', '--check')
  expect(dropped).toMatchObject({ code: 1, out: expect.stringContaining('5 of 5 labels (100.0%)') })
  expect(dropped.out).toMatch(/the version was dropped since\n.*gone are 2026-03-19, 2026-03-20, 2026-03-24/)
})

test('check refuses a manifest that is damaged or of a newer format', async () => {
  const shop = await openShop()
  const { manifest } = await trained(shop)
  const file = join(shop.root, `lake/training/again/${manifest.run}/manifest.json`)
  await writeFile(file, JSON.stringify({ ...manifest, views: 7 }))
  expect(await shop.run('train', 'again', '--check')).toMatchObject({ code: 3, err: expect.stringContaining('manifest.json is damaged') })
  await writeFile(file, JSON.stringify({ ...manifest, format: 2 }))
  expect(await shop.run('train', 'again', '--check')).toMatchObject({
    code: 2,
    err: expect.stringContaining('has format 2; this build reads format 1'),
  })
})

test('warns where what labels read was not computed again since its inputs changed', async () => {
  const shop = await openShop()
  await shop.write(
    'lake/payments/dt=2026-03-19/late.jsonl',
    '{"id":"x","paid_at":"2026-03-19T01:00:00Z","customer":"c01","country":"DE"}\n',
  )
  const { code, err } = await shop.run('train', 'again')
  expect([code, err]).toEqual([
    0,
    'warning: customer_week: 3 partitions that labels read were not computed again since their inputs changed: 2026-03-19..2026-03-20, ' +
      '2026-03-24; a sweep or hindcast backfill customer_week does, and this set keeps what stood there\n',
  ])
  await shop.run('backfill', 'customer_week', '--from', '2026-03-19', '--to', '2026-03-24', '--unverified')
  expect((await trained(shop)).manifest.warnings).toEqual([])
})

test('needs no raw data: where it cannot be listed, that is told', async () => {
  const shop = await openShop()
  await symlink('loop', join(shop.root, 'lake/payments/loop'))
  const { code, err } = await shop.run('train', 'again')
  expect([code, err]).toEqual([
    0,
    expect.stringContaining('warning: customer_week: whether partitions that labels read are stale cannot be seen: '),
  ])
})

test('warns where live was later than available_after', async () => {
  const shop = await openShop()
  await shop.run('live', '--once')
  await shop.write('labels.csv', 'asked,customer,again\n2026-03-31T09:00:00Z,c01,true\n')
  const { code, err } = await shop.run('train', 'again')
  expect(code).toBe(0)
  expect(err).toContain('warning: customer_week: 1 of 1 partitions that live wrote were there later than available_after (30m) says')
})
