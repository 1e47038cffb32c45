import type { ObjectStore } from '../lake/object-store.ts'
import { InvalidInputError } from '../model/errors.ts'
import { newestKnown } from '../model/known-partitions.ts'
import type { Partition } from '../model/partition.ts'
import { count, grouped } from '../model/words.ts'
import type { Instant } from '../model/zone.ts'
import { runsOf } from './affected.ts'
import { firstPartitionStart } from './first-partition.ts'
import type { AskedPartitions } from './training-join.ts'
import type { TrainingView } from './training-views.ts'

/** One feature's partitions that labels ask for, in order, each with its labels. */
export interface Asked {
  readonly partition: Partition
  readonly labels: number
}

/** What labels ask of one feature, and what of it stands in the lake. */
export interface FeatureCoverage {
  readonly view: TrainingView
  readonly first: Partition
  readonly last: Partition
  readonly present: readonly Asked[]
  readonly missing: readonly Asked[]
  /** Partitions between the first and the last, whether or not a label asks for them. */
  readonly between: { readonly present: number; readonly missing: number }
}

/** The partitions that labels between the two times ask for, held against those that are there. */
export function coverageOf(
  view: TrainingView,
  asked: ReadonlyMap<Instant, number>,
  has: (name: string) => boolean,
  labels: { readonly first: Instant; readonly last: Instant },
): FeatureCoverage {
  const { calendar } = view.knowing
  const [first, last] = [newestKnown(view.knowing, labels.first), newestKnown(view.knowing, labels.last)]
  const between = calendar.within(first.start, last.end)
  const all = between.flatMap((partition) => {
    const count = asked.get(partition.end)
    return count === undefined ? [] : [{ partition, labels: count }]
  })
  const there = between.filter(({ name }) => has(name)).length
  return {
    view,
    first,
    last,
    present: all.filter(({ partition }) => has(partition.name)),
    missing: all.filter(({ partition }) => !has(partition.name)),
    between: { present: there, missing: between.length - there },
  }
}

/**
 * Holds the labels to the coverage of the versions: a partition that is not there, before, after or in a hole, is never replaced by an
 * older one. @throws InvalidInputError naming what is missing and the backfill that computes it, unless that is allowed.
 */
export async function requireCovered(
  coverages: readonly FeatureCoverage[],
  labels: { readonly rows: number; readonly asked: AskedPartitions; readonly allow: boolean },
  { store, now }: { readonly store: ObjectStore; readonly now: Instant },
): Promise<void> {
  if (labels.allow || coverages.every(({ missing }) => missing.length === 0)) return
  const lines: string[] = []
  for (const coverage of coverages) {
    if (coverage.missing.length > 0)
      lines.push(...describeMissing(coverage, await firstPartitionStart(store, coverage.view.published.version), now))
  }
  throw new InvalidInputError(
    `${grouped(uncoveredLabels(labels.asked, coverages))} of ${count(labels.rows, 'label')} ask for partitions that are not there; nothing was written:\n` +
      `${lines.map((line) => `  ${line}`).join('\n')}\n  or --allow-uncovered, which gives them NULL and the state no_partition`,
  )
}

/** Labels for which at least one feature has no partition. */
function uncoveredLabels({ asked, lookupOf }: AskedPartitions, coverages: readonly FeatureCoverage[]): number {
  const missing = coverages.map((coverage) => new Set(coverage.missing.map(({ partition }) => partition.end)))
  const isUncovered = (ends: readonly Instant[]) => missing.some((set, at) => set.has(ends[lookupOf[at] ?? 0] ?? Number.NaN))
  return asked.reduce((sum, { ends, labels }) => sum + (isUncovered(ends) ? labels : 0), 0)
}

const RUNS_SHOWN_MAX = 3

/** Lines that say per view which partitions are missing, and the backfill that computes them, where one can. */
function describeMissing(coverage: FeatureCoverage, start: Instant, now: Instant): string[] {
  const { feature, published } = coverage.view
  const { view, version } = published.version
  const name = version === published.candidate ? view : `${view}@${version}`
  const groups = [
    {
      what: 'before its first partition (start of its sources, warm_up), no backfill computes that',
      is: (one: Partition) => one.start < start,
    },
    { what: 'not ended yet', is: ({ end }: Partition) => end > now },
    { what: undefined, is: () => true },
  ]
  const left = new Set(coverage.missing)
  const lines: string[] = []
  for (const { what, is } of groups) {
    const some = [...left].filter(({ partition }) => is(partition))
    for (const one of some) left.delete(one)
    const runs = runsOf(some.map(({ partition }) => partition))
    if (runs.length === 0) continue
    const labels = some.reduce((sum, one) => sum + one.labels, 0)
    const shown = runs.slice(0, RUNS_SHOWN_MAX).map(({ first, last }) => (first === last ? first.name : `${first.name}..${last.name}`))
    const more = runs.length > RUNS_SHOWN_MAX ? ` and ${runs.length - RUNS_SHOWN_MAX} more runs` : ''
    const [first, last] = [runs[0]?.first.name, runs.at(-1)?.last.name]
    const remedy = what ?? `hindcast backfill ${name} --from ${first} --to ${last}`
    lines.push(`${feature.as} (${view}): ${shown.join(', ')}${more}, for ${count(labels, 'label')}: ${remedy}`)
  }
  return lines
}
