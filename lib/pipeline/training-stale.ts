import { withVersions } from '../lake/registry.ts'
import { attempt } from '../model/attempt.ts'
import { EMPTY_CATALOG, featureKey } from '../model/catalog.ts'
import { renderError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import { count } from '../model/words.ts'
import { runsOf } from './affected.ts'
import type { PlanEffects } from './plan.ts'
import type { FeatureCoverage } from './training-coverage.ts'
import { unfresh } from './unfresh.ts'

/** Partitions per view whose inputs are looked at, back from the newest one: one LIST per thousand raw objects that they read. */
const LOOKED_AT = 50

/**
 * Where partitions that labels ask for are stale: their inputs changed, and nothing has computed them again. One line per view; of older
 * partitions nothing is said. A set needs no raw data: where it cannot be listed, that is told and nothing more.
 */
export async function staleWarnings(coverages: readonly FeatureCoverage[], effects: PlanEffects): Promise<string[]> {
  const { store } = effects.lake
  const wanted = new Map(coverages.map((coverage) => [coverage.view.published.version.view, coverage]))
  const refs = [...wanted.values()].map(({ view }) => view.published.version)
  const catalog = await withVersions(store, EMPTY_CATALOG, refs)
  const warnings: string[] = []
  for (const [view, coverage] of wanted) {
    const feature = catalog.features.get(featureKey(view, coverage.view.published.version.version))
    if (!feature) continue
    const looked = await attempt(() => unfresh({ feature, partitions: newestOf(coverage) }, catalog, effects))
    if ('error' in looked)
      warnings.push(`${view}: whether partitions that labels read are stale cannot be seen: ${renderError(looked.error)}`)
    else if (looked.value.length > 0) warnings.push(warningOf(view, looked.value))
  }
  return warnings
}

/** In order of time. */
function newestOf({ present }: FeatureCoverage): Partition[] {
  const all = present.map(({ partition }) => partition).sort((a, b) => a.start - b.start)
  const newest = all.at(-1)
  if (!newest) return []
  const from = newest.end - LOOKED_AT * (newest.end - newest.start)
  return all.filter(({ start }) => start >= from)
}

function warningOf(view: string, stale: readonly Partition[]): string {
  const runs = runsOf(stale).map(({ first, last }) => (first === last ? first.name : `${first.name}..${last.name}`))
  const shown = runs.length > 3 ? [...runs.slice(0, 3), '...'] : runs
  return `${view}: ${count(stale.length, 'partition')} that labels read were not computed again since their inputs changed: ${shown.join(', ')}; a sweep or hindcast backfill ${view} does, and this set keeps what stood there`
}
