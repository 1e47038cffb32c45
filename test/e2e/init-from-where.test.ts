import { lstat, mkdir, readdir, readFile, readlink, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dayOf, eventsOf, linesByKey, NOW, parquetByKey, type RawEvent, writeRaw } from './raw-shapes.ts'
import { runCli, temporaryFolder } from './run-cli.ts'

const events = eventsOf(30, 30)
const line = ({ at, who, amount }: RawEvent) => `${new Date(at).toISOString()},${who},${amount}`
const days = (prefix = '', ending = 'csv') =>
  linesByKey(events, ({ at }) => `${prefix}dt=${dayOf(at)}/a.${ending}`, line, ['at,user_id,amount'])

async function open(files: ReadonlyMap<string, string | Uint8Array>) {
  const root = await realpath(await temporaryFolder())
  await writeRaw(join(root, 'raw'), files)
  const dir = join(root, 'made')
  const init = (...args: readonly string[]) => runCli(['--now', NOW, ...args])
  return {
    root,
    raw: join(root, 'raw'),
    dir,
    init,
    from: (path: string, ...more: readonly string[]) => init('init', dir, '--from', path, ...more),
  }
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )

describe('where the data stands', () => {
  test('a link to it in a lake of the new folder; what is missing of the data is found later', async () => {
    const { raw, dir, from } = await open(days())
    expect(await from(raw)).toMatchObject({
      code: 0,
      out: expect.stringContaining('hindcast reads the raw data there and never changes it'),
    })
    expect((await readdir(dir)).sort()).toEqual(['README.md', 'features', 'lake'])
    expect(await readlink(join(dir, 'lake', 'events'))).toBe(raw)
  })

  test('in place, in a lake that holds it: nothing is made there', async () => {
    const { root, raw, dir, init } = await open(days('shop/payments/'))
    const made = await init('--lake', raw, 'init', dir, '--from', join(raw, 'shop', 'payments'))
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining(`The raw data is read in place, in the lake ${raw}`) })
    expect(await readFile(join(dir, 'features', 'payments.source.yaml'), 'utf8')).toContain('\nkey: shop/payments/dt={yyyy}-{MM}-{dd}/\n')
    expect(await readdir(root)).toEqual(['made', 'raw'])
    expect(await readdir(raw)).toEqual(['shop'])
    expect((await readdir(dir)).sort()).toEqual(['README.md', 'features'])
    const commands = [...(await readFile(join(dir, 'README.md'), 'utf8')).matchAll(/^ {4}hindcast (.*)$/gm)].map((match) => match[1] ?? '')
    expect(commands).toHaveLength(6)
    for (const command of commands) {
      expect(command).toContain(`--lake ${raw} `)
      const result = await init('--features', join(dir, 'features'), ...command.split(' '))
      expect({ command, ...result }).toMatchObject({ code: 0 })
    }
    expect((await readdir(raw)).sort()).toEqual(['.hindcast', 'features', 'registry', 'runs', 'shop'])
    // And once more, now that the lake holds what hindcast wrote.
    expect(await init('--lake', raw, 'init', join(root, 'again'), '--from', raw)).toMatchObject({ code: 0 })
    expect(await readFile(join(root, 'again', 'features', 'payments.source.yaml'), 'utf8')).toContain(
      '\nkey: shop/payments/dt={yyyy}-{MM}-{dd}/\n',
    )
  })

  test('a link to it in another lake, which is made if need be', async () => {
    const { root, raw, dir, init } = await open(days())
    const lake = join(root, 'other lake')
    expect(await init('--lake', lake, 'init', dir, '--from', raw)).toMatchObject({ code: 0 })
    expect(await readlink(join(lake, 'events'))).toBe(raw)
    expect(await readFile(join(dir, 'README.md'), 'utf8')).toContain(`hindcast --lake '${lake}' check`)
    const again = await init('--lake', lake, 'init', join(root, 'more'), '--from', raw)
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining(`lake ${lake} has events already`) })
    expect(await exists(join(root, 'more'))).toBe(false)
  })

  test('one file, and files whose names tell no time, by a flag', async () => {
    const { raw, dir, from } = await open(linesByKey(events, () => 'sales.csv', line, ['at,user_id,amount']))
    const refused = await from(join(raw, 'sales.csv'))
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining('name no time (sales.csv); hindcast needs folders such as dt=2024-01-05/'),
    })
    const command = /hindcast (init .* --lay-out)$/m.exec(refused.err)?.[1]?.split(' ') ?? []
    expect(await runCli(['--now', NOW, ...command])).toMatchObject({ code: 0 })
    expect(await readlink(join(dir, 'lake', 'sales', 'dt=2024-04-15', 'sales.csv'))).toBe(join(raw, 'sales.csv'))
  })

  test('a new folder inside the data, or one that holds something, is refused', async () => {
    const { raw, dir, init, from } = await open(days())
    expect(await init('init', join(raw, 'made'), '--from', raw)).toMatchObject({
      code: 2,
      err: expect.stringContaining('lies in the raw data'),
    })
    expect(await init('init', raw, '--from', raw)).toMatchObject({ code: 2, err: expect.stringContaining('is not empty') })
    expect(await readdir(raw)).toHaveLength(30)
    await mkdir(dir)
    await writeFile(join(dir, 'mine'), '')
    expect(await from(raw)).toMatchObject({ code: 2, err: expect.stringContaining('is not empty, it holds mine') })
    expect(await readdir(dir)).toEqual(['mine'])
  })
})

