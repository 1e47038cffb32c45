/**
 * Makes a training set: labels joined with the feature values that were known at the time of each. What is decided (versions, partitions,
 * coverage) is decided before anything is written; the manifest is put last, so a run that died left nothing that looks complete.
 *
 *     labels -> partitions that they ask for -> all there? -> bring them -> join, write -> put files -> put manifest
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineBuild } from '../engine/build.ts'
import { digestOfFile } from '../engine/compute.ts'
import type { Session } from '../engine/engine.ts'
import { bytesOfLabels, countDuplicates, type LabelTable, labelColumns, readLabelTimes } from '../engine/label-table.ts'
import { trainingPartKey } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import { putManifest, type TrainingManifest } from '../lake/training-manifest.ts'
import { featureKey, type OutputColumn } from '../model/catalog.ts'
import { DataError, InternalError, InvalidInputError } from '../model/errors.ts'
import { problemsOfLabels } from '../model/label-rules.ts'
import type { Partition } from '../model/partition.ts'
import { type Problem, renderProblem, sortProblems } from '../model/problem.ts'
import type { Training, TrainingEngine } from '../model/training.ts'
import { problemsOfFeature } from '../model/training-rules.ts'
import type { YamlPath } from '../model/yaml-document.ts'
import type { Instant } from '../model/zone.ts'
import { athenaJob } from './athena-job.ts'
import { type AthenaEffects, athenaStatements, trainInAthena } from './train-athena.ts'
import { joinBytesMax, planTraining, requireBudget, type TrainingPlan } from './train-plan.ts'
import { coverageOf, type FeatureCoverage, requireCovered } from './training-coverage.ts'
import { type BroughtFeature, bringFeatures, bytesToBring, describeFeatures, listTables, readable } from './training-features.ts'
import {
  type AskedPartitions,
  askedOf,
  askPartitions,
  countStates,
  type FeatureCounts,
  joinLabels,
  type Part,
  rowsOfPart,
} from './training-join.ts'
import { type BroughtLabels, bringLabels, type LabelEffects, type LabelPlace } from './training-labels.ts'
import { manifestOf } from './training-report.ts'
import { staleWarnings } from './training-stale.ts'
import type { TrainingTable } from './training-tables.ts'
import { resolveTrainingViews, type TrainingView } from './training-views.ts'
import { holeWarnings, lateWarnings, undeclaredWarnings } from './training-warnings.ts'

/** Labels that are sent to Athena in one file, so that a file stays one put. */
const PART_ROWS = 5_000_000

export interface TrainEffects extends LabelEffects {
  readonly lake: Lake
  readonly engine: LabelEffects['engine'] & {
    readonly build: EngineBuild
    readonly scratch: string
    parallel<T>(threads: number, work: (session: Session) => Promise<T>): Promise<T>
  }
  readonly threads: number
  /** Athena, or what is lacking of it; undefined: it is not asked for. */
  readonly athena?: AthenaEffects | string
  /** Free bytes of the disk; undefined: enough. */
  readonly roomBytes?: number
  readonly signal?: AbortSignal
  onPlan?(plan: TrainingPlan): void
  now(): Instant
}

export interface TrainRequest {
  readonly training: Training
  /** The line of a key in the definition file, for messages. */
  lineOf(path: YamlPath): number
  readonly run: string
  readonly labels: LabelPlace
  /** Versions other than the published ones, by view. */
  readonly versions: ReadonlyMap<string, string>
  /** Labels whose partition is not there get NULL and the state `no_partition`. */
  readonly allowUncovered: boolean
  readonly partRows?: number
  /** Bytes of labels and partitions that there is room for; without it, nobody counts. */
  readonly bytesMax?: number
  /** In the place of what the definition says. */
  readonly engine?: TrainingEngine
  /** US dollars that Athena may cost. */
  readonly maxCostUsd?: number
}

/** @throws InvalidInputError for definitions and labels that do not fit and for labels outside coverage, DataError for bad labels. */
export function train(request: TrainRequest, effects: TrainEffects): Promise<TrainingManifest> {
  return withLabels(request, effects, make)
}

/** Where the set would be joined, and what that would cost; writes nothing. @throws as `train` does. */
export function planTrain(request: TrainRequest, effects: TrainEffects): Promise<TrainingPlan> {
  return withLabels(request, effects, async (making) => (await decide(making)).plan)
}

