import { createHash, type Hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { DuckDBTimestampTZValue } from '@duckdb/node-api'
import { type Attempt, attempt, unwrap } from '../model/attempt.ts'
import type { ViewSettings, ViewVersion } from '../model/catalog.ts'
import { DataError, HindcastError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { renderStoreCast } from '../model/types.ts'
import { PARQUET_SETTINGS } from './build.ts'
import { type CheckedOutput, checkOutputs, type Violation } from './check-output.ts'
import type { Engine, Session } from './engine.ts'
import { identifier, literal, literalList } from './quote.ts'
import { isWhollyInside, type LocalInput, relationSql } from './relation.ts'
import { findParameters } from './sql-text.ts'
import { instantSql } from './time-sql.ts'

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
  /** Milliseconds that the query took. */
  readonly ms: number
}

/**
 * Computes partitions of one version of a view, each a pure function of the version, the partition's bounds and the list of its input
 * objects, so the same file byte for byte wherever this engine build runs, alone or beside others. Statements of one kind run in a row:
 * alternating between them costs a small partition 2 of 14 ms. One whose data does not fit the SQL or cannot be read gives a DataError.
 */
export async function computePartitions(engine: Engine, jobs: readonly ComputeJob[]): Promise<Attempt<Computed>[]> {
  const [first] = jobs
  if (!first) return []
  return engine.session(first.version.zone, async (session) => {
    const written: Attempt<Written>[] = []
    for (const job of jobs) written.push(await attempt(() => described(session, job, () => writeOutput(session, job))))
    const files = jobs.filter((_, at) => isDone(written[at])).map(({ file }) => file)
    const checked = await checkOutputs(session, first, files)
    const computed: Attempt<Computed>[] = []
    for (const [at, job] of jobs.entries()) {
      computed.push(await attempt(() => described(session, job, () => completed(job, unwrap(written[at]), checked.get(job.file)))))
    }
    return computed
  })
}

/** An output file that was written and not yet looked at. */
interface Written {
  readonly inputs: readonly InputCount[]
  readonly ms: number
}

function isDone(tried: Attempt<Written> | undefined): boolean {
  return tried !== undefined && 'value' in tried
}

async function writeOutput(session: Session, job: ComputeJob): Promise<Written> {
  const began = performance.now()
  const inputs = await countInputs(session, job)
  await session.run(outputSql(job))
  return { inputs, ms: performance.now() - began }
}

async function completed(job: ComputeJob, { inputs, ms }: Written, checked: Attempt<CheckedOutput> | undefined): Promise<Computed> {
  return { file: job.file, ...(await digestOfFile(job.file)), ...unwrap(checked), inputs, ms }
}

/** An error of the work says which view, partition and object it is about; one that says so stays as it is. */
async function described<T>(session: Session, job: ComputeJob, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof HindcastError && error.message.startsWith(placeOf(job))) throw error
    throw describe((await asUnreadable(session, error, job)) ?? error, job)
  }
}

/**
 * One statement that reads the inputs and writes the output. Inputs are common table expressions, and `$start` and `$end` literals:
 * views and bound parameters would cost 2 of 9 ms a partition, for they are planned on their own and twice.
 */
function outputSql(job: ComputeJob): string {
  const { version, partition } = job
  const others = version.schema.filter((column) => !version.entity.includes(column.name))
  const entity = version.entity.map((name) => version.schema.find((column) => column.name === name) ?? { name, type: 'VARCHAR' })
  const stored = (column: { name: string; type: string }) =>
    `${renderStoreCast(identifier(column.name), column.type)} AS ${identifier(column.name)}`
  const columns = [...entity.map(stored), `make_timestamp(${partition.end * 1000})::TIMESTAMP_MS AS feature_time`, ...others.map(stored)]
  const metadata = { 'hindcast.view': version.view, 'hindcast.version': version.version, 'hindcast.partition': partition.name }
  const pairs = Object.entries(metadata).map(([key, value]) => `${literal(key)}: ${literal(value)}`)
  const inputs = job.inputs.map((input) => `${identifier(input.binding.name)} AS NOT MATERIALIZED (${relationSql(input)})`)
  return (
    `COPY (WITH ${inputs.join(', ')} SELECT ${columns.join(', ')} FROM (\n${withBounds(version.sql, partition)}\n) AS computed ` +
    `ORDER BY ${version.entity.map(identifier).join(', ')}) ` +
    `TO ${literal(job.file)} (${PARQUET_SETTINGS}, KV_METADATA {${pairs.join(', ')}})`
  )
}

