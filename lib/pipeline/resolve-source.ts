import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../engine/engine.ts'
import { readParquetColumns } from '../engine/sample-schema.ts'
import { eventTimeSql } from '../engine/time-sql.ts'
import { objectHash } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { HindcastError, InvalidInputError } from '../model/errors.ts'
import { renderSuggestion } from '../model/nearest.ts'
import { type Problem, problemOf } from '../model/problem.ts'
import type { Source, SourceColumn } from '../model/source.ts'
import { findNewestObjects } from './newest-objects.ts'

/** The line of a definition file on which a key stands. */
export type LineOf = (file: string, path: readonly PropertyKey[]) => number

export interface SourceOptions {
  readonly engine: Engine
  /** Where the columns of a Parquet source that declares none are looked up. */
  readonly lake?: Lake
  readonly lineOf?: LineOf
}

/** A source with all its columns: the declared ones or those of its newest Parquet object, then the segments of its key. */
export type ResolvedSource = Source & { readonly columns: readonly SourceColumn[] }

/** Fills in the columns of a source and holds its event time against them. What is wrong is listed, not thrown. */
export async function resolveSource(
  source: Source,
  options: SourceOptions,
): Promise<{ readonly source?: ResolvedSource; readonly problems: readonly Problem[] }> {
  const found = source.columns ? { columns: source.columns } : await sampleColumns(source, options)
  if ('message' in found) return { problems: [found] }
  const columns = [...found.columns.filter(({ name }) => !isCapture(source, name)), ...captureColumns(source)]
  const problem = eventTimeProblem(source, columns, options)
  return problem ? { problems: [problem] } : { source: { ...source, columns }, problems: [] }
}

/** The value of a segment stands over a column of the same name in the file. */
function isCapture(source: Source, name: string): boolean {
  return source.key.captures.some((capture) => capture.toLowerCase() === name.toLowerCase())
}

function captureColumns(source: Source): SourceColumn[] {
  return source.key.captures.map((name) => source.columns?.find((column) => column.name === name) ?? { name, type: 'VARCHAR' })
}

async function sampleColumns(
  source: Source,
  { engine, lake }: SourceOptions,
): Promise<{ readonly columns: readonly SourceColumn[] } | Problem> {
  const undeclared = { file: source.file, line: 1, message: `the columns of source '${source.name}' are not known` }
  const remedy = `declare columns in ${source.file}, or pass a lake that holds data`
  if (!lake) return { ...undeclared, found: "no key 'columns'", allowed: [remedy] }
  const store = lake.bucket(source.bucket)
  const [newest] = await findNewestObjects(store, source, { objects: 1, bytes: 0, folders: 1 })
  if (!newest) return { ...undeclared, found: `no object under ${source.key.text} in ${store.location}`, allowed: [remedy] }
  const { key, etag } = newest.info
  const file = join(engine.scratch, `schema-${objectHash(key)}.parquet`)
  try {
    await rm(file, { force: true })
    if (!(await store.download(key, file, { ifMatch: etag }))) return { ...undeclared, found: `${key} is gone`, allowed: [remedy] }
    return { columns: await readParquetColumns(engine, file, key) }
  } catch (error) {
    if (error instanceof HindcastError && error.name === 'DataError') return problemOf(source.file, 1, error)
    throw error
  } finally {
    await rm(file, { force: true })
  }
}

function eventTimeProblem(source: Source, columns: readonly SourceColumn[], { lineOf = () => 1 }: SourceOptions): Problem | undefined {
  const { eventTime } = source
  if (!eventTime) return undefined
  const at = { file: source.file, line: lineOf(source.file, ['event_time']) }
  const names = columns.map(({ name }) => name)
  const column = columns.find(({ name }) => name === eventTime.column)
  if (!column) {
    const message = `the event time '${eventTime.column}' is not a column${renderSuggestion(eventTime.column, names)}`
    return { ...at, message, found: eventTime.column, allowed: names }
  }
  try {
    eventTimeSql(column.name, column.type, eventTime, { start: 0, end: 0 })
    return undefined
  } catch (error) {
    if (error instanceof InvalidInputError) return { ...at, message: error.message }
    throw error
  }
}
