import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sampleFiles } from '../../lib/cli/sample-files.ts'
import { runCli, temporaryFolder } from './run-cli.ts'

const NOW = '2026-03-31T09:30:00Z'

test('the sample follows from the clock, ends yesterday, and has NULLs and two countries', () => {
  const files = sampleFiles(Date.parse(NOW))
  expect([...sampleFiles(Date.parse(NOW))]).toEqual([...files])
  const data = [...files].filter(([path]) => path.startsWith('lake/'))
  expect(data.map(([path]) => path).at(-1)).toBe('lake/payments/dt=2026-03-30/payments.jsonl')
  const rows = data.flatMap(([path, text]) =>
    text
      .trim()
      .split('\n')
      .map((line) => ({ path, ...JSON.parse(line) })),
  )
  expect(new Set(rows.map((row) => row.country))).toEqual(new Set(['DE', 'FR']))
  expect(rows.some((row) => row.amount === null) && rows.some((row) => row.method === null)).toBe(true)
  expect(rows.every((row) => row.path.includes(row.paid_at.slice(0, 10)))).toBe(true)
  expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length)
})

test('every command of the README works as it is', async () => {
  const dir = join(await temporaryFolder(), 'new', 'project')
  expect(await runCli(['--now', NOW, 'init', dir])).toMatchObject({ code: 0, err: '' })
  const readme = await readFile(join(dir, 'README.md'), 'utf8')
  const commands = [...readme.matchAll(/^ {4}hindcast (.*)$/gm)].map((match) => match[1] ?? '')
  const names = ['check', 'preview', 'preview', 'plan', 'backfill', 'status', 'explain', 'live']
  expect(commands.map((command) => command.split(' ')[0])).toEqual(names)
  for (const command of commands) {
    const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
    const folders = ['--lake', join(dir, 'lake'), '--features', join(dir, 'features')]
    const result = await runCli([...folders, '--now', NOW, ...args])
    expect(result, command).toMatchObject({ code: 0 })
    expect(result.out, command).not.toBe('')
  }
})

test('a folder that holds something is refused and stays as it is; an empty one is taken', async () => {
  const dir = await temporaryFolder()
  await mkdir(join(dir, 'empty'))
  await writeFile(join(dir, 'file'), 'mine')
  expect(await runCli(['init', dir])).toMatchObject({ code: 2, err: expect.stringContaining('is not empty, it holds empty, file') })
  expect(await runCli(['init', join(dir, 'file')])).toMatchObject({ code: 2, err: expect.stringContaining('is a file') })
  expect(await runCli(['init', join(dir, 'file', 'below')])).toMatchObject({ code: 2 })
  expect((await readdir(dir)).sort()).toEqual(['empty', 'file'])
  expect(await runCli(['init', join(dir, 'empty')])).toMatchObject({ code: 0 })
  expect((await readdir(join(dir, 'empty'))).sort()).toEqual(['README.md', 'features', 'lake'])
})