async function withLabels<T>(request: TrainRequest, effects: TrainEffects, work: (making: Making) => Promise<T>): Promise<T> {
  const { training, run } = request
  const views = await resolveTrainingViews(effects.lake.store, training, request.versions)
  const dir = join(effects.engine.scratch, `train-${run}`)
  await mkdir(dir, { recursive: true })
  try {
    const brought = await bringLabels(training, request.labels, dir, effects)
    return await effects.engine.parallel(effects.threads, (session) => work({ request, effects, views, brought, dir, session }))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

interface Making {
  readonly request: TrainRequest
  readonly effects: TrainEffects
  readonly views: readonly TrainingView[]
  readonly brought: BroughtLabels
  readonly dir: string
  readonly session: Session
}

async function make(making: Making): Promise<TrainingManifest> {
  const { request, effects, brought } = making
  const { store } = effects.lake
  const decided = await decide(making)
  const { labels, tables, coverages, plan } = decided
  requireBudget(plan, request.maxCostUsd)
  effects.onPlan?.(plan)
  if (plan.engine === 'duckdb' && request.bytesMax !== undefined)
    requireRoom(request.bytesMax, brought.bytes, bytesToBring(coverages, tables, labels))
  const [{ duplicates, features, joined, late }, stale] = await together(joinAll(making, decided), staleWarnings(coverages, effects))
  const { counts, files, ...how } = joined
  const warnings = [...undeclaredWarnings(brought), ...stale, ...late, ...holeWarnings(coverages, tables, counts, labels)]
  const set = { request, brought, labels, duplicates, files, warnings, ...how, now: effects.now() }
  const manifest = manifestOf(
    set,
    coverages.flatMap((coverage, at) => {
      const [feature, count] = [features[at], counts[at]]
      return feature && count ? [{ coverage, feature, count }] : []
    }),
  )
  await putManifest(store, manifest)
  return manifest
}

/** Brings what labels ask for, or tells Athena where it lies, and joins it. */
async function joinAll(making: Making, decided: Decided) {
  const { effects, session } = making
  const { labels, tables, coverages, plan, asked } = decided
  const [prepare, join] = plan.engine === 'athena' ? [describeFeatures, joinInAthena] : [bringFeatures, joinHere]
  const [duplicates, features] = await together(countDuplicates(session, labels), prepare(coverages, tables, labels, asked.lookupOf))
  const [joined, late] = await together(join(making, decided, features), lateWarnings(effects.lake.store, coverages, tables))
  return { duplicates, features, joined, late }
}

interface Decided {
  readonly labels: LabelTable
  /** Bytes of the labels before compression. */
  readonly plainBytes: number
  readonly asked: AskedPartitions
  readonly tables: readonly TrainingTable[]
  readonly coverages: readonly FeatureCoverage[]
  readonly plan: TrainingPlan
}

/** All that is decided before anything is written: partitions that labels ask for, all there or allowed not to be, and the engine. */
async function decide(making: Making): Promise<Decided> {
  const { request, effects, views, brought, dir, session } = making
  const { store } = effects.lake
  const labels = await readLabels(making)
  const plainBytes = await bytesOfLabels(session, labels.file)
  const asked = await askPartitions(session, labels, views, dir)
  const tables = await listTables(views, labels, { store, dir })
  const coverages = views.map((view, at) => {
    const has = (partition: string) => tables[at]?.has(partition) ?? false
    return coverageOf(view, askedOf(asked.asked, asked.lookupOf[at] ?? 0), has, labels)
  })
  await requireCovered(coverages, { rows: labels.rows, asked, allow: request.allowUncovered }, { store, now: effects.now() })
  const plan = planTraining({
    wanted: request.engine ?? request.training.engine ?? 'auto',
    ...lackingOf(effects),
    labels: labels.rows,
    labelBytes: brought.bytes,
    plainBytes,
    lookups: asked.lookups.length,
    features: views.map((view, at) => readOf(view, readable(view, labels), tables[at])),
    ...(effects.roomBytes !== undefined && { roomBytes: effects.roomBytes }),
    ...(request.bytesMax !== undefined && { bytesMax: request.bytesMax }),
  })
  const decided = { labels, plainBytes, asked, tables, coverages, plan }
  // What Athena does not take is refused before a label is sent, and by a plan.
  if (plan.engine === 'athena')
    athenaStatements(athenaJob(decided, { ...jobOptions(request), dir }), {
      lake: store.location,
      database: requireAthena(effects).tables.database,
    })
  return decided
}

function lackingOf({ athena }: TrainEffects): { readonly lacking?: string } {
  if (typeof athena === 'object') return {}
  return { lacking: athena ?? 'it is not set up here' }
}

function readOf({ published: { version }, carryMs }: TrainingView, partitions: readonly Partition[], table: TrainingTable | undefined) {
  const sizes = partitions.flatMap(({ name }) => table?.outputs.get(name)?.output?.size ?? [])
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return { table: featureKey(version.view, version.version), partitions: sizes.length, bytes, carries: carryMs !== undefined }
}

interface Joined {
  readonly counts: readonly FeatureCounts[]
  readonly files: TrainingManifest['files']
  readonly engine: EngineBuild
  readonly scannedBytes?: number
}

async function joinHere(making: Making, { labels, plainBytes, asked }: Decided, features: readonly BroughtFeature[]): Promise<Joined> {
  const { request, effects, dir, session } = making
  const job = {
    name: request.training.name,
    labels,
    lookups: asked.lookups,
    features: features.map(({ joined }) => joined),
    dir,
    partRows: request.partRows ?? rowsOfPart(labels.rows, plainBytes),
  }
  const parts = await joinLabels(session, job)
  const names = job.features.map(({ as }) => as)
  const [counts, digests] = await together(
    countStates(session, parts, names, labels.rows),
    Promise.all(parts.map(({ file }) => digestOfFile(file))),
  )
  return { counts, files: await putParts(making, parts, digests), engine: effects.engine.build }
}

async function joinInAthena({ request, effects, dir, session }: Making, decided: Decided): Promise<Joined> {
  const athena = requireAthena(effects)
  const { maxCostUsd: usd, run } = request
  const limit = usd !== undefined && {
    limit: {
      run,
      bytesMax: joinBytesMax(usd, decided.labels.rows, decided.coverages.length),
      from: `a budget of $${usd} (--max-cost)`,
      now: effects.now(),
    },
  }
  const job = athenaJob(decided, { ...jobOptions(request), dir, ...limit, ...(effects.signal && { signal: effects.signal }) })
  const { files, counts, scannedBytes } = await trainInAthena(job, { store: effects.lake.store, athena, session })
  return { counts, files, scannedBytes, engine: { id: 'athena', description: athena.queries.name } }
}

function jobOptions({ training, run, partRows = PART_ROWS }: TrainRequest) {
  return { name: training.name, run, partRows }
}

function requireAthena({ athena }: TrainEffects): AthenaEffects {
  if (typeof athena === 'object') return athena
  throw new InternalError('Athena was chosen where there is none')
}

/** Both to their end, also where one fails: a session must not be closed while it works. */
async function together<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b])
  if (second.status === 'rejected') throw second.reason
  if (first.status === 'rejected') throw first.reason
  return [first.value, second.value]
}