/** The SQL with the partition's bounds in the place of `$start` and `$end`. */
export function withBounds(sql: string, { start, end }: Partition, render = instantSql): string {
  const bounds: Record<string, string> = { $start: render(start), $end: render(end) }
  let [text, from] = ['', 0]
  for (const parameter of findParameters(sql)) {
    text += sql.slice(from, parameter.start) + (bounds[parameter.text] ?? parameter.text)
    from = parameter.end
  }
  return text + sql.slice(from)
}

/** Values for `$start` and `$end`, those that the SQL names; binding another is an error. */
export function parameters(sql: string, partition: Partition): Record<string, DuckDBTimestampTZValue> {
  const values: Record<string, DuckDBTimestampTZValue> = {}
  if (/\$start\b/.test(sql)) values.start = new DuckDBTimestampTZValue(BigInt(partition.start) * 1000n)
  if (/\$end\b/.test(sql)) values.end = new DuckDBTimestampTZValue(BigInt(partition.end) * 1000n)
  return values
}

/** Rows that each input gives inside its cut. */
async function countInputs(session: Session, job: ComputeJob): Promise<InputCount[]> {
  const counts: InputCount[] = []
  for (const input of job.inputs) {
    const strays = input.objects.reduce((sum, { profile }) => sum + (profile?.strays ?? 0), 0)
    const skipped = input.objects.reduce((sum, { object }) => sum + object.skipped, 0)
    const rows = input.binding.kind === 'view' ? await storedRows(session, input) : await sourceRows(session, input)
    counts.push({ name: input.binding.name, rows, strays, skipped })
  }
  return counts
}

const HOUR_MS = 3_600_000

/** Rows of a source's objects inside the cut: from their profiles, by the hours of their event times, or by a scan. */
async function sourceRows(session: Session, input: LocalInput): Promise<number> {
  const { binding, objects, start, end } = input
  if (binding.window.kind === 'latest' || isWhollyInside(input)) return objects.reduce((sum, { profile }) => sum + (profile?.rows ?? 0), 0)
  const [first, after] = [start / HOUR_MS, end / HOUR_MS]
  if (!Number.isInteger(after) || !(Number.isInteger(first) || first === Number.NEGATIVE_INFINITY)) return countRows(session, input)
  let rows = 0
  for (const one of objects) {
    const whole = { ...input, objects: [one] }
    if (isWhollyInside(whole)) rows += one.profile?.rows ?? 0
    else if (one.profile?.strays !== 0) rows += await countRows(session, whole)
    else for (const [hour, count] of await hoursOf(session, whole)) if (hour >= first && hour < after) rows += count
  }
  return rows
}

/** Rows by hour since 1970 UTC of local files without strays, by session: the 24 hours of a day read the same file. */
const hoursBySession = new WeakMap<Session, Map<string, ReadonlyMap<number, number>>>()

async function hoursOf(session: Session, input: LocalInput): Promise<ReadonlyMap<number, number>> {
  const known = hoursBySession.get(session) ?? new Map<string, ReadonlyMap<number, number>>()
  hoursBySession.set(session, known)
  if (known.size > KEPT_HOURS) known.clear()
  const [one] = input.objects
  const { binding } = input
  if (!one || binding.kind === 'view' || !binding.eventTime) return new Map()
  const name = `${one.object.file} ${binding.eventTime.column}`
  const found = known.get(name)
  if (found) return found
  const everything = {
    ...input,
    objects: [{ object: one.object, ...(one.profile && { profile: one.profile }) }],
    start: one.object.folderStart,
    end: one.object.folderEnd,
  }
  const time = identifier(binding.eventTime.column)
  const rows = await session.rows(
    `SELECT floor(epoch_us(${time}) / ${HOUR_MS * 1000})::BIGINT AS hour, count(*)::BIGINT AS n FROM (${relationSql(everything)}) GROUP BY 1`,
  )
  const hours = new Map(rows.map((row) => [Number(row.hour), Number(row.n)]))
  known.set(name, hours)
  return hours
}

