import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { Calendar, type Grain } from '../../lib/model/partition.ts'
import { zoneNamed } from '../../lib/model/zone.ts'
import type { Preview } from '../../lib/pipeline/preview.ts'
import { clockText, dayOf, eventsOf, linesByKey, NOW, packed, parquetByKey, type RawEvent, type RawFiles, writeRaw } from './raw-shapes.ts'
import { runCli, temporaryFolder } from './run-cli.ts'

// Of clocks that fit alike, that of the person who asks is taken.
vi.stubEnv('TZ', 'UTC')
const DAY_MS = 86_400_000
const HOUR_MS = DAY_MS / 24

interface Shape {
  readonly name: string
  readonly files: () => Promise<RawFiles> | RawFiles
  readonly events: readonly RawEvent[]
  /** Parts of the source's file, and of the view's. */
  readonly source: readonly string[]
  readonly view?: readonly string[]
  readonly args?: readonly string[]
  readonly now?: string
  /** Of an entity's event, as the view's key has it. */
  readonly keyOf?: (event: RawEvent) => Readonly<Record<string, string>>
  /** The name of the folder, which names the source. */
  readonly folder?: string
}

const json = (record: unknown) => JSON.stringify(record)
const iso = (at: number) => new Date(at).toISOString()
const stamp = (event: RawEvent) => clockText(event.at, 'UTC')

const events = eventsOf(40, 60)
const few = eventsOf(2, 240)
const sixDays = eventsOf(6, 120)

/** Folders by the day on which a row arrived, up to five days after it happened. */
const arrivalOf = ({ at, index }: RawEvent) => dayOf(at + (index % 10 === 0 ? (index % 50) * 0.1 * DAY_MS : 0))

