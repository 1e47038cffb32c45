import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { csv, ORDERS_SOURCE } from '../e2e/orders.ts'
import { runCli } from '../e2e/run-cli.ts'

/** Text that would run if anything took it for HTML. */
export const EVIL = `"><script>window.ran = 1</script><img src=x onerror="window.ran = 2">`

const VIEW = (window: string, more = '') => `/* ---
description: ${JSON.stringify(`What each shop sold. ${EVIL}`)}
owner: ${JSON.stringify(EVIL)}
entity: shop
grain: day
zone: America/New_York
inputs: {orders: ${window}}
warm_up: compute
columns: {total: ${JSON.stringify(`in euros ${EVIL}`)}}
expect: [total < 1000]
--- */
SELECT shop, count(*) AS orders, sum(amount) AS total${more} FROM orders GROUP BY shop
`

const HOURS = `/* ---
description: Orders of an hour.
entity: shop
grain: hour
inputs: {orders: 1 hour}
--- */
SELECT shop, count(*) AS orders, min(amount) AS least, max(amount) AS most, avg(amount) AS mean, sum(amount) AS total, count(*) * 2 AS twice, count(*) * 3 AS thrice
FROM orders GROUP BY shop
`

const MONTHS = `/* ---
description: Orders of a month.
entity: shop
grain: month
inputs: {orders: 1 month}
warm_up: compute
--- */
SELECT shop, count(*) AS orders, 'none' AS remark FROM orders GROUP BY shop
`

const BIN = join(import.meta.dirname, '../../bin/hindcast.ts')

/**
 * A lake in which everything is there that a report shows: a published version and a candidate, hours and months, late rows, a rejected
 * partition, an object that could not be landed, a run that finished and one that was killed. The caller removes its folder.
 */
export async function layReportLake() {
  const days = Array.from({ length: 70 }, (_, at) => new Date(Date.UTC(2001, 3, 1) + at * 86_400_000).toISOString().slice(0, 10))
  const amounts = (day: string, at: number) =>
    csv(`${day}T10:00:00,north,${10 + (at % 9)}`, `${day}T11:00:00,south,${20 + (at % 13)}`, `${day}T17:00:00,south,3`)
  const orders = Object.fromEntries(days.map((day, at) => [`lake/orders/dt=${day}/a.csv`, amounts(day, at)]))
  const root = await mkdtemp(join(tmpdir(), 'hindcast-report-'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const run = (...args: readonly string[]) =>
    runCli(['--lake', join(root, 'lake'), '--features', join(root, 'features'), '--now', '2001-06-12T12:00:00Z', ...args])
  const definitions = { 'orders.source.yaml': ORDERS_SOURCE, 'shop_orders.sql': VIEW('2 days'), 'hours.sql': HOURS, 'months.sql': MONTHS }
  for (const [name, text] of Object.entries(definitions)) await write(`features/${name}`, text)
  for (const [key, text] of Object.entries(orders)) await write(key, text)
  await write('lake/orders/dt=2001-05-20/c.csv', csv('2001-05-20T12:00:00,south,5000'))
  const first = await run('backfill', '--from', '2001-04-01', '--to', '2001-06-09', '--workers', '1', '--reason', `first ${EVIL}`)
  const [finished = ''] = await runsOf(root)
  const version = /registered shop_orders version ([0-9a-f]{12})/.exec(first.err)?.[1]
  await write('lake/registry/published.json', JSON.stringify({ format: 1, views: { shop_orders: version } }))
  await write('features/shop_orders.sql', VIEW('3 days', ', max(amount) AS largest'))
  await write(`lake/orders/dt=2001-06-09/<b>.csv`, csv(`${EVIL.replaceAll('"', '')},south,1`))
  await run('backfill', 'shop_orders', '--from', '2001-04-03', '--to', '2001-06-05', '--workers', '1')
  const killed = await killRun(root)
  return { root, run, killed, finished }
}

export async function runsOf(root: string): Promise<string[]> {
  return (await readdir(join(root, 'lake/runs'))).filter((name) => name !== 'active').sort()
}

/** Starts a backfill of everything in a process of its own and kills it when a few of its results are there. */
async function killRun(root: string): Promise<string> {
  const before = await runsOf(root)
  const args = ['--lake', join(root, 'lake'), '--features', join(root, 'features'), '--now', '2001-06-12T12:00:01Z']
  const backfill = [
    'backfill',
    '--from',
    '2001-04-03',
    '--to',
    '2001-06-09',
    '--reprocess',
    'all',
    '--workers',
    '1',
    '--reason',
    'to be killed',
  ]
  const child = spawn(process.execPath, [BIN, ...args, ...backfill], { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.on('data', (text) => {
    told += text
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  for (;;) {
    const run = (await runsOf(root)).find((name) => !before.includes(name))
    const results = run === undefined ? [] : await readdir(join(root, 'lake/runs', run, 'results')).catch(() => [])
    if (run !== undefined && results.length > 1) {
      child.kill('SIGKILL')
      await ended
      return run
    }
    // What ended by a signal of its own, as of a machine short of memory, has no exit code.
    if (child.exitCode !== null || child.signalCode !== null) {
      await ended
      throw new Error(`the run to be killed ended first, with ${child.exitCode ?? child.signalCode}: ${told}`)
    }
    await sleep(5)
  }
}