describe('what cannot be described', () => {
  const gzip = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3])
  const table = (header: string, row: (event: RawEvent) => string) => linesByKey(events, ({ at }) => `dt=${dayOf(at)}/a.csv`, row, [header])

  test.each<[string, ReadonlyMap<string, string | Uint8Array>, number, RegExp]>([
    [
      'no object',
      new Map([['.hidden', '']]),
      2,
      /holds no data that hindcast can read; found no object, expected Parquet, JSON lines or CSV/,
    ],
    [
      'other files',
      new Map([
        ['a.xlsx', 'x'],
        ['b.pdf', 'x'],
      ]),
      2,
      /found 2 objects such as a\.xlsx/,
    ],
    ['empty files', new Map([['dt=2024-01-05/a.csv', '']]), 2, /found 1 objects such as dt=2024-01-05\/a\.csv/],
    ['files that cannot be unpacked', new Map([['dt=2024-01-05/a.csv.gz', gzip]]), 3, /none of 1 sampled objects in .* can be read/],
    [
      'JSON in arrays',
      new Map([['dt=2024-01-05/a.json', '[{"a": 1}]']]),
      3,
      /one JSON array; expected JSON lines, as jq -c \.\[\] writes them/,
    ],
    ['something else than the ending says', new Map([['dt=2024-01-05/a.parquet', 'a,b\n1,2\n']]), 3, /a\.parquet is no Parquet; found CSV/],
    ['a header and no rows', new Map([['dt=2024-01-05/a.csv', 'at,n\n']]), 2, /hold no rows, such as dt=2024-01-05\/a\.csv/],
    [
      'no time in keys',
      new Map([
        ['a.csv', 'x\n'],
        ['b.csv', 'x\n'],
      ]),
      2,
      /name no time \(a\.csv, b\.csv\).* hindcast init .* --lay-out/,
    ],
    [
      'no time in rows',
      table('who,amount', ({ who, amount }) => `${who},${amount}`),
      2,
      /no column in .* is a time that hindcast can take; found who, amount; expected a timestamp/,
    ],
    [
      'a time that hindcast cannot take',
      table('who,date', ({ who }) => `${who},03/04/2024`),
      2,
      /found date: text such as '03\/04\/2024' is no time/,
    ],
    [
      'a time far from its folders',
      table('who,ts', ({ who, index }) => `${who},${1e9 + index}`),
      2,
      /ts: most rows lie far from their folders/,
    ],
    [
      'two data sets',
      new Map([
        ...days('a/'),
        ...linesByKey(
          events,
          ({ at }) => `b/dt=${dayOf(at)}/a.csv`,
          () => '1,2',
          ['x,y'],
        ),
      ]),
      2,
      /holds 2 data sets with different columns; expected one: hindcast init .*\/a; or hindcast init .*\/b$/m,
    ],
  ])('%s', async (_, files, code, message) => {
    const { dir, raw, from } = await open(files)
    const refused = await from(raw)
    expect(refused).toMatchObject({ code, out: '' })
    expect(refused.err).toMatch(message)
    expect(refused.err).not.toContain(' at ')
    expect(await exists(dir)).toBe(false)
  })

  test('paths that are none', async () => {
    const { raw, dir, init, from } = await open(days('2024/'))
    expect(await from(join(raw, 'nothing'))).toMatchObject({ code: 2, err: expect.stringContaining('does not exist') })
    expect(await from('s3://bucket/raw')).toMatchObject({ code: 2, err: expect.stringContaining('is not a path of this machine') })
    expect(await init('--lake', 's3://bucket', 'init', dir, '--from', raw)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is a bucket'),
    })
    expect(await init('init', dir, '--lay-out')).toMatchObject({ code: 2, err: expect.stringContaining('expected --from PATH') })
    const below = await from(join(raw, '2024', 'dt=2024-03-05'))
    expect(below).toMatchObject({ code: 2, err: expect.stringContaining(`lies inside a folder of its time`) })
    expect(below.err).toContain(`hindcast init ${dir} --from ${join(raw, '2024')}\n`)
  })

  test('an object that cannot be read among others is named, and the rest described', async () => {
    const { raw, dir, from } = await open(new Map([...days(), ['dt=2024-03-05/b.csv', '[{"a": 1}]']]))
    expect(await from(raw)).toMatchObject({ code: 0, out: expect.stringContaining('dt=2024-03-05/b.csv') })
    expect(await readFile(join(dir, 'features', 'events.source.yaml'), 'utf8')).toContain(
      '# Cannot be read, and blocks what needs it: dt=2024-03-05/b.csv is no CSV; found one JSON array',
    )
  })
})

