import prettyMs from 'pretty-ms'
import type { ObjectStore } from '../lake/object-store.ts'
import type { Partition } from '../model/partition.ts'
import { count } from '../model/words.ts'
import { runsOf } from './affected.ts'
import { receiptFigures } from './receipt-figures.ts'
import type { FeatureCoverage } from './training-coverage.ts'
import { type LabelTimes, readable } from './training-features.ts'
import type { FeatureCounts } from './training-join.ts'
import type { BroughtLabels } from './training-labels.ts'
import type { TrainingTable } from './training-tables.ts'

/** Receipts per view, of the newest partitions that labels ask for: one GET each. */
const RECEIPTS_READ = 50

/**
 * Where live wrote partitions later than `available_after` says, as `status` measures it: labels in between read what serving did not
 * have yet. One line per view.
 */
export async function lateWarnings(
  store: ObjectStore,
  coverages: readonly FeatureCoverage[],
  tables: readonly TrainingTable[],
): Promise<string[]> {
  const seen = new Set<string>()
  const warnings: string[] = []
  for (const [at, coverage] of coverages.entries()) {
    const { published } = coverage.view
    const { view } = published.version
    const table = tables[at]
    if (!table || seen.has(view)) continue
    seen.add(view)
    const partitions = coverage.present.map(({ partition }) => partition)
    const { availability } = await receiptFigures(store, published, partitions, table.outputs, RECEIPTS_READ)
    if (!availability || availability.later === 0) continue
    const { later, partitions: measured, maxMs, p95Ms, availableAfterMs } = availability
    warnings.push(
      `${view}: ${later} of ${measured} partitions that live wrote were there later than available_after (${lengthOf(availableAfterMs)}) says, ` +
        `95% within ${lengthOf(p95Ms)} of their end, the last after ${lengthOf(maxMs)}; labels in between read what serving did not have yet`,
    )
  }
  return warnings
}

/** Columns of the labels that are left out because the definition does not declare them: a set without them may be what was meant. */
export function undeclaredWarnings({ name, undeclared }: BroughtLabels): string[] {
  if (undeclared.length === 0) return []
  const columns = `${undeclared.length === 1 ? 'column' : 'columns'} ${undeclared.map((column) => `'${column}'`).join(', ')}`
  return [`${name}: ${columns} not in the set; labels.columns of the definition names those that are`]
}

/**
 * Where `carry` looks back over partitions that are not there: what they would have said is not known. One line per feature, and none
 * where every label found its entity in the newest known partition, or has none.
 */
export function holeWarnings(
  coverages: readonly FeatureCoverage[],
  tables: readonly TrainingTable[],
  counts: readonly FeatureCounts[],
  labels: LabelTimes,
): string[] {
  return coverages.flatMap((coverage, at) => {
    const { states } = counts[at] ?? {}
    if (!states || states.carried + states.absent === 0) return []
    const holes = holesLookedOver(coverage, tables[at], labels)
    if (holes.length === 0) return []
    const runs = runsOf(holes).map(({ first, last }) => (first === last ? first.name : `${first.name}..${last.name}`))
    const shown = runs.length > 3 ? [...runs.slice(0, 3), '...'] : runs
    return [`${coverage.view.feature.as}: carry looks back over ${count(holes.length, 'missing partition')}: ${shown.join(', ')}`]
  })
}

/** A label looks back from the newest known partition, where that is there: at most so far that a row is of the age of `carry`. */
function holesLookedOver({ view, present }: FeatureCoverage, table: TrainingTable | undefined, labels: LabelTimes): Partition[] {
  const { carryMs } = view
  if (carryMs === undefined || !table) return []
  const partitions = readable(view, labels)
  // Before the first one that stands there is no history to have holes.
  const first = partitions.findIndex(({ name }) => table.has(name))
  const reach = present.map(({ partition: { end } }) => ({ from: end - carryMs, to: end }))
  const isReached = ({ end }: Partition) => reach.some(({ from, to }) => from <= end && end < to)
  return partitions.filter((one, index) => first >= 0 && index > first && !table.has(one.name) && isReached(one))
}

function lengthOf(ms: number): string {
  return prettyMs(ms, { unitCount: 2 })
}
