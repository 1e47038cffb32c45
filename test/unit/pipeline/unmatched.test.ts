/** Data that no template fits is found wherever somebody may have mistyped a folder; what somebody reads is never among it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { EMPTY_CATALOG } from '../../../lib/model/catalog.ts'
import { folderOfKey } from '../../../lib/model/key-template.ts'
import { parseSource } from '../../../lib/model/parse-source.ts'
import type { Source } from '../../../lib/model/source.ts'
import { zoneNamed } from '../../../lib/model/zone.ts'
import { listSourceFolders } from '../../../lib/pipeline/source-folders.ts'
import { listUnlanded } from '../../../lib/pipeline/unlanded.ts'
import { UnmatchedKeys } from '../../../lib/pipeline/unmatched.ts'

const NOW = Date.parse('2024-01-11T06:00:00Z')
const FROM = Date.parse('2024-01-03T00:00:00Z')
const TO = Date.parse('2024-01-11T00:00:00Z')

const CASES = [
  { key: 'ev/dt={yyyy}-{MM}-{dd}/', read: ['ev/dt=2024-01-05/x'], misfits: ['ev/dt=2024-1-5/x', 'ev/dt=2024-01-6/x', 'ev/dt=20240107/x'] },
  { key: 'ev/dt={yyyy}-{MM}-{dd}/', read: ['ev/dt=2023-12-31/x'], misfits: ['ev/dt=2024-02-30/x', 'ev/dt=24-01-05/x', 'ev/dt=2024-01-05'] },
  {
    key: 'ev/dt={yyyy}-{MM}-{dd}/',
    read: ['ev/dt=2024-01-05/sub/x'],
    misfits: ['ev/2024-01-05/x', 'ev/x.csv', 'ev/date=2024-01-05/sub/x'],
  },
  { key: 'ev/{yyyy}/{MM}/{dd}/', read: ['ev/2024/01/05/x'], misfits: ['ev/2024/01/5/x', 'ev/2024/01/32/x', 'ev/2024/13/01/x'] },
  {
    key: 'ev/{yyyy}/{MM}/{dd}/',
    read: ['ev/2023/12/31/x'],
    misfits: ['ev/2024/1x/01/x', 'ev/2024/1/05/x', 'ev/24/01/05/x', 'ev/2024/01/x'],
  },
  {
    key: 'ev/{yyyy}/{MM}/{dd}/{HH}/',
    read: ['ev/2024/01/05/07/x'],
    misfits: ['ev/2024/01/05/7/x', 'ev/2024/01/10/24/x', 'ev/2024/01/3/07/x'],
  },
  { key: 'ev/{yyyy}/{MM}/', read: ['ev/2024/01/x'], misfits: ['ev/2024/1/x', 'ev/2024-01/x'] },
  { key: 'ev/dt={yyyy}-{MM}-{dd}/{shop}/', read: ['ev/dt=2024-01-05/a/x'], misfits: ['ev/dt=2024-01-05/x', 'ev/dt=2024-01-5/a/x'] },
  { key: 'dt={yyyy}-{MM}-{dd}/', read: ['dt=2024-01-05/x', 'features/a', 'other/x'], misfits: ['dt=2024-1-5/x'] },
  { key: '{yyyy}-{MM}-{dd}/', read: ['2024-01-05/x', 'features/a', 'README.md'], misfits: ['2024-1-5/x', '20240105.csv'] },
  {
    key: 'ev/{shop}/dt={yyyy}-{MM}-{dd}/',
    read: ['ev/a/dt=2024-01-05/x'],
    misfits: ['ev/a/dt=2024-1-5/x', 'ev/x', 'ev/dt=2024-01-05/x'],
    sorted: false,
  },
  {
    key: 'ev/s={shop}/{dd}-{MM}-{yyyy}/',
    read: ['ev/s=a/05-01-2024/x'],
    misfits: ['ev/a/05-01-2024/x', 'ev/s=a/5-1-2024/x'],
    sorted: false,
  },
]

it.each(CASES.flatMap((one) => ['event_time', 'arrival'].map((folders) => ({ ...one, folders }))))(
  '$folders $key: $misfits',
  async ({ key, read, misfits, folders, sorted }) => {
    const source = sourceOf({ key, folders, sorted: sorted ?? true })
    expect(await find([source], [...read, ...misfits])).toEqual([...misfits].sort())
  },
)

it('markers, hidden names and the bookkeeping of a writer are no data', async () => {
  const keys = ['ev/_SUCCESS', 'ev/_temporary/0/x', 'ev/.part/x', 'ev/dt=2024-1-5/_SUCCESS', 'ev/dt=2024-1-5/.x', 'ev/dt=2024-1-6/']
  expect(await find([sourceOf({})], keys)).toEqual([])
})

it('what another source reads is not told', async () => {
  const late = sourceOf({ name: 'late', key: 'ev/late/dt={yyyy}-{MM}-{dd}/' })
  expect(await find([sourceOf({}), late], ['ev/late/dt=2024-01-05/x', 'ev/late/dt=2024-1-5/x'])).toEqual(['ev/late/dt=2024-1-5/x'])
})

it('another data set in the same folder is looked at in part', async () => {
  const keys = Array.from({ length: 25_000 }, (_, at) => `ev/other/${at}`)
  const found = await find([sourceOf({})], [...keys, 'ev/dt=2024-01-05/x'])
  expect(found).toHaveLength(10_000)
})

it('a parent of thousands of small folders is looked at in part', async () => {
  const keys = Array.from({ length: 3000 }, (_, at) => `ev/user-${at}/x`)
  expect(await find([sourceOf({})], [...keys, 'ev/dt=2024-01-05/x'])).toHaveLength(100)
})

const part = fc.oneof(
  fc.constantFrom('2024', '2023', '01', '1', '05', '5', '10', '13', '32', '24', '00', '7'),
  fc.stringMatching(/^[0-9x]{1,4}$/),
)
const TEMPLATES = [
  { key: 'ev/dt={yyyy}-{MM}-{dd}/', separators: ['-', '-', '/'], levels: [] },
  { key: 'ev/{yyyy}/{MM}/{dd}/', separators: ['/', '/', '/'], levels: [1, 2] },
  { key: 'ev/{yyyy}/{MM}-{dd}/{HH}/', separators: ['/', '-', '/'], levels: [1, 3] },
]

it.each(TEMPLATES)('any key beside $key is read or told', async ({ key, separators, levels }) => {
  const source = sourceOf({ key })
  const prefix = source.key.prefix
  const keys = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => `${prefix}${parts.map((text, at) => text + (separators[at] ?? '/')).join('')}x`)
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(keys, { minLength: 1, maxLength: 20 }), async (stored) => {
      const misfits = stored.filter((one) => folderOfKey(source.key, zoneNamed(source.keyZone), one) === undefined)
      expect(await find([source], stored)).toEqual(misfits.filter((one) => isNear(one, levels)).sort())
    }),
  )
})

/** The deepest folder above it that is a year, a month or a day has a part in the time that was listed; there may be none. */
function isNear(key: string, levels: readonly number[]): boolean {
  let near = true
  const above = key.split('/').slice(1, -1)
  for (const [at, parts] of levels.entries()) {
    const name = above.slice(0, at + 1).join('-')
    const time = name.split('-')
    if (at >= above.length || time.length !== parts || !/^\d{4}(-\d\d){0,2}$/.test(name)) break
    const [year = 0, month, day] = time.map(Number)
    const start = Date.UTC(year, (month ?? 1) - 1, day ?? 1)
    if (!new Date(start).toISOString().startsWith(name)) break
    const end = month === undefined ? Date.UTC(year + 1, 0, 1) : day === undefined ? Date.UTC(year, month, 1) : start + 86_400_000
    near = start < TO && end > FROM
  }
  return near
}

