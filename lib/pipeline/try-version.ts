import type { Lake } from '../lake/lake.ts'
import { openMemoryStore } from '../lake/memory-store.ts'
import { openOverlayStore } from '../lake/overlay-store.ts'
import { readFrozen } from '../lake/version-named.ts'
import type { Catalog, Feature, ViewVersion } from '../model/catalog.ts'
import { hasClockChange } from '../model/clock-change.ts'
import { HindcastError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'
import { runsOf } from './affected.ts'
import { standingOutputs } from './bring-outputs.ts'
import type { Diff } from './diff.ts'
import { coverOf } from './diff-cover.ts'
import type { OutputsQuestion } from './diff-outputs.ts'
import { chooseForTrial } from './gate-choice.ts'
import type { PlannedView } from './plan.ts'
import type { ComputeTask } from './task.ts'
import type { Outcome, TransformReport } from './transform.ts'

/** A sample of a new version, computed in scratch before the run, against the published one. */
export interface Trial {
  readonly view: string
  readonly version: string
  readonly published: string
  /** Partitions that were computed. */
  readonly partitions: readonly string[]
  /** Partitions that could not be computed, or broke a rule: of the run they would be left out too. */
  readonly refused: readonly { readonly partition: string; readonly reason: string }[]
  /** Published here, new there. */
  readonly diff?: Diff
  /** Why there is no comparison. */
  readonly reason?: string
}

export interface TrialEffects {
  readonly lake: Lake
  recompute(lake: Lake, task: ComputeTask, catalog: Catalog): Promise<TransformReport>
  compareVersions(question: OutputsQuestion): Promise<Diff>
}

export interface TrialQuestion {
  readonly feature: Feature
  readonly planned: PlannedView
  /** The published version. */
  readonly published: string
}

/** Computes a few partitions of the range that the published version has, and compares. What goes wrong is told, never thrown. */
export async function tryVersion(question: TrialQuestion, catalog: Catalog, effects: TrialEffects): Promise<Trial> {
  const { feature, published } = question
  const { view, version } = feature.version
  const trial: Trial = { view, version, published, partitions: [], refused: [] }
  try {
    return { ...trial, ...(await compareSample(question, catalog, effects)) }
  } catch (error) {
    if (!(error instanceof HindcastError)) throw error
    return { ...trial, reason: error.message }
  }
}

async function compareSample(
  { feature, planned, published }: TrialQuestion,
  catalog: Catalog,
  effects: TrialEffects,
): Promise<Partial<Trial>> {
  const { lake } = effects
  const old = await readFrozen(lake.store, feature.version.view, published)
  const sample = await sampleOf(feature.version, old, planned, lake)
  if (sample.length === 0) return { reason: `the published version has no partition of the range` }
  const store = openOverlayStore(lake.store, openMemoryStore())
  const overlay: Lake = { store, bucket: (name) => (name === undefined ? store : lake.bucket(name)) }
  const outcomes: Outcome[] = []
  for (const task of tasksOf(feature, sample)) outcomes.push(...(await effects.recompute(overlay, task, catalog)).outcomes)
  const made = outcomes.filter(isComputed).map(({ partition }) => partition)
  const refused = outcomes
    .filter((outcome) => !isComputed(outcome))
    .map(({ partition, result, reason }) => ({ partition, reason: reason ?? result }))
  const partitions = sample.filter(({ name }) => made.includes(name))
  if (partitions.length === 0) return { refused, reason: 'no partition of the sample could be computed' }
  const outputs = async (of: ViewVersion, from: Lake) =>
    (await standingOutputs(from.store, of)).filter(({ partition }) => made.includes(partition.name))
  const diff = await effects.compareVersions({
    here: { name: `version ${published} (published)`, version: old, store: lake.store, outputs: await outputs(old, lake) },
    there: {
      name: `version ${feature.version.version} (new)`,
      version: feature.version,
      store,
      outputs: await outputs(feature.version, overlay),
    },
    covered: coverOf({ here: partitions, there: partitions }),
  })
  return { partitions: made, refused, diff }
}

function isComputed({ result }: Outcome): boolean {
  return result === 'written' || result === 'confirmed' || result === 'fresh'
}

async function sampleOf(version: ViewVersion, old: ViewVersion, { first, last }: PlannedView, { store }: Lake): Promise<Partition[]> {
  if (first === undefined || last === undefined) return []
  const standing = await standingOutputs(store, old, { first, last })
  const calendar = viewCalendar(version)
  const partitions = standing.flatMap(({ partition }) => calendar.find(partition.name) ?? [])
  return chooseForTrial(partitions, (partition) => hasClockChange(calendar.zone, partition))
}

/** The rules hold here as they will in the run. */
function tasksOf({ version }: Feature, sample: readonly Partition[]): ComputeTask[] {
  return runsOf(sample).map(({ first, last }) => ({
    kind: 'task',
    view: version.view,
    version: version.version,
    first: first.name,
    last: last.name,
    reprocess: 'stale',
    missingInputs: 'block',
    writer: 'verify',
  }))
}
