import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findOldFiles } from '../../../lib/cli/old-files.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hindcast-old-'))
  const files = ['old/a.parquet', 'old/b.parquet', 'old/.c.parquet', 'old/_d.parquet', 'old/deep/dt=2001-03-04/e.parquet']
  for (const file of [...files, 'old/notes.txt', 'text/a.csv', 'text/b.csv.gz', 'text/c+(1).jsonl', 'text/[x].ndjson', 'empty/x.txt']) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), '')
  }
})
afterAll(() => rmSync(root, { recursive: true }))

const found = (pattern: string) => {
  const { format, files } = findOldFiles(join(root, pattern))
  return { format, files: files.map((file) => file.slice(root.length + 1)) }
}

it.each([
  ['old/a.parquet', 'parquet', ['old/a.parquet']],
  ['old/*.parquet', 'parquet', ['old/a.parquet', 'old/b.parquet']],
  ['old/?.parquet', 'parquet', ['old/a.parquet', 'old/b.parquet']],
  ['old/[!a].parquet', 'parquet', ['old/b.parquet']],
  ['old/_*.parquet', 'parquet', ['old/_d.parquet']],
  ['old/**/*.parquet', 'parquet', ['old/a.parquet', 'old/b.parquet', 'old/deep/dt=2001-03-04/e.parquet']],
  ['old/*/*/e.parquet', 'parquet', ['old/deep/dt=2001-03-04/e.parquet']],
  ['old', 'parquet', ['old/a.parquet', 'old/b.parquet', 'old/deep/dt=2001-03-04/e.parquet']],
  ['text/*.csv*', 'csv', ['text/a.csv', 'text/b.csv.gz']],
  ['text/c+(1).jsonl', 'json', ['text/c+(1).jsonl']],
  ['text/[x].ndjson', 'json', ['text/[x].ndjson']],
  ['text/*+(1).jsonl', 'json', ['text/c+(1).jsonl']],
])('%s names %s files', (pattern, format, files) => {
  expect(found(pattern)).toEqual({ format, files })
})

it.each([
  ['old/*.csv', /'.*old\/\*\.csv' matches no files$/],
  ['none', /'.*none' matches no files$/],
  ['empty', /'.*empty' matches no files of a known kind; expected \.parquet, \.csv/],
  ['old/*', /old\/notes\.txt is of no known kind; expected \.parquet/],
  ['text', /'.*text' matches files of several kinds \(.*\); expected one kind/],
])('%s is refused', (pattern, message) => {
  expect(() => found(pattern)).toThrow(message)
})