function sourceOf(given: { name?: string; key?: string; folders?: string; sorted?: boolean }): Source {
  const { name = 'ev', key = 'ev/dt={yyyy}-{MM}-{dd}/', folders = 'event_time', sorted = true } = given
  const { source, problems } = parseSource(
    `${name}.source.yaml`,
    `description: Events.\nkey: "${key}"\nformat: csv\nfolders: ${folders}\nevent_time: at\ncolumns: {at: TIMESTAMP}\n${sorted ? 'start: 2023-01-01\n' : 'sorted: false\n'}`,
  )
  if (!source) throw new Error(JSON.stringify(problems))
  return source
}

/** The keys that are told where the first source is listed for the period, or its arrivals are. */
async function find(sources: readonly [Source, ...Source[]], keys: readonly string[]): Promise<string[]> {
  const store = openMemoryStore()
  for (const key of keys) await store.put(key, new Uint8Array())
  const unmatched = new UnmatchedKeys(sources)
  const lake = { store, bucket: () => store }
  const [source] = sources
  if (source.folders === 'arrival') await listUnlanded({ lake, now: NOW, unmatched }, source, FROM)
  else await listSourceFolders({ lake, catalog: EMPTY_CATALOG, now: NOW, unmatched }, { source, start: FROM, end: TO })
  await unmatched.lookBeside(source, lake)
  return unmatched.keysOf(source)
}