const shapes: Shape[] = [
  {
    name: 'JSON lines in daily folders',
    events,
    files: () =>
      linesByKey(
        events,
        ({ at }) => `dt=${dayOf(at)}/a.jsonl`,
        ({ at, who, amount }) => json({ ts: iso(at), user_id: who, amount }),
      ),
    source: [
      'key: raw_1/dt={yyyy}-{MM}-{dd}/\n',
      'format: json\n',
      'event_time: ts\n',
      'folders: event_time\n',
      'key_zone: UTC\n',
      'start: 2024-03-01\n',
      '  ts: TIMESTAMPTZ\n',
      '100 % of',
    ],
  },
  {
    name: 'CSV with the local times of another zone in folders of UTC, odd names, reserved words and a word for NULL',
    events,
    files: () =>
      linesByKey(
        events,
        ({ at }) => `${dayOf(at).replaceAll('-', '/')}/Export.csv`,
        ({ at, who, amount, index }) => [who, `"${clockText(at, 'America/New_York')}"`, index % 9 === 0 ? 'NA' : amount, 'x'].join(';'),
        ['Customer Id;at;Order;group'],
      ),
    keyOf: ({ who }) => ({ customer_id: who }),
    source: [
      '{yyyy}/{MM}/{dd}/',
      'delimiter: ;',
      '"null": NA',
      'event_time: {column: at, zone: America/New_York}',
      'folders: event_time',
      'key_zone: UTC',
      '  Customer Id: VARCHAR',
      '  Order: DOUBLE',
    ],
    view: ['SELECT "Customer Id" ', ' AS customer_id,', 'max("at")', 'avg("Order")'],
  },
  {
    name: 'nested JSON, gzip, epoch milliseconds, in folders of an hour with a marker',
    events: sixDays,
    files: () => {
      const keyOf = ({ at }: RawEvent) =>
        `year=${dayOf(at).slice(0, 4)}/month=${dayOf(at).slice(5, 7)}/day=${dayOf(at).slice(8)}/hour=${iso(at).slice(11, 13)}`
      const lineOf = ({ at, who, amount }: RawEvent) =>
        json({ meta: { at, version: 1 }, user: { id: who, tags: ['a'] }, items: [{ price: amount }], total: amount })
      const markers = sixDays.map((event) => [`${keyOf(event)}/_SUCCESS`, ''] as const)
      return new Map([
        ...packed(
          linesByKey(sixDays, (event) => `${keyOf(event)}/part-0.json.gz`, lineOf),
          'gzip',
        ),
        ...markers,
      ])
    },
    keyOf: ({ who }) => ({ user_id: who }),
    source: [
      'year={yyyy}/month={MM}/day={dd}/hour={HH}/',
      'event_time: {column: meta_at, unit: ms}',
      '{type: VARCHAR, path: $.user.id}',
      '{type: "VARCHAR[]", path: $.user.tags}',
      'items: JSON',
      'marker: _SUCCESS\n',
    ],
  },
  {
    name: 'Parquet in folders without names, times without a zone on the clock of the folders',
    events,
    files: () =>
      parquetByKey(
        events,
        ({ at }) => `${dayOf(at).replaceAll('-', '/')}/file.parquet`,
        (event) => ({
          time: `TIMESTAMP '${stamp(event)}'`,
          user: `'${event.who}'`,
          amount: `${event.amount}::DECIMAL(9,2)`,
          id: `${event.index}::UBIGINT`,
          trace: 'uuid()',
        }),
      ),
    keyOf: ({ who }) => ({ user_key: who }),
    source: ['format: parquet', 'event_time: time\n', 'go by one clock', '  amount: DECIMAL(9,2)\n', 'left out: trace: type UUID'],
  },
  {
    name: 'CSV in folders of arrival with late rows',
    events,
    files: () =>
      linesByKey(
        events.toSorted((a, b) => (arrivalOf(a) < arrivalOf(b) ? -1 : 1)),
        (event) => `dt=${arrivalOf(event)}/a.csv`,
        ({ at, who, amount, index }) => `${index},${iso(at)},${who},${amount},${iso(at + 3 * HOUR_MS)}`,
        ['id,happened_at,device,reading,updated_at'],
      ),
    keyOf: ({ who }) => ({ device: who }),
    source: [
      'event_time: happened_at\n',
      'folders: arrival\n',
      '# folders: event_time',
      '# event_time: updated_at',
      'lie before the start of their folder',
    ],
    view: ['available_after: '],
  },
  {
    name: 'files that name their day in one folder, beside others',
    events,
    folder: 'events_dump',
    files: () =>
      new Map([
        ...linesByKey(
          events,
          ({ at }) => `events-${dayOf(at)}.jsonl`,
          ({ at, who, amount }) => json({ when: clockText(at, 'UTC'), player: who, score: amount }),
        ),
        ['README.md', '# mine'],
        ['schema.sql', 'SELECT 1'],
      ]),
    keyOf: ({ who }) => ({ player: who }),
    source: ['dt={yyyy}-{MM}-{dd}/', 'event_time: when', '  when: TIMESTAMP\n'],
    view: ['max("when")'],
  },
  {
    name: 'months below countries, TSV',
    events,
    files: () =>
      linesByKey(
        events,
        ({ at, index }) => `${index % 2 === 0 ? 'us' : 'de'}/${dayOf(at).slice(0, 7)}/all.tsv`,
        ({ at, who, amount }) => `${stamp({ at } as RawEvent)}\t${who}\t${amount}`,
        ['created\tcustomer\tprice'],
      ),
    keyOf: ({ who }) => ({ customer: who }),
    source: ['{segment1}/{yyyy}-{MM}/', 'sorted: false', 'delimiter: "\\t"', '{segment1} becomes a column: de, us'],
    view: ['grain: month'],
  },
  {
    name: 'Parquet below folders without leading zeros, with a column that came later',
    events,
    files: () =>
      parquetByKey(
        events,
        ({ at }) => `y=2024/m=${Number(dayOf(at).slice(5, 7))}/d=${Number(dayOf(at).slice(8))}/${dayOf(at)}.snappy.parquet`,
        ({ at, who, amount, index }) => ({
          event_time: `TIMESTAMPTZ '${iso(at)}'`,
          account_no: `${Number(who.slice(1)) + 1000}::INTEGER`,
          value: `${amount}::FLOAT`,
          ...(dayOf(at) >= '2024-03-20' && { channel: `'c${index % 3}'` }),
        }),
      ),
    keyOf: ({ who }) => ({ account_no: String(Number(who.slice(1)) + 1000) }),
    source: ['dt={yyyy}-{MM}-{dd}/', '{type: VARCHAR, since: 2024-03-20}', '  account_no: INTEGER\n'],
  },
  {
    name: 'a composite key, one row a day, with a date',
    events: Array.from({ length: 40 * 12 }, (_, index) => ({
      at: Date.UTC(2024, 2, 1) + Math.floor(index / 12) * DAY_MS,
      who: `s${index % 3}p${Math.floor((index % 12) / 3)}`,
      amount: index % 7,
      index,
    })),
    files() {
      return linesByKey(
        this.events,
        ({ at }) => `sales/dt=${dayOf(at)}/x.csv`,
        ({ at, who, amount }) => `${dayOf(at)},${who.slice(0, 2)},${who.slice(2)},${amount}`,
        ['date,store,product,units'],
      )
    },
    keyOf: ({ who }) => ({ store: who.slice(0, 2), product: who.slice(2) }),
    source: ['event_time: date\n', '  date: DATE\n', '  units: BIGINT'],
    view: ['entity: [store, product]', 'avg(units)', 'rows come once per folder for store and product together'],
  },
  {
    name: 'one flat file, laid out by a flag',
    events,
    folder: 'orders',
    files: () =>
      linesByKey(
        events,
        () => 'orders.csv',
        ({ at, who, amount }) => `${Math.floor(at / 1000)},${who},${amount}`,
        ['timestamp,customer_id,total_price'],
      ),
    args: ['--lay-out'],
    keyOf: ({ who }) => ({ customer_id: who }),
    source: ['dt={yyyy}-{MM}-{dd}/', 'folders: arrival', 'event_time: {column: timestamp, unit: s}', 'start: 2024-03-01'],
  },
  {
    name: 'folders of a local day with weekends missing, strays among the data, and no header',
    events: events.filter(({ at }) => ![0, 6].includes(new Date(at + zoneNamed('America/Los_Angeles').offsetAt(at)).getUTCDay())),
    files() {
      return new Map([
        ...linesByKey(
          this.events,
          ({ at }) => `day=${dayOf(at, 'America/Los_Angeles')}/a.csv`,
          ({ at, who, amount }) => `${iso(at)},${who},${amount}`,
        ),
        ['day=2024-03-05/notes.md', 'mine'],
        ['day=2024-03-06/empty.csv', ''],
      ])
    },
    keyOf: ({ who }) => ({ column2: who }),
    source: [
      'key_zone: America/Los_Angeles',
      'header: false',
      'gaps: empty',
      'all of them on a Sunday or a Saturday',
      '  column1: TIMESTAMPTZ',
    ],
  },
  {
    name: 'two days of hours, zstd, with rows that cannot be read',
    events: few,
    now: '2024-03-03T09:00:00Z',
    files: () =>
      packed(
        linesByKey(
          few,
          ({ at }) => `${iso(at).slice(0, 10)}/${iso(at).slice(11, 13)}/x.ndjson.zst`,
          ({ at, who, amount, index }) =>
            index % 40 === 7 ? 'not json' : json({ time: iso(at), host: who, bytes: Math.round(amount * 100) }),
        ),
        'zstd',
      ),
    keyOf: ({ who }) => ({ host: who }),
    source: ['{yyyy}-{MM}-{dd}/{HH}/', 'bad_rows: {max_share: '],
    view: ['grain: hour', '24 hours'],
  },
]