/** @throws InvalidInputError for more than there is room for. */
function requireRoom(bytesMax: number, labels: number, partitions: number): void {
  if (labels + partitions <= bytesMax) return
  const mb = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`
  throw new InvalidInputError(
    `the labels (${mb(labels)}) and the partitions that they read (${mb(partitions)}) do not fit here; expected at most ${mb(bytesMax)}, ` +
      'or hindcast train on a machine with more room',
  )
}

/** Looks at the columns, holds the definition against them and the views, and looks at every label's time. */
async function readLabels({ request, views, brought, session }: Making): Promise<LabelTable> {
  const { training } = request
  try {
    const columns = await labelColumns(session, brought.file)
    requireFitting(request, views, columns)
    return await readLabelTimes(session, { file: brought.file, name: brought.name, columns, time: training.labels.time })
  } catch (error) {
    if (!(error instanceof DataError) || error.message.includes(brought.name)) throw error
    throw new DataError(
      `labels ${brought.name} cannot be read as Parquet: ${error.message.replaceAll(brought.file, brought.name)}`,
      {},
      { cause: error },
    )
  }
}

/** @throws InvalidInputError listing all that does not fit between the definition, the labels and the versions of the views. */
function requireFitting({ training, lineOf }: TrainRequest, views: readonly TrainingView[], columns: readonly OutputColumn[]): void {
  const found = [
    ...problemsOfLabels(training, columns),
    ...views.flatMap(({ feature, published }, at) => problemsOfFeature(feature, at, published.version, columns)),
  ]
  if (found.length === 0) return
  const problems: Problem[] = found.map(({ path, ...rest }) => ({ file: training.file, line: lineOf(path), ...rest }))
  const versions = [...new Set(views.map(({ published }) => featureKey(published.version.view, published.version.version)))].join(', ')
  throw new InvalidInputError(
    `training set ${training.name} does not fit its labels and views (${versions}):\n${sortProblems(problems).map(renderProblem).join('\n')}`,
  )
}

/** Puts the files of the set; before the manifest they are no training set. */
async function putParts(
  { request, effects }: Making,
  parts: readonly Part[],
  digests: readonly Awaited<ReturnType<typeof digestOfFile>>[],
): Promise<TrainingManifest['files']> {
  const files: TrainingManifest['files'][number][] = []
  for (const [at, { file, rows }] of parts.entries()) {
    const key = trainingPartKey(request.training.name, request.run, at)
    const { size: bytes = 0, sha256 = '' } = digests[at] ?? {}
    await effects.lake.store.put(key, { file }, { ifNoneMatch: '*' })
    files.push({ key, rows, bytes, sha256 })
  }
  return files
}
