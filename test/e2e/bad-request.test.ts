/** Through the command line: requests that cannot be done, bad data in a run, and places that cannot be written. Messages and exit codes. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it, type TestContext } from 'vitest'

const BIN = join(import.meta.dirname, '../../bin/hindcast.ts')
const NOW = '2001-03-05T06:00:00Z'
const PERIOD = ['--from', '2001-03-01', '--to', '2001-03-04']

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-cli-'))
  put('features/events.source.yaml', source('events', 'event_time'))
  put('features/late.source.yaml', source('late', 'arrival'))
  put('features/events_day.sql', view('events'))
  put('features/late_day.sql', view('late'))
  for (const name of ['events', 'late']) for (const day of [1, 2, 3, 4]) put(`lake/${name}/dt=2001-03-0${day}/a.jsonl`, row(day, 1))
})
afterEach(() => {
  chmodSync(root, 0o755)
  rmSync(root, { recursive: true, force: true })
})

const REQUESTS = [
  {
    name: 'an unknown view',
    args: ['evnts_day', '--from', '2001-03-01', '--to', '2001-03-02'],
    says: /there is no view 'evnts_day'; expected one of events_day, late_day/,
  },
  {
    name: 'from after to',
    args: ['events_day', '--from', '2001-03-03', '--to', '2001-03-02'],
    says: /from lies after to; expected from <= to from=2001-03-03 to=2001-03-02/,
  },
  {
    name: 'a partition in the future',
    args: ['events_day', '--from', '2001-03-01', '--to', '2001-03-05'],
    says: /partition 2001-03-05 has not ended; expected --to 2001-03-04 or earlier ends=2001-03-06T00:00:00.000Z now=2001-03-05T06/,
  },
  {
    name: 'a day that is none',
    args: ['events_day', '--from', '2001-02-30', '--to', '2001-03-02'],
    says: /'2001-02-30' is not a day partition; expected a name such as/,
  },
  { name: 'no period', args: ['events_day'], says: /has to name one period; expected --from and --to, or --last alone/ },
]

it.each(REQUESTS)(
  '$name is refused before anything is written',
  ({ args, says }) => {
    for (const command of ['plan', 'backfill']) {
      const ended = hindcast([command, ...args])
      expect(ended.stderr).toMatch(says)
      expect(ended.stderr).not.toMatch(/\n\s+at /)
      expect(ended.status).toBe(2)
    }
    expect(filesUnder(join(root, 'lake')).filter((file) => /^(features|landed|runs|quarantine)\//.test(file))).toEqual([])
  },
  60_000,
)

it('a view without a whole partition in the period is named beside the others', () => {
  put('features/events_month.sql', view('events').replace('grain: day', 'grain: month').replace('1 day', '1 month'))
  const ended = hindcast(['plan', 'events_month', 'events_day', ...PERIOD])
  expect(ended.stdout).toContain('no whole partition in this period: events_month')
  expect(ended.stdout).toContain('2001-03-01..2001-03-04')
  expect(hindcast(['plan', 'events_month', ...PERIOD]).stderr).toContain('the period holds no whole partition of events_month')
})

it('bad objects are named, everything else is computed, and the exit code says it until they are repaired', () => {
  put('lake/events/dt=2001-03-02/a.jsonl', `${row(2, 1)}{"happened":\n`)
  put('lake/late/dt=2001-03-03/a.jsonl', row(3, 1).replace(':1}', ':"many"}'))
  const period = ['--from', '2001-03-01', '--to', '2001-03-04', '--workers', '1']
  const first = hindcast(['backfill', ...period])
  expect(first.stdout).toMatch(/rejected: events_day 2001-03-02: .*events\/dt=2001-03-02\/a\.jsonl:2: not JSON: \{"happened":/)
  expect(first.stdout).toMatch(/failed: late\/dt=2001-03-03\/a\.jsonl:1: column 'amount': many is not BIGINT/)
  expect(first.stdout).toMatch(/6 written/)
  expect(first.status).toBe(3)

  const again = hindcast(['backfill', ...period])
  expect(again.stderr).toMatch(/events\/dt=2001-03-02\/a\.jsonl:2: not JSON/)
  expect(again.stderr).toMatch(/late\/dt=2001-03-03\/a\.jsonl could not be landed/)
  expect(again.status).toBe(3)

  put('lake/events/dt=2001-03-02/a.jsonl', row(2, 1))
  put('lake/late/dt=2001-03-03/a.jsonl', row(3, 1))
  const last = hindcast(['backfill', ...period])
  expect(last.stdout).toMatch(/1 object landed, 2 written/)
  expect(last.status).toBe(0)
  expectClean(join(root, 'lake'))
})

it('keys that fit no template are told by every look at the lake', () => {
  put('lake/events/2001-03-02.jsonl', row(2, 1))
  put('lake/events/dt=2001-03-02b/a.jsonl', row(2, 1))
  put('lake/events/new/dt=2001-03-02/a.jsonl', row(2, 1))
  put('lake/events/_notes', '')
  put('lake/late/dt=2001-3-2/a.jsonl', row(2, 1))
  const told = [
    /not read: 3 objects of events whose keys do not fit events\/dt=\{yyyy\}-\{MM\}-\{dd\}\/, such as events\/2001-03-02.jsonl, events\/dt=2001-03-02b\/a.jsonl/,
    /not read: 1 object of late whose key does not fit late\/dt=\{yyyy\}-\{MM\}-\{dd\}\/, such as late\/dt=2001-3-2\/a.jsonl/,
  ]
  const commands = [['check'], ['plan', ...PERIOD], ['backfill', ...PERIOD], ['status', '--last', '2d'], ['sweep'], ['live', '--once']]
  for (const command of commands) {
    const ended = hindcast(command)
    for (const one of told) expect(`${ended.stdout}${ended.stderr}`, command[0]).toMatch(one)
    expect(ended.status).toBe(0)
  }
  for (const command of [
    ['status', '--last', '2d', '--json'],
    ['sweep', '--json'],
    ['plan', ...PERIOD, '--json'],
  ])
    expect(hindcast(command).stdout).toMatch(/"template": "late\/dt=\{yyyy\}-\{MM\}-\{dd\}\/",\s+"objects": 1,/)
  put('lake/events/dt=2001-03-02/b.jsonl', row(2, 1))
  rmSync(join(root, 'lake/events/2001-03-02.jsonl'))
  for (const name of ['dt=2001-03-02b', 'new']) rmSync(join(root, 'lake/events', name), { recursive: true })
  rmSync(join(root, 'lake/late/dt=2001-3-2'), { recursive: true })
  expect(hindcast(['status', '--last', '2d']).stdout).not.toMatch(/not read/)
}, 60_000)

it.each(['new', 'used'])('a lake folder that is not writable: a %s one', (state) => {
  const lake = join(root, 'lake')
  if (state === 'used') expect(hindcast(['backfill', ...PERIOD, '--workers', '1']).status).toBe(0)
  chmodSync(lake, 0o555)
  const before = filesUnder(lake)
  for (const command of [['backfill', ...PERIOD], ['live', '--once'], ['sweep']]) {
    const ended = hindcast(command, { unprivileged: true })
    expect(ended.stderr).toMatch(/hindcast: folder .*lake is not writable/)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    expect(ended.status).toBe(2)
  }
  expect(hindcast(['plan', ...PERIOD], { unprivileged: true }).status).toBe(0)
  expect(filesUnder(lake)).toEqual(before)
  chmodSync(lake, 0o755)
})

it.for(['new', 'used'])('a lake on a disk that is mounted read-only: a %s one', (state, context) => {
  const disk = join(root, 'disk')
  mkdirSync(disk)
  if (!mount(['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk])) skip(context, 'a disk that is mounted read-only')
  try {
    for (const name of ['events', 'late']) put(`disk/lake/${name}/dt=2001-03-01/a.jsonl`, row(1, 1))
    const lake = ['--lake', join(disk, 'lake')]
    const day = ['--from', '2001-03-01', '--to', '2001-03-01']
    if (state === 'used') expect(hindcast([...lake, 'backfill', ...day, '--workers', '1']).status).toBe(0)
    mount(['-o', 'remount,ro', disk])
    const ended = hindcast([...lake, 'backfill', ...day])
    expect(ended.stderr).toMatch(/hindcast: folder .*lake is not writable/)
    expect(ended.status).toBe(2)
    expect(hindcast([...lake, 'plan', ...day]).status).toBe(0)
  } finally {
    spawnSync('umount', ['-l', disk])
  }
})

it('another user of the machine looks at a lake after the first one did', (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can be two users')
  for (const unprivileged of [false, true]) {
    for (const command of [['check'], ['plan', ...PERIOD], ['preview', 'events_day']]) {
      const ended = hindcast(command, { unprivileged })
      expect(ended.stderr).not.toMatch(/EACCES|not writable/)
      expect(ended.status).toBe(0)
    }
  }
})

it('a lake that is a file', () => {
  put('not-a-folder', '')
  const ended = hindcast(['--lake', join(root, 'not-a-folder'), 'backfill', '--last', '2d'])
  expect(ended.stderr).toMatch(/not-a-folder/)
  expect(ended.status).toBe(2)
})

it('a full disk', (context) => {
  const disk = join(root, 'disk')
  mkdirSync(disk)
  if (!mount(['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk])) skip(context, 'a full disk')
  try {
    for (const name of ['events', 'late']) for (const day of [1, 2, 3, 4]) put(`disk/lake/${name}/dt=2001-03-0${day}/a.jsonl`, row(day, 1))
    const run = ['--lake', join(disk, 'lake'), 'backfill', '--workers', '1', '--from', '2001-03-01', '--to']
    expect(hindcast([...run, '2001-03-02']).status).toBe(0)
    const before = contents(join(disk, 'lake/features'))
    fill(disk, 12_000)
    const full = hindcast([...run, '2001-03-04'])
    expect(`${full.stderr}${full.stdout}`).toMatch(/disk.* is full/)
    expect(full.status).toBe(6)
    expect(contents(join(disk, 'lake/features'))).toMatchObject(before)
    expect(filesUnder(join(disk, 'lake')).filter((file) => file.includes('_rejected'))).toEqual([])
    rmSync(join(disk, 'ballast'))
    const ended = hindcast([...run, '2001-03-04'])
    expect(ended.status, ended.stderr).toBe(0)
    expect(filesUnder(join(disk, 'lake/features')).filter((file) => file.endsWith('features.parquet'))).toHaveLength(8)
    expectClean(join(disk, 'lake'))
  } finally {
    spawnSync('umount', ['-l', disk])
  }
})

function hindcast(args: readonly string[], options: { readonly unprivileged?: boolean } = {}) {
  const given = args.includes('--lake') ? [] : ['--lake', join(root, 'lake')]
  if (options.unprivileged) chmodSync(root, 0o755)
  const asRoot = process.getuid?.() === 0
  return spawnSync(process.execPath, [BIN, ...given, '--features', join(root, 'features'), '--now', NOW, ...args], {
    encoding: 'utf8',
    ...(options.unprivileged && asRoot && { uid: 65_534, gid: 65_534 }),
  })
}

function mount(args: readonly string[]): boolean {
  return spawnSync('mount', args).status === 0
}

function skip(context: TestContext, what: string): never {
  process.stderr.write(`SKIPPED: ${what} (this machine permits no mount)\n`)
  return context.skip('no mount permitted')
}

function source(name: string, folders: string): string {
  return `description: Events.\nkey: ${name}/dt={yyyy}-{MM}-{dd}/\nformat: json lines\nfolders: ${folders}\nevent_time: happened\ncolumns: {happened: TIMESTAMP, who: VARCHAR, amount: BIGINT}\nstart: 2001-03-01\n`
}

function view(name: string): string {
  return `/* ---\ndescription: Events of a day.\nentity: who\ngrain: day\ninputs: {${name}: 1 day}\n--- */\nSELECT who, sum(amount) AS total FROM ${name} GROUP BY who\n`
}

function row(day: number, amount: number): string {
  return `{"happened":"2001-03-0${day} 01:00:00","who":"ann","amount":${amount}}\n`
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** Leaves about so many bytes free. */
function fill(disk: string, free: number): void {
  const ballast = join(disk, 'ballast')
  for (let size = 3_000_000; size > 0; size -= 4096) {
    try {
      writeFileSync(ballast, Buffer.alloc(size))
      writeFileSync(ballast, Buffer.alloc(Math.max(size - free, 0)))
      return
    } catch {
      rmSync(ballast, { force: true })
    }
  }
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => statSync(join(folder, name)).isFile()).sort()
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(filesUnder(folder).map((file) => [file, readFileSync(join(folder, file)).toString('base64')]))
}

/** Nothing staged, nobody's scratch, no claim, no intent. */
function expectClean(lake: string): void {
  const left = filesUnder(lake).filter((file) => /^\.hindcast\/(tmp|scratch)\/|^runs\/active\/|_intent\./.test(file))
  expect(left).toEqual([])
}
