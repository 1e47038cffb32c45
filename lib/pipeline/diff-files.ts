/** Compares a view's outputs with files of somebody's old pipeline. */
import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MatchedColumn } from '../engine/diff-columns.ts'
import { diffSides } from '../engine/diff-sides.ts'
import type { Session } from '../engine/engine.ts'
import {
  type ForeignPlaces,
  type ForeignRows,
  foreignSide,
  placeRows,
  requireReadableKeys,
  unreadableText,
} from '../engine/foreign-side.ts'
import { type ForeignFiles, type ForeignTable, foreignError, openForeign } from '../engine/foreign-table.ts'
import { foreignTimeSql, type TimeMeaning } from '../engine/foreign-time.ts'
import { NO_DIFFERENCES, type TableDiff } from '../engine/table-diff.ts'
import { tableSide } from '../engine/table-side.ts'
import { namedVersions, readFrozen, versionByPrefix } from '../lake/version-named.ts'
import type { ViewVersion } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import type { PeriodRequest } from '../model/period.ts'
import { viewCalendar } from '../model/view.ts'
import { bringOutputs, type StandingOutput, standingOutputs } from './bring-outputs.ts'
import { counted, type Diff, describeDiff, EXAMPLES, outsideNotes } from './diff.ts'
import { type Covered, coverOf, timesOf } from './diff-cover.ts'
import { type DiffEffects, periodOf, versionName } from './diff-versions.ts'
import { type MatchedTables, matchTables, requireValues } from './match-files.ts'

export interface FilesRequest {
  readonly view: string
  /** The hash of a version, or how it begins; by default the published one, else the candidate. */
  readonly version?: string
  readonly files: ForeignFiles
  /** The files as a person named them. */
  readonly named: string
  /** As `--on` has it: their entity columns in the order of the view's, then their time; or pairs `ours=theirs`. */
  readonly on: string
  readonly meaning: TimeMeaning
  readonly period?: PeriodRequest
  readonly tolerance?: number
}

/** Everything that is known before rows are read. */
interface Setup {
  readonly request: FilesRequest
  readonly effects: DiffEffects
  readonly version: ViewVersion
  readonly versionName: string
  readonly standing: readonly StandingOutput[]
  readonly period: readonly Partition[] | undefined
  /** A local folder of this comparison alone. */
  readonly folder: string
}

/** @throws InvalidInputError for columns that are not there, DataError for keys that are there twice and files that cannot be read. */
export async function diffFiles(request: FilesRequest, effects: DiffEffects): Promise<Diff> {
  const { store, engine, now } = effects
  const named = await namedVersions(store, request.view)
  const hash = request.version === undefined ? (named.published ?? named.candidate) : versionByPrefix(named, request.version)
  const version = await readFrozen(store, request.view, hash)
  const standing = await standingOutputs(store, version)
  const period = periodOf(version, request.period, now())
  const folder = join(engine.scratch, `diff-${randomUUID()}`)
  await mkdir(folder, { recursive: true })
  const setup = { request, effects, version, versionName: versionName(named, hash), standing, period, folder }
  try {
    return await engine.session(version.zone, (session) => compareFiles(session, setup))
  } catch (error) {
    throw foreignError(error, request.named)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compareFiles(session: Session, setup: Setup): Promise<Diff> {
  const { request, version, standing, period, folder } = setup
  const old = await openForeign(session, request.files, join(folder, 'text.parquet'))
  const matched = matchTables(version, old, request.on, request.named)
  const candidates = candidatePartitions(version, period ?? standing.map(({ partition }) => partition))
  const foreign = foreignRows(setup, old, matched, candidates)
  const places = await placeRows(session, foreign, candidates)
  const there = candidates.filter(({ end }) => places.rows.has(end))
  const covered = coverOf({ here: standing.map(({ partition }) => partition), there }, period)
  const unreadable = await unreadableText(session, foreign, [...matched.keys, ...matched.values])
  requireReadableKeys(request.named, version.entity, unreadable)
  const values = matched.values.filter(({ name }) => !unreadable.some(({ column }) => column === name))
  const left = [...matched.left, ...unreadable]
  requireValues(version, old, values, left, request.named)
  const table = await compareRows(session, { setup, foreign, places, covered, keys: matched.keys, values })
  return describeDiff({
    version,
    here: { name: setup.versionName, version: version.version },
    there: { name: request.named, files: request.files.files.length },
    covered,
    table,
    compared: [...matched.keys, ...values],
    left,
    notes: notesOf(setup, places, covered, matched),
  })
}

/** All partitions from the first to the last, those that do not stand among them. */
function candidatePartitions(version: ViewVersion, some: readonly Partition[]): Partition[] {
  const [first, last] = [some[0], some.at(-1)]
  return first && last ? viewCalendar(version).within(first.start, last.end) : []
}

function foreignRows(
  { request, version }: Setup,
  table: ForeignTable,
  { time }: MatchedTables,
  candidates: readonly Partition[],
): ForeignRows {
  const { grain, zone } = version
  const range = { start: candidates[0]?.start ?? 0, end: candidates.at(-1)?.end ?? 0 }
  return { table, name: request.named, micros: foreignTimeSql({ ...time, grain, zone, meaning: request.meaning, range }) }
}

interface Rows {
  readonly setup: Setup
  readonly foreign: ForeignRows
  readonly places: ForeignPlaces
  readonly covered: Covered
  readonly keys: readonly MatchedColumn[]
  readonly values: readonly MatchedColumn[]
}

async function compareRows(session: Session, { setup, foreign, places, covered, keys, values }: Rows): Promise<TableDiff> {
  const { request, effects, version, versionName: name, standing, folder } = setup
  if (covered.here.size === 0 || covered.there.size === 0) return NO_DIFFERENCES
  const outputs = standing.filter(({ partition }) => covered.here.has(partition.end))
  const { files } = await bringOutputs(effects.store, version, outputs, join(folder, 'here'))
  const local = { name, version, files: files.map(({ partition, file }) => ({ end: partition.end, file })) }
  const here = await tableSide(session, local, { keys: keys.map((column) => column.here), columns: values.map((column) => column.here) })
  const job = { keys, columns: values, ends: covered.there, file: join(folder, 'there.parquet') }
  const there = await foreignSide(session, foreign, places, job)
  return diffSides(session, here, there, {
    keys: version.entity,
    columns: values,
    ...(request.tolerance !== undefined && { tolerance: request.tolerance }),
    zone: version.zone,
    range: timesOf(covered),
    examples: EXAMPLES,
  })
}

function notesOf(
  { request, versionName: name, standing, period }: Setup,
  places: ForeignPlaces,
  covered: Covered,
  { time }: MatchedTables,
): string[] {
  const notCovered = [...places.rows].filter(([end]) => !covered.there.has(end)).reduce((sum, [, rows]) => sum + rows, 0)
  const outside = places.outside + notCovered
  return [
    ...(outside > 0 ? [`${counted(outside, 'row')} of ${request.named} outside the compared partitions`] : []),
    ...(places.timeless > 0 ? [`${counted(places.timeless, 'row')} of ${request.named} without a time in ${time.name}, not compared`] : []),
    ...(period ? [] : outsideNotes(name, standing.length - covered.here.size)),
  ]
}
