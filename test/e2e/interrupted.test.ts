/** Backfills that are ended in the middle, as processes of their own: nothing is half written, and a second run ends with the same bytes. */
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { RunReport } from '../../lib/pipeline/run-report.ts'
import { PLAIN_ORDERS_SOURCE } from './orders.ts'
import { openProject } from './run-cli.ts'

const BIN = fileURLToPath(new URL('../../bin/hindcast.ts', import.meta.url))
const NOW = '2001-04-06T12:00:00Z'
const VIEW = `/* ---
description: What each shop sold in six hours.
entity: shop
grain: hour
inputs: {orders: 6 hours}
warm_up: compute
--- */
SELECT shop, sum(amount)::BIGINT AS total FROM orders GROUP BY shop
`
const HOURS = 5 * 24
const RANGE = ['--from', '2001-04-01', '--to', '2001-04-05']

type Lake = Awaited<ReturnType<typeof openShop>>

async function openShop() {
  const orders = [1, 2, 3, 4, 5].map((day) => {
    const lines = Array.from({ length: 24 }, (_, hour) => `2001-04-0${day}T${String(hour).padStart(2, '0')}:30:00,north,${day * hour}`)
    return [`lake/orders/dt=2001-04-0${day}/a.csv`, ['placed,shop,amount', ...lines, ''].join('\n')] as const
  })
  return openProject({ ...Object.fromEntries(orders), 'features/orders.source.yaml': PLAIN_ORDERS_SOURCE, 'features/sales.sql': VIEW }, NOW)
}

function start({ root }: Lake, ...more: readonly string[]) {
  const at = ['--lake', join(root, 'lake'), '--features', join(root, 'features'), '--now', NOW]
  const child = spawn(process.execPath, [BIN, ...at, 'backfill', ...RANGE, ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (told += text))
  const ended = new Promise<{ code: number | null; told: string }>((resolve) => child.once('close', (code) => resolve({ code, told })))
  return { child, ended }
}

/** SHA-256 by key of every output that is there. */
async function outputs({ root }: Lake): Promise<Map<string, string>> {
  const folder = join(root, 'lake/features')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = names.filter((name) => name.endsWith('features.parquet')).sort()
  return new Map(await Promise.all(files.map(async (name) => [name, await sha256(join(folder, name))] as const)))
}

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

async function reached(lake: Lake, amount: number): Promise<void> {
  while ((await outputs(lake)).size < amount) await sleep(5)
}

async function reportOf({ root }: Lake): Promise<RunReport> {
  const [run = ''] = (await readdir(join(root, 'lake/runs'))).filter((name) => name !== 'active')
  return JSON.parse(await readFile(join(root, 'lake/runs', run, 'report.json'), 'utf8')) as RunReport
}

async function wanted(): Promise<Map<string, string>> {
  const lake = await openShop()
  await lake.run('backfill', ...RANGE, '--workers', '1')
  return outputs(lake)
}

async function childrenOf(pid: number | undefined): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(pid)])
  return stdout.split('\n').filter(Boolean).map(Number)
}

it.each([
  ['SIGKILL', null],
  ['SIGINT', 130],
] as const)('%s leaves nothing half written, and a second run goes on', async (signal, code) => {
  const [lake, all] = [await openShop(), await wanted()]
  const { child, ended } = start(lake, '--workers', '5')
  await reached(lake, 3)
  child.kill(signal)
  expect((await ended).code).toBe(code)
  const left = await outputs(lake)
  expect(left.size).toBeLessThan(HOURS)
  for (const [key, hash] of left) expect(hash, key).toBe(all.get(key))
  const again = await lake.run('backfill', ...RANGE, '--json')
  expect(again.code, again.err).toBe(0)
  // What was certified before is not computed again.
  expect(JSON.parse(again.out).report.outcomes.written ?? 0).toBeLessThanOrEqual(HOURS - left.size)
  expect(await outputs(lake)).toEqual(all)
})

it('a worker process that dies costs its task another try, and many workers give the bytes of one', async () => {
  const [lake, all] = [await openShop(), await wanted()]
  const { child, ended } = start(lake, '--workers', '6', '--json')
  await reached(lake, 1)
  for (const pid of await childrenOf(child.pid)) process.kill(pid, 'SIGKILL')
  const { code, told } = await ended
  expect(code, told).toBe(0)
  expect(await outputs(lake)).toEqual(all)
  // What a worker wrote before it died is counted by the try after it.
  expect((await reportOf(lake)).outcomes).toEqual({ written: HOURS })
})
