import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Row, Session } from '../engine/engine.ts'
import type { LabelTable } from '../engine/label-table.ts'
import { carrySql, countsSql, createKnownSql, type JoinedFeature, type Lookup, statesSql, writeSql } from '../engine/point-in-time.ts'
import { DataError } from '../model/errors.ts'
import { type Knowing, knownTimes } from '../model/known-partitions.ts'
import { LABEL_STATES, type LabelState } from '../model/training.ts'
import type { Instant } from '../model/zone.ts'

/** Number of labels per combination of the ends of the partitions that they ask for, one per lookup. */
export type AskedEnds = readonly { readonly ends: readonly Instant[]; readonly labels: number }[]

/** What labels ask for: per feature the lookup that tells its partitions, and how many labels ask for which. */
export interface AskedPartitions {
  readonly lookups: readonly Lookup[]
  /** By feature. */
  readonly lookupOf: readonly number[]
  readonly asked: AskedEnds
}

/** Finds the partitions that the labels ask for. */
export async function askPartitions(
  session: Session,
  labels: LabelTable,
  views: readonly { readonly knowing: Knowing }[],
  dir: string,
): Promise<AskedPartitions> {
  const { lookups, lookupOf } = await createLookups(session, labels, views, dir)
  const rows = await session.rows(countsSql({ labels, lookups }))
  const asked = rows.map((row) => ({ ends: lookups.map((_, at) => Number(row[`e${at}`])), labels: Number(row.labels) }))
  return { lookups, lookupOf, asked }
}

/** Tables by which the session finds each label's partition; views of one calendar that are available alike share one. */
export async function createLookups(
  session: Session,
  labels: LabelTable,
  views: readonly { readonly knowing: Knowing }[],
  dir: string,
): Promise<Pick<AskedPartitions, 'lookups' | 'lookupOf'>> {
  const names = views.map(({ knowing: { calendar, availableAfterMs } }) => `${calendar.grain} ${calendar.zone.name} ${availableAfterMs}`)
  const distinct = [...new Set(names)]
  const lookups: Lookup[] = []
  for (const [at, name] of distinct.entries()) {
    const view = views[names.indexOf(name)]
    if (view) lookups.push(await createKnown(session, at, { knowing: view.knowing, labels, file: join(dir, `known-${at}.csv`) }))
  }
  return { lookups, lookupOf: names.map((name) => distinct.indexOf(name)) }
}

async function createKnown(
  session: Session,
  at: number,
  { knowing, labels, file }: { readonly knowing: Knowing; readonly labels: LabelTable; readonly file: string },
): Promise<Lookup> {
  const times = knownTimes(knowing, labels.first, labels.last)
  if (times.kind === 'steps') return times
  const { base, sizeMs, steps } = times
  await writeFile(file, steps.map(({ cut, before, after }, step) => `${step},${cut},${before},${after}\n`).join(''))
  await session.run(createKnownSql(at, file))
  return { kind: 'table', base, sizeMs }
}

/** Labels per end of the partition that they ask of one lookup. */
export function askedOf(asked: AskedEnds, lookup: number): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { ends, labels } of asked) {
    const end = ends[lookup] ?? Number.NaN
    counts.set(end, (counts.get(end) ?? 0) + labels)
  }
  return counts
}

/** One written file of the set. */
export interface Part {
  readonly file: string
  readonly rows: number
}

export interface JoinJob {
  readonly name: string
  readonly labels: LabelTable
  readonly lookups: readonly Lookup[]
  readonly features: readonly JoinedFeature[]
  readonly dir: string
  readonly partRows: number
}

const PART_ROWS_MAX = 1_000_000
const PART_LABEL_BYTES = 128 * 1024 * 1024

/**
 * Labels of one file of a set: the join sorts a file's rows in the memory of the engine build, so wide labels make shorter files. Measured at
 * 1 GB: two million labels of 50 bytes with three features of a zone with changes of clocks did not fit at once.
 */
export function rowsOfPart(rows: number, bytes: number): number {
  return Math.max(1, Math.min(PART_ROWS_MAX, Math.floor(PART_LABEL_BYTES / (bytes / rows))))
}

/** Joins and writes: each label once, in order, in as many files as its number asks for. */
export async function joinLabels(session: Session, job: JoinJob): Promise<Part[]> {
  const { labels, features } = job
  for (const at of features.keys()) for (const sql of carrySql(job, at)) await session.run(sql)
  const parts: Part[] = []
  for (let from = 0; from < labels.rows; from += job.partRows) {
    const to = Math.min(from + job.partRows, labels.rows)
    const file = join(job.dir, `part-${parts.length}.parquet`)
    await session.run(writeSql(job, file, { from, to }, job.name))
    parts.push({ file, rows: to - from })
  }
  return parts
}

/** What became of the labels in one feature. */
export interface FeatureCounts {
  readonly states: Readonly<Record<LabelState, number>>
  readonly ageMax?: number
}

/** Counts what was written. @throws DataError when it is not every label once. */
export async function countStates(
  session: Session,
  parts: readonly Part[],
  names: readonly string[],
  rows: number,
): Promise<FeatureCounts[]> {
  const found = await session.rows(
    statesSql(
      parts.map(({ file }) => file),
      names,
    ),
  )
  const written = found.reduce((sum, row) => sum + Number(row.labels), 0)
  if (written !== rows)
    throw new DataError(`the join gave ${written} rows for ${rows} labels: a partition holds an entity twice; nothing was written`)
  return names.map((_, at) => countsOf(found, at))
}

/** Counts of the feature at that place, from rows of states `s<n>`, greatest ages `a<n>` and labels. */
export function countsOf(rows: readonly Row[], at: number): FeatureCounts {
  const states = Object.fromEntries(LABEL_STATES.map((state) => [state, 0])) as Record<LabelState, number>
  let ageMax: number | undefined
  for (const row of rows) {
    const state = LABEL_STATES.find((one) => one === row[`s${at}`])
    if (state) states[state] += Number(row.labels)
    if (row[`a${at}`] !== null) ageMax = Math.max(ageMax ?? 0, Number(row[`a${at}`]))
  }
  return { states, ...(ageMax !== undefined && { ageMax }) }
}
