import { type Catalog, type Feature, requestName } from '../model/catalog.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { Source } from '../model/source.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import { runsOf } from './affected.ts'
import type { Effects } from './effects.ts'
import { land } from './land.ts'
import { type Scope, scopeOf } from './scope.ts'
import { transform } from './transform.ts'
import { unfresh } from './unfresh.ts'
import { listUnlanded } from './unlanded.ts'

/** Objects that a preview lands and upstream partitions that it computes: some ten seconds of work each. */
const LANDINGS_MAX = 1000
const UPSTREAM_MAX = 1000

/** What had to be made before a view could be previewed, and what could not. */
export interface ScratchInputs {
  readonly landed: readonly {
    readonly source: string
    readonly objects: number /** Beyond what a preview lands. */
    readonly left: number
  }[]
  readonly computed: readonly { readonly view: string; readonly partitions: number }[]
  /** Objects that could not be landed and upstream partitions that were refused. */
  readonly problems: readonly string[]
}

/**
 * Lands and computes all that the partitions (adjacent, in order of time) of a feature read and that is missing or stale, with the code
 * of a run; `effects.lake` is to be an overlay. @throws InvalidInputError where that is more than a preview does.
 */
export async function prepareInputs(
  feature: Feature,
  partitions: readonly Partition[],
  catalog: Catalog,
  effects: Effects,
): Promise<ScratchInputs> {
  const [first, last] = [partitions[0], partitions.at(-1)]
  if (!first || !last) return { landed: [], computed: [], problems: [] }
  const request = { views: [requestName(catalog, feature.version)], period: { from: first.name, to: last.name }, with: 'upstream' as const }
  const scopes = scopeOf({ ...request, reprocess: 'stale', missingInputs: 'block', reason: 'preview' }, catalog, effects.now())
  const landings = []
  for (const [source, since] of arrivalSources(scopes, catalog)) landings.push(await landSource(source, since, effects))
  const upstream = scopes.filter((scope) => scope.feature !== feature)
  const computed = await computeScopes(upstream, catalog, effects)
  return {
    landed: landings.filter(({ objects, left }) => objects + left > 0).map(({ source, objects, left }) => ({ source, objects, left })),
    computed: computed.counts,
    problems: [...landings.flatMap((landing) => landing.problems), ...computed.problems],
  }
}

/** Arrival sources that the scopes read, with the earliest instant of which rows are wanted: older folders held none of them yet. */
function arrivalSources(scopes: readonly Scope[], catalog: Catalog): Map<Source, Instant> {
  const found = new Map<Source, Instant>()
  for (const { feature, partitions } of scopes) {
    for (const binding of feature.version.inputs) {
      const source = binding.kind === 'source' ? catalog.sources.get(binding.source) : undefined
      if (source?.folders !== 'arrival' || !partitions[0]) continue
      const { window } = binding
      const since =
        window.kind === 'duration'
          ? windowStart(window.length, partitions[0].end, zoneNamed(feature.version.zone))
          : Number.NEGATIVE_INFINITY
      found.set(source, Math.min(since, found.get(source) ?? since))
    }
  }
  return found
}

async function landSource(source: Source, since: Instant, effects: Effects) {
  const unlanded = (await listUnlanded({ lake: effects.lake, now: effects.now() }, source, since)).filter((object) => !object.refused)
  const problems: string[] = []
  if (unlanded.length > 0) effects.log({ event: 'scratch', source: source.name, objects: Math.min(unlanded.length, LANDINGS_MAX) })
  for (const { key } of unlanded.slice(0, LANDINGS_MAX)) {
    try {
      await land({ source, key, retry: false }, effects)
    } catch (error) {
      if (!(error instanceof DataError)) throw error
      problems.push(error.message)
    }
  }
  const objects = Math.min(unlanded.length, LANDINGS_MAX)
  return { source: source.name, objects, left: unlanded.length - objects, problems }
}

/** In the order of the scopes: each feature after what it reads, so a later one sees what was computed before. */
async function computeScopes(scopes: readonly Scope[], catalog: Catalog, effects: Effects) {
  const counts: { view: string; partitions: number }[] = []
  const problems: string[] = []
  let left = UPSTREAM_MAX
  for (const scope of scopes) {
    const { view, version } = scope.feature.version
    const wanted = await unfresh(scope, catalog, effects)
    left -= wanted.length
    if (left < 0) throw tooMany(view, wanted)
    if (wanted.length > 0) effects.log({ event: 'scratch', view, partitions: wanted.length })
    for (const { first, last } of runsOf(wanted)) {
      const range = { first: first.name, last: last.name }
      const task = { kind: 'task', view, version, ...range, reprocess: 'stale', missingInputs: 'block', writer: 'preview' } as const
      const { outcomes } = await transform(task, catalog, effects)
      for (const { partition, result, reason } of outcomes) if (result === 'rejected') problems.push(`${view} ${partition}: ${reason}`)
    }
    if (wanted.length > 0) counts.push({ view, partitions: wanted.length })
  }
  return { counts, problems }
}

function tooMany(view: string, wanted: readonly Partition[]): InvalidInputError {
  const range = `--from ${wanted[0]?.name} --to ${wanted.at(-1)?.name}`
  return new InvalidInputError(
    `${wanted.length} partitions of ${view} are missing or stale, a preview computes at most ${UPSTREAM_MAX} upstream partitions; run hindcast backfill ${view} ${range} first`,
  )
}