const KEPT_HOURS = 1000

/** Rows of local files by session: a file never changes under its path, and a window over hours shares most of them with the next. */
const rowsOf = new WeakMap<Session, Map<string, number>>()
const KEPT_ROWS = 100_000

/** Rows of an input view's files, from their footers; each file is asked once. */
async function storedRows(session: Session, { objects }: LocalInput): Promise<number> {
  const known = rowsOf.get(session) ?? new Map<string, number>()
  rowsOf.set(session, known)
  if (known.size > KEPT_ROWS) known.clear()
  const files = objects.map(({ object }) => object.file)
  const unknown = files.filter((file) => !known.has(file))
  if (unknown.length > 0) {
    const found = await session.rows(`SELECT file_name, num_rows FROM parquet_file_metadata(${literalList(unknown)})`)
    for (const row of found) known.set(String(row.file_name), Number(row.num_rows))
  }
  return files.reduce((sum, file) => sum + (known.get(file) ?? 0), 0)
}

async function countRows(session: Session, input: LocalInput): Promise<number> {
  const [row] = await session.rows(`SELECT count(*)::BIGINT AS n FROM (${relationSql(input)})`)
  return Number(row?.n)
}

/** Up to this many bytes are read at once, which is faster than a stream for the usual few kB. */
const READ_AT_ONCE_MAX = 4 * 1024 * 1024

/** Size and SHA-256 of a local file. */
export async function digestOfFile(file: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256')
  const { size } = statSync(file)
  if (size <= READ_AT_ONCE_MAX) hash.update(readFileSync(file))
  else await updateFrom(file, hash)
  return { size, sha256: hash.digest('hex') }
}

/** One buffer for all of a file: a stream's buffers would be collected for as long as they are hashed. */
async function updateFrom(file: string, hash: Hash): Promise<void> {
  const handle = await open(file)
  try {
    const buffer = Buffer.allocUnsafe(READ_AT_ONCE_MAX)
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length)
      if (bytesRead === 0) return
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}

/** The error as one of an input object, where one cannot be read: the engine names a file in some of its messages only. */
async function asUnreadable(session: Session, error: unknown, job: ComputeJob): Promise<DataError | undefined> {
  if (!(error instanceof DataError)) return undefined
  for (const input of job.inputs) {
    for (const one of input.objects) {
      const reason = await readingError(session, relationSql({ ...input, objects: [one] }))
      if (reason) return new DataError(`${one.object.key} cannot be read as Parquet: ${reason.message}`, {}, { cause: error })
    }
  }
  return undefined
}

async function readingError(session: Session, relation: string): Promise<DataError | undefined> {
  try {
    await session.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM (${relation})`)
    return undefined
  } catch (error) {
    if (error instanceof DataError) return error
    throw error
  }
}

/** Names the view and partition, and the input object instead of its local file. */
function describe(error: unknown, job: ComputeJob): unknown {
  if (!(error instanceof HindcastError)) return error
  let message = error.message
  for (const input of job.inputs) for (const { object } of input.objects) message = message.replaceAll(object.file, object.key)
  if (/HUGEINT|INT128/.test(message)) message += '; a sum does not fit BIGINT: cast it, such as CAST(sum(x) AS DECIMAL(38,0))'
  const where = `${placeOf(job)}${message}`
  return error.name === 'DataError' ? new DataError(where, error.details, { cause: error }) : Object.assign(error, { message: where })
}

function placeOf({ version, partition }: ComputeJob): string {
  return `${version.view} ${partition.name}: `
}