describe('init --from', () => {
  test.each(shapes)('$name', async (shape) => {
    const root = await temporaryFolder()
    const [raw, dir] = [join(root, shape.folder ?? 'raw_1'), join(root, 'made')]
    await writeRaw(raw, await shape.files())
    const before = await everything(raw)
    const now = shape.now ?? NOW
    const made = await runCli(['--now', now, 'init', dir, '--from', raw, ...(shape.args ?? [])])
    expect(made).toMatchObject({ code: 0, err: '' })
    const { source, view, viewName } = await definitions(dir)
    for (const text of shape.source) expect(source).toContain(text)
    for (const text of shape.view ?? []) expect(view).toContain(text)
    const at = await runReadme(dir, now)
    await compareWithEvents({ dir, now, view, viewName, shape, at })
    expect(await everything(raw)).toEqual(before)
  })
})

async function definitions(dir: string) {
  const names = await readdir(join(dir, 'features'))
  const sql = names.find((name) => name.endsWith('.sql')) ?? ''
  const yaml = names.find((name) => name.endsWith('.source.yaml')) ?? ''
  expect(names).toHaveLength(2)
  const read = (name: string) => readFile(join(dir, 'features', name), 'utf8')
  return { source: await read(yaml), view: await read(sql), viewName: sql.slice(0, -4) }
}

