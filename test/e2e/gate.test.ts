/** The gate of a run, through the command line: what live wrote is held against a backfill before anything is written. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forgeOutput, tamperOutput } from './forge.ts'
import { openRides, rides, rideView } from './rides.ts'

const PERIOD = ['--from', '2001-03-29', '--to', '2001-04-05', '--workers', '1'] as const

/** Live has written all eight days; a late object made it write 31 March twice. */
async function openLived() {
  const project = await openRides()
  await project.at('2001-04-06T05:00:00Z', 'live', '--once')
  await project.write('lake/rides/dt=2001-03-31/b.csv', rides('2001-03-31', '12:00:00,ann,1'))
  expect((await project.at('2001-04-06T06:00:00Z', 'sweep')).out).toMatch(/1 partition missing or stale/)
  return { ...project, lake: join(project.root, 'lake') }
}

type Lived = Awaited<ReturnType<typeof openLived>>

const backfill = ({ run }: Lived, ...more: readonly string[]) => run('backfill', 'driver_day', ...PERIOD, ...more)
const gateOf = (json: string) => JSON.parse(json).report.gate

/** Everything under a folder of the lake: bytes by path. */
function filesUnder(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(folder, path)).isFile())
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'base64')]))
}

describe('what live wrote', () => {
  it('is verified: the newest, what was repaired, and the change of clocks, with partitions and rows told', async () => {
    const lived = await openLived()
    const { code, out } = await backfill(lived, '--json')
    expect(code).toBe(0)
    const gate = gateOf(out)
    expect(gate).toMatchObject({ verdict: 'verified', different: [], hints: [], trials: [] })
    expect(gate.views).toHaveLength(1)
    expect(gate.views[0]).toMatchObject({ view: 'driver_day', verdict: 'verified', compared: 5, rows: 15 })
    expect(gate.views[0].partitions).toEqual([
      { partition: '2001-03-31', repaired: true, clockChange: false },
      { partition: '2001-04-01', repaired: false, clockChange: true },
      { partition: '2001-04-03', repaired: false, clockChange: false },
      { partition: '2001-04-04', repaired: false, clockChange: false },
      { partition: '2001-04-05', repaired: false, clockChange: false },
    ])
    const { quote, bill } = JSON.parse(out).report
    // There is nothing to compute: what is quoted is the gate, and the bill has it by the same lines.
    expect(quote.lowUsd).toBe(0)
    for (const name of ['lambda verification', 's3 get', 's3 read']) {
      const [line] = bill.lines.filter((one: { readonly line: string }) => one.line === name)
      expect(line.amount, name).toBeGreaterThan(0)
      expect(line.amount, name).toBeLessThanOrEqual(line.high)
    }
    const told = await backfill(lived)
    expect(told.out).toContain(
      'verified: driver_day: 5 partitions, 15 rows, 1 repaired, 1 with a change of clocks, the same byte for byte as live wrote',
    )
  })

  it('stops the run where a backfill gives other bytes: nothing is written, the difference is shown, and the exit code is 4', async () => {
    const lived = await openLived()
    const place = { lake: lived.lake, view: 'driver_day', partition: '2001-04-04' }
    await forgeOutput(
      place,
      `SELECT driver, feature_time, CASE WHEN driver = 'ann' THEN NULL ELSE rides END AS rides,
       CASE WHEN driver = 'bob' THEN nextafter(fares, 0::DOUBLE) ELSE fares END AS fares, last_ride FROM old WHERE driver <> 'cy'
       UNION ALL SELECT 'dan', feature_time, rides, fares, last_ride FROM old WHERE driver = 'cy'`,
    )
    await lived.write('lake/rides/dt=2001-04-02/b.csv', rides('2001-04-02', '12:00:00,ann,1'))
    const before = filesUnder(join(lived.lake, 'features'))

    const stopped = await backfill(lived)
    expect(stopped.code).toBe(4)
    expect(filesUnder(join(lived.lake, 'features'))).toEqual(before)
    expect(stopped.out).toMatch(/^run \S+: stopped by a difference in /)
    expect(stopped.out).toContain('what live wrote (here) is not what a backfill gives (there); nothing was written')
    expect(stopped.out).toContain('driver_day 2001-04-04: 1 different, 1 last bits, 1 only here, 1 only there')
    expect(stopped.out).toContain('driver=ann rides: here NULL, there 1 (different)')
    expect(stopped.out).toMatch(/driver=bob fares: here 12\.29+\d*, there 12\.3 \(last bits\)/)
    expect(stopped.out).toContain('driver=dan: row only here')
    expect(stopped.out).toContain('driver=cy: row only there')
    expect(stopped.out).toContain('hint: driver_day: rides: 1 of 1 different values are NULL on one side')

    const [run] = readdirSync(join(lived.lake, 'runs'))
      .filter((name) => name !== 'active')
      .sort()
      .slice(-1)
    const report = JSON.parse(readFileSync(join(lived.lake, 'runs', run ?? '', 'report.json'), 'utf8'))
    expect(report.gate).toMatchObject({ verdict: 'different', views: [{ verdict: 'different', compared: 5 }] })
    expect(report.outcomes).toEqual({})

    const forced = await backfill(lived, '--unverified', '--json')
    expect(forced.code).toBe(0)
    expect(gateOf(forced.out)).toMatchObject({ verdict: 'not_verified', skipped: true })
    expect(JSON.parse(forced.out).report.outcomes.written).toBe(1)
  })

  it('names the day of a change of clocks where only that differs', async () => {
    const lived = await openLived()
    const place = { lake: lived.lake, view: 'driver_day', partition: '2001-04-01' }
    await forgeOutput(place, `SELECT * REPLACE (last_ride - INTERVAL 12 HOUR AS last_ride) FROM old`)
    const { code, out } = await backfill(lived)
    expect(code).toBe(4)
    expect(out).toContain('hint: driver_day: all differences lie where the clocks of America/New_York change: 2001-04-01')
  })

  it('is not held against rules that were written since', async () => {
    const lived = await openLived()
    await lived.write('features/driver_day.sql', rideView(undefined, 'expect:\n  - rides < 2\n'))
    const { code, out } = await backfill(lived, '--json')
    expect(code).toBe(0)
    expect(gateOf(out).verdict).toBe('verified')
  })
})