describe('odd names of columns', () => {
  const names = [
    'at',
    'Order',
    'a b',
    'x.y',
    'é',
    '1st',
    '__x',
    'dt',
    'feature_time',
    'v',
    'null',
    'true',
    '~',
    '- a',
    '#c',
    'a: b',
    "it's",
    '{z}',
    '[l]',
    '@m',
    'Group',
    'yyyy',
    'user-id',
  ]
  const value = (name: string, { who, amount }: RawEvent) => (name === 'user-id' ? who : name === 'Order' ? amount : 1)

  test.each<
    [
      string,
      (keyOf: (event: RawEvent) => string) => ReadonlyMap<string, string | Uint8Array> | Promise<ReadonlyMap<string, string | Uint8Array>>,
    ]
  >([
    [
      'CSV',
      (keyOf) =>
        linesByKey(events, keyOf, (event) => [new Date(event.at).toISOString(), ...names.map((name) => value(name, event))].join('\t'), [
          ['select', ...names].join('\t'),
        ]),
    ],
    [
      'JSON',
      (keyOf) =>
        linesByKey(events, keyOf, (event) =>
          JSON.stringify({
            select: new Date(event.at).toISOString(),
            ...Object.fromEntries(names.map((name) => [name, value(name, event)])),
          }),
        ),
    ],
    [
      'Parquet',
      (keyOf) =>
        parquetByKey(events, keyOf, (event) => ({
          select: `TIMESTAMPTZ '${new Date(event.at).toISOString()}'`,
          ...Object.fromEntries(
            names.map((name) => [
              name,
              typeof value(name, event) === 'string' ? `'${value(name, event)}'` : `${value(name, event)}::DOUBLE`,
            ]),
          ),
        })),
    ],
  ])('%s', async (_, filesOf) => {
    const { raw, dir, from } = await open(await filesOf(({ at }) => `dt=${dayOf(at)}/a`))
    expect(await from(raw)).toMatchObject({ code: 0, err: '' })
    const commands = [...(await readFile(join(dir, 'README.md'), 'utf8')).matchAll(/^ {4}hindcast ((?:check|preview) ?.*)$/gm)].map(
      (match) => match[1] ?? '',
    )
    for (const command of commands) {
      const result = await runCli(['--lake', join(dir, 'lake'), '--features', join(dir, 'features'), '--now', NOW, ...command.split(' ')])
      expect({ command, ...result }).toMatchObject({ code: 0, err: '' })
    }
    expect(commands).toHaveLength(2)
    const [view] = (await readdir(join(dir, 'features'))).filter((name) => name.endsWith('.sql'))
    expect(await readFile(join(dir, 'features', view ?? ''), 'utf8')).toMatch(
      /entity: user_id\n[\s\S]*avg\("Order"\)[\s\S]*max\("select"\)/,
    )
  })
})