/** Every command of the README, as it is; gives the partition that it looks at. */
async function runReadme(dir: string, now: string): Promise<string> {
  const readme = await readFile(join(dir, 'README.md'), 'utf8')
  const commands = [...readme.matchAll(/^ {4}hindcast (.*)$/gm)].map((match) => match[1] ?? '')
  expect(commands.map((command) => command.split(' ')[0])).toEqual(['check', 'preview', 'plan', 'backfill', 'status', 'explain'])
  for (const command of commands) {
    const result = await runCli([...foldersOf(dir), '--now', now, ...command.split(' ')])
    expect({ command, ...result }).toMatchObject({ code: 0 })
    if (command.startsWith('backfill')) expect(result.out).toMatch(/ [1-9]\d* written in /)
    if (command.startsWith('status')) expect(result.out).not.toMatch(/blocked|rejected|missing/)
  }
  return /--at (\S+)/.exec(readme)?.[1] ?? ''
}

const foldersOf = (dir: string) => ['--lake', join(dir, 'lake'), '--features', join(dir, 'features')]

interface Made {
  readonly dir: string
  readonly now: string
  readonly view: string
  readonly viewName: string
  readonly shape: Shape
  /** The partition to look at. */
  readonly at: string
}

/** The newest partition holds what a loop over the events counts. */
async function compareWithEvents({ dir, now, view, viewName, shape, at }: Made): Promise<void> {
  const header = (key: string) => new RegExp(`^${key}: (\\S+)`, 'm').exec(view)?.[1] ?? ''
  const { out } = await runCli([...foldersOf(dir), '--now', now, 'preview', viewName, '--at', at, '--json', '--rows', '1000'])
  const preview: Preview = JSON.parse(out)
  const { start, end } = new Calendar(header('grain') as Grain, zoneNamed(header('zone'))).named(at)
  const [window] = { hour: [DAY_MS], day: [0, 7], month: [end - start] }[header('grain') as Grain]
  const from = header('grain') === 'day' ? weekBefore(end, header('zone')) : end - (window ?? 0)
  const counts = new Map<string, number>()
  for (const event of shape.events) {
    if (event.at < from || event.at >= end || (shape.name.includes('cannot be read') && event.index % 40 === 7)) continue
    const key = json(Object.values(shape.keyOf?.(event) ?? { user_id: event.who }))
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const keys = Object.keys(shape.keyOf?.(shape.events[0] as RawEvent) ?? { user_id: '' })
  const found = (preview.output?.shown ?? []).map((row) => {
    const count = Object.entries(row).find(([column]) => /_(7d|24h|1mo)$/.test(column) && !column.startsWith('mean_'))?.[1]
    return [json(keys.map((key) => String(row[key]))), Number(count)] as const
  })
  expect(counts.size).toBeGreaterThan(5)
  expect(new Map([...found].sort())).toEqual(new Map([...counts].sort()))
}

function weekBefore(end: number, zone: string): number {
  const calendar = new Calendar('day', zoneNamed(zone))
  return calendar.start(calendar.indexAt(end) - 7)
}

async function everything(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true })
  return Promise.all(names.sort().map(async (name) => `${name} ${(await stat(join(root, name))).mtimeMs}`))
}
