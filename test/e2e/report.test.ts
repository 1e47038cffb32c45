import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReportPage } from '../../lib/pipeline/report/page.ts'
import type { RunReport } from '../../lib/pipeline/run-report.ts'
import { openOrders } from './orders.ts'

const PERIOD = ['--from', '2001-04-02', '--to', '2001-04-05', '--workers', '1']

async function openRun() {
  const project = await openOrders()
  const backfill = await project.run('backfill', ...PERIOD)
  const runs = await readdir(join(project.root, 'lake/runs'))
  return { ...project, backfill, run: project.run, name: runs.find((one) => one !== 'active') ?? '' }
}

test('a run tells its bill in short, and how to get its page', async () => {
  const { backfill, name, root } = await openRun()
  expect(backfill.code).toBe(0)
  expect(backfill.out).toMatch(/as counted, on AWS: \$0\.\d+, quoted \$0\.\d+ to \$0\.\d+/)
  expect(backfill.out).toContain(`hindcast report ${name} makes a page of it`)
  expect(existsSync(join(root, 'lake/runs', name, 'report.html'))).toBe(false)
  const report: RunReport = JSON.parse(await readFile(join(root, 'lake/runs', name, 'report.json'), 'utf8'))
  expect(report).toMatchObject({ format: 1, run: name, reason: 'backfill', landed: 6, outcomes: { written: 4 } })
  // Each task of the map is a request; six of them landed an object.
  expect(report.bill.lines.find(({ line }) => line === 'lambda requests')?.amount).toBe(report.plan.tasks)
  expect(report.levels[0]).toMatchObject({ level: 0, tasks: 6, done: 6 })
})

test('the page of a run lies beside its other files, or where one says', async () => {
  const { root, run, name } = await openRun()
  const place = join(root, 'lake/runs', name, 'report.html')
  expect(await run('report', name)).toMatchObject({ code: 0, out: `${place}\n` })
  expect(await readFile(place, 'utf8')).toContain(`<title>Run ${name} · hindcast</title>`)
  const other = join(root, 'other.html')
  expect(await run('report', name, '--out', other)).toMatchObject({ code: 0, out: `${other}\n` })
  expect(await readFile(other, 'utf8')).toBe(await readFile(place, 'utf8'))
  const page: ReportPage = JSON.parse((await run('report', name, '--json')).out)
  expect(page).toMatchObject({
    format: 1,
    run: { state: 'finished', report: { run: name } },
    views: [{ view: 'shop_orders', status: { states: { fresh: 4 } } }],
  })
})

test('backfill --report makes the page at once', async () => {
  const { root, run } = await openOrders()
  const { out } = await run('backfill', ...PERIOD, '--report')
  const place = /page: (.*)\n/.exec(out)?.[1] ?? ''
  expect(place.startsWith(join(root, 'lake/runs/'))).toBe(true)
  expect(existsSync(place)).toBe(true)
})

test('a report of a lake needs no run, and writes nothing to it', async () => {
  const { root, run } = await openRun()
  const before = await readdir(join(root, 'lake'), { recursive: true })
  const out = join(root, 'lake.html')
  expect(await run('report', '--out', out)).toMatchObject({ code: 0, out: `${out}\n` })
  expect(await readdir(join(root, 'lake'), { recursive: true })).toEqual(before)
  const page: ReportPage = JSON.parse((await run('report', '--json')).out)
  expect(page.runs).toMatchObject([{ state: 'finished' }])
  expect(page.sources).toMatchObject([{ source: 'orders', landings: { landed: 6, late: 1 } }])
})

test('says what it cannot do', async () => {
  const { root, run, name } = await openRun()
  expect(await run('report', 'nothing')).toMatchObject({
    code: 2,
    err: `hindcast: there is no run 'nothing' in the lake; expected one of ${name}\n`,
  })
  expect(await run('report', '../x')).toMatchObject({ code: 2, err: expect.stringContaining('is not the name of a run') })
  expect(await run('report', '--out', join(root, 'nowhere/page.html'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be written'),
  })
  await rm(join(root, 'lake/runs', name, 'report.json'))
  expect((await run('report', name, '--json')).out).toContain('"state": "killed"')
  await rm(join(root, 'lake/runs', name, 'plan.json'))
  expect(await run('report', name)).toMatchObject({ code: 2, err: expect.stringContaining(`run ${name} left no plan`) })
})
