import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { DefinitionFile } from '../../lib/pipeline/load-definitions.ts'
import { writeParquet } from '../support/write-parquet.ts'

const step = z.strictObject({
  at: z.iso.datetime(),
  /** A raw object arrives, and its event. */
  put: z.string().optional(),
  /** The event of an object comes once more. */
  again: z.string().optional(),
  sweep: z.boolean().optional(),
  /** The partitions that have an output after this step, by view. */
  present: z.record(z.string(), z.array(z.string())).optional(),
})

const counts = z.strictObject({ rows: z.int(), strays: z.int(), skipped: z.int() })

const arrivals = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Another period for some views. */
  periods: z.record(z.string(), z.strictObject({ from: z.string(), to: z.string() })).default({}),
  /** Partitions without an output, with the state in which a plan leaves them. */
  left: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** What receipts say of inputs, by view, partition and input. */
  receipts: z.record(z.string(), z.record(z.string(), z.record(z.string(), counts))).default({}),
  steps: z.array(step),
})

/** One directory of `test/cases/skew`, read. */
export interface SkewCase extends z.output<typeof arrivals> {
  readonly definitions: readonly DefinitionFile[]
  /** Bytes by key. */
  readonly raw: ReadonlyMap<string, Uint8Array>
  /** Lines of CSV by view, the header first. */
  readonly expected: ReadonlyMap<string, readonly string[]>
}

export async function readSkewCase(folder: string): Promise<SkewCase> {
  const definitions = filesUnder(join(folder, 'features')).map((file) => ({ file: basename(file), text: readFileSync(file, 'utf8') }))
  const expected = filesUnder(join(folder, 'expected')).map((file) => {
    return [basename(file, '.csv'), readFileSync(file, 'utf8').trimEnd().split('\n')] as const
  })
  return {
    ...arrivals.parse(parse(readFileSync(join(folder, 'arrivals.yaml'), 'utf8'))),
    definitions,
    raw: new Map([...rawTexts(join(folder, 'raw')), ...(await rawTables(join(folder, 'raw.sql'), folder))]),
    expected: new Map(expected),
  }
}

function rawTexts(folder: string): [string, Uint8Array][] {
  return filesUnder(folder).map((file) => [file.slice(folder.length + 1), readFileSync(file)])
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Parquet inputs: `-- put KEY` before each SELECT of `raw.sql`. */
async function rawTables(file: string, folder: string): Promise<[string, Uint8Array][]> {
  if (!existsSync(file)) return []
  const statements = readFileSync(file, 'utf8')
    .split(/^-- put /m)
    .slice(1)
  return writeParquet(
    statements.map((statement) => {
      const end = statement.indexOf('\n')
      return { key: statement.slice(0, end), sql: statement.slice(end).replace(/;\s*$/, '') }
    }),
    basename(folder),
  )
}
