import { type Catalog, type Feature, requestName, type ViewVersion } from '../model/catalog.ts'
import type { Partition } from '../model/partition.ts'
import { viewCalendar } from '../model/view.ts'
import { newestEnded, runsOf } from './affected.ts'
import { lackingPartitions, outputNames } from './lacking.ts'
import type { LeftOutRun } from './left-out.ts'
import type { PlanEffects } from './plan.ts'
import { startOf } from './view-folders.ts'

export interface CoverageFindings {
  /** One line each: what is lacking, and the command that helps. */
  readonly problems: readonly string[]
  readonly leftOut: readonly LeftOutRun[]
}

/** The coverage of what replaces a version contains every partition of it, except those that it cannot have. */
export async function coverageProblems(
  feature: Feature,
  old: ViewVersion,
  catalog: Catalog,
  effects: PlanEffects,
): Promise<CoverageFindings> {
  const { missing, rejected, leftOut } = await lackingPartitions(feature, old, catalog, effects)
  const { view, version } = feature.version
  const name = requestName(catalog, feature.version)
  const subject = `version ${version} of view ${view}`
  const problems: string[] = []
  if (missing.length > 0) {
    const lacks = `${subject} lacks ${renderPartitions(missing)} of the published version ${old.version}`
    problems.push(`${lacks}; hindcast backfill ${name} ${rangeOf(missing)} --with upstream`)
  }
  if (rejected.length > 0) {
    const refused = `${subject} has ${renderPartitions(rejected)} rejected, which the published version ${old.version} has`
    problems.push(`${refused}; hindcast status ${name} ${rangeOf(rejected)} says why`)
  }
  return { problems, leftOut }
}

/** A view is not published before there is anything to read. */
export async function emptyProblems(feature: Feature, catalog: Catalog, effects: PlanEffects): Promise<string[]> {
  if ((await outputNames(effects.lake.store, feature.version)).length > 0) return []
  const { view, version } = feature.version
  const start = startOf(catalog, feature)
  const newest = newestEnded(feature, effects.now())
  const first = start === undefined ? undefined : viewCalendar(feature.version).at(start)
  const period = first && first.start <= newest.start ? `--from ${first.name} --to ${newest.name}` : '--last 30d'
  const backfill = `hindcast backfill ${requestName(catalog, feature.version)} ${period} --with upstream`
  return [`version ${version} of view ${view} has no partitions; ${backfill}`]
}

/** At most so many runs are spelled out. */
const RUNS_MAX = 3

/** `12 partitions (2001-01-01..2001-01-12)`. */
export function renderPartitions(partitions: readonly Partition[]): string {
  const runs = runsOf(partitions).map(({ first, last }) => (first === last ? first.name : `${first.name}..${last.name}`))
  const more = runs.length > RUNS_MAX ? [`and ${runs.length - RUNS_MAX} more runs`] : []
  const noun = partitions.length === 1 ? 'partition' : 'partitions'
  return `${partitions.length} ${noun} (${[...runs.slice(0, RUNS_MAX), ...more].join(', ')})`
}

function rangeOf(partitions: readonly Partition[]): string {
  return `--from ${partitions[0]?.name} --to ${partitions.at(-1)?.name}`
}