describe('nothing to compare', () => {
  it('what a run wrote is not verified by another run: it goes on and says so', async () => {
    const project = await openRides()
    const lived = { ...project, lake: join(project.root, 'lake') }
    for (const expected of ['8 written', 'nothing to do']) {
      const { code, out } = await backfill(lived)
      expect(code).toBe(0)
      expect(out).toContain(expected)
      expect(out).toContain('not verified: driver_day: live wrote none of its recent partitions under this engine build')
    }
    expect(gateOf((await backfill(lived, '--json')).out)).toMatchObject({ verdict: 'not_verified', views: [{ compared: 0, rows: 0 }] })
  })

  it("what somebody overwrote is stale, not live's: the run repairs it, and hindcast verify explains it", async () => {
    const lived = await openLived()
    await tamperOutput(
      { lake: lived.lake, view: 'driver_day', partition: '2001-04-05' },
      `SELECT * REPLACE (CASE WHEN driver = 'ann' THEN fares + 1 ELSE fares END AS fares) FROM old`,
    )
    const verified = await lived.run('verify', 'driver_day', '--from', '2001-03-29', '--to', '2001-04-05', '--json')
    expect(verified.code).toBe(4)
    expect(JSON.parse(verified.out)).toMatchObject({
      compared: 8,
      rows: 24,
      views: [{ view: 'driver_day', compared: 8, rows: 24, notCompared: 0 }],
      different: [
        {
          partition: '2001-04-05',
          diff: {
            counts: { different: 1 },
            examples: [{ kind: 'different', entity: 'driver=ann', column: 'fares', here: '11.5', there: '10.5' }],
          },
        },
      ],
    })
    const { code, out } = await backfill(lived)
    expect(code).toBe(0)
    expect(out).toContain('1 written')
    expect(out).toContain('verified: driver_day: 5 partitions')
    expect((await lived.run('verify', 'driver_day', '--from', '2001-03-29', '--to', '2001-04-05')).code).toBe(0)
  })

  it('outputs with other columns are differences of their own', async () => {
    const lived = await openLived()
    await forgeOutput({ lake: lived.lake, view: 'driver_day', partition: '2001-04-05' }, `SELECT driver, feature_time, rides FROM old`)
    const { code, out } = await backfill(lived)
    expect(code).toBe(4)
    expect(out).toMatch(
      /driver_day 2001-04-05: unreadable: .*features\.parquet: it has columns driver, feature_time, rides; expected driver, feature_time, rides, fares, last_ride/,
    )
  })
})

describe('a new version', () => {
  /** The first version is published, and the definition changed. */
  async function openChanged(select: string, header = '') {
    const project = await openRides()
    const lived = { ...project, lake: join(project.root, 'lake') }
    await backfill(lived)
    const entry = JSON.parse(readFileSync(join(lived.lake, 'registry/driver_day.json'), 'utf8'))
    await lived.write('lake/registry/published.json', JSON.stringify({ format: 1, views: { driver_day: entry.candidate } }))
    await lived.write('features/driver_day.sql', rideView(select, header))
    return { lived, published: entry.candidate as string }
  }

  it('is computed on a sample first and held against the published one, which only reports', async () => {
    const { lived, published } = await openChanged(
      `sum(fare) + CASE WHEN driver = 'ann' THEN 1 ELSE 0 END AS fares, max(began) AS last_ride`,
    )
    const { code, out, err } = await backfill(lived, '--json')
    expect(code).toBe(0)
    const [trial] = gateOf(out).trials
    expect(trial).toMatchObject({ view: 'driver_day', published, partitions: ['2001-03-29', '2001-04-01', '2001-04-05'], refused: [] })
    expect(trial.diff.rows).toEqual({ matched: 9, same: 6, lastBits: 0, different: 3, onlyHere: 0, onlyThere: 0 })
    expect(trial.diff.columns[0]).toMatchObject({ name: 'fares', different: 3, largest: 1 })
    expect(err).toMatch(/new version [0-9a-f]{12} of driver_day on a sample \(2001-03-29, 2001-04-01, 2001-04-05\), against the published/)
    expect(err).toContain('9 rows matched: 6 the same, 3 different; 0 only published, 0 only new')
    expect(err).toContain('differs in fares (33.3% of rows, by 1 at most)')
    // By now the new version has its partitions.
    expect(gateOf((await backfill(lived, '--json')).out).trials).toEqual([])
  })

  it('is held against its rules', async () => {
    const { lived } = await openChanged('min(fare) AS least', 'expect:\n  - least < 10\n')
    const { code, out, err } = await backfill(lived, '--json')
    expect(code).toBe(3)
    expect(gateOf(out).trials[0]).toMatchObject({ partitions: [], reason: 'no partition of the sample could be computed' })
    expect(gateOf(out).trials[0].refused).toHaveLength(3)
    expect(err).toMatch(/refused 2001-03-29: least < 10: broken by 1 row/)
  })
})
