import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { DuckDBTimestampTZValue } from '@duckdb/node-api'
import type { ViewSettings, ViewVersion } from '../model/catalog.ts'
import { DataError, HindcastError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { renderStoreCast } from '../model/types.ts'
import { PARQUET_SETTINGS } from './build.ts'
import { checkOutput, type Violation } from './check-output.ts'
import type { Engine, Session } from './engine.ts'
import { identifier, literal } from './quote.ts'
import { type LocalInput, relationSql } from './relation.ts'

/** One partition to compute: what, when, from which local inputs, into which local file (which must not exist). */
export interface ComputeJob {
  readonly version: ViewVersion
  readonly settings: ViewSettings
  readonly partition: Partition
  readonly inputs: readonly LocalInput[]
  readonly file: string
}

/** Rows that one input gave. */
export interface InputCount {
  readonly name: string
  readonly rows: number
  readonly strays: number
  readonly skipped: number
}

export interface Computed {
  readonly file: string
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  readonly rows: number
  readonly inputs: readonly InputCount[]
  /** Broken invariants and `expect` rules: such an output is not put. */
  readonly violations: readonly Violation[]
  /** Broken `warn` rules: reported only. */
  readonly warnings: readonly Violation[]
}

/**
 * Computes one partition: a pure function of the version, the partition's bounds and the list of input objects, so the same file byte
 * for byte wherever this engine build runs. @throws DataError when the data does not fit the SQL or an input cannot be read.
 */
export async function computePartition(engine: Engine, job: ComputeJob): Promise<Computed> {
  return engine.session(job.version.zone, async (session) => {
    try {
      for (const input of job.inputs)
        await session.run(`CREATE OR REPLACE TEMP VIEW ${identifier(input.binding.name)} AS ${relationSql(input)}`)
      const inputs = await countInputs(session, job)
      await writeOutput(session, job)
      const { rows, violations, warnings } = await checkOutput(session, job)
      return { file: job.file, size: (await stat(job.file)).size, sha256: await sha256OfFile(job.file), rows, inputs, violations, warnings }
    } catch (error) {
      throw describe(error, job)
    } finally {
      for (const input of job.inputs) await session.run(`DROP VIEW IF EXISTS ${identifier(input.binding.name)}`)
    }
  })
}

async function writeOutput(session: Session, job: ComputeJob): Promise<void> {
  const { version, partition } = job
  const others = version.schema.filter((column) => !version.entity.includes(column.name))
  const entity = version.entity.map((name) => version.schema.find((column) => column.name === name) ?? { name, type: 'VARCHAR' })
  const stored = (column: { name: string; type: string }) =>
    `${renderStoreCast(identifier(column.name), column.type)} AS ${identifier(column.name)}`
  const columns = [...entity.map(stored), `make_timestamp(${partition.end * 1000})::TIMESTAMP_MS AS feature_time`, ...others.map(stored)]
  const metadata = { 'hindcast.view': version.view, 'hindcast.version': version.version, 'hindcast.partition': partition.name }
  const pairs = Object.entries(metadata).map(([key, value]) => `${literal(key)}: ${literal(value)}`)
  const sql =
    `COPY (SELECT ${columns.join(', ')} FROM (\n${version.sql}\n) AS computed ORDER BY ${version.entity.map(identifier).join(', ')}) ` +
    `TO ${literal(job.file)} (${PARQUET_SETTINGS}, KV_METADATA {${pairs.join(', ')}})`
  await session.run(sql, parameters(version.sql, partition))
}

/** Values for `$start` and `$end`, those that the SQL names; binding another is an error. */
export function parameters(sql: string, partition: Partition): Record<string, DuckDBTimestampTZValue> {
  const values: Record<string, DuckDBTimestampTZValue> = {}
  if (/\$start\b/.test(sql)) values.start = new DuckDBTimestampTZValue(BigInt(partition.start) * 1000n)
  if (/\$end\b/.test(sql)) values.end = new DuckDBTimestampTZValue(BigInt(partition.end) * 1000n)
  return values
}

/** Rows that each input gives inside its cut. Objects that lie wholly inside, by their profile, need no scan. */
async function countInputs(session: Session, job: ComputeJob): Promise<InputCount[]> {
  const counts: InputCount[] = []
  for (const input of job.inputs) {
    const profiles = input.objects.map(({ profile }) => profile)
    const strays = profiles.reduce((sum, profile) => sum + (profile?.strays ?? 0), 0)
    const skipped = input.objects.reduce((sum, { object }) => sum + object.skipped, 0)
    const known = input.objects.every(({ profile }) => profile && isInside(profile, input)) || input.binding.window.kind === 'latest'
    const rows =
      known && input.binding.kind === 'source'
        ? profiles.reduce((sum, profile) => sum + (profile?.rows ?? 0), 0)
        : await countRows(session, input)
    counts.push({ name: input.binding.name, rows, strays, skipped })
  }
  return counts
}

function isInside(profile: { readonly first?: bigint; readonly last?: bigint }, input: LocalInput): boolean {
  if (profile.first === undefined || profile.last === undefined) return false
  const start = Number.isFinite(input.start) ? BigInt(input.start) * 1000n : undefined
  return (start === undefined || profile.first >= start) && profile.last < BigInt(input.end) * 1000n
}

async function countRows(session: Session, input: LocalInput): Promise<number> {
  const [row] = await session.rows(`SELECT count(*)::BIGINT AS n FROM ${identifier(input.binding.name)}`)
  return Number(row?.n)
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** Names the view and partition, and the input object instead of its local file. */
function describe(error: unknown, job: ComputeJob): unknown {
  if (!(error instanceof HindcastError)) return error
  let message = error.message
  for (const input of job.inputs) for (const { object } of input.objects) message = message.replaceAll(object.file, object.key)
  if (/HUGEINT|INT128/.test(message)) message += '; a sum does not fit BIGINT: cast it, such as CAST(sum(x) AS DECIMAL(38,0))'
  const where = `${job.version.view} ${job.partition.name}: ${message}`
  return error.name === 'DataError' ? new DataError(where, error.details, { cause: error }) : Object.assign(error, { message: where })
}
