/**
 * Makes versions the ones that readers see: all views of a call with one conditional put of `registry/published.json`. Everything that
 * decides is read before; when someone else put first, all of it is decided anew, unless they switched one of these views.
 */
import { putPublished, readPublished } from '../lake/published.ts'
import { readEntry } from '../lake/view-entry.ts'
import type { VersionRef, ViewRef } from '../model/catalog.ts'
import { ConflictError, InvalidInputError } from '../model/errors.ts'
import { type Published, switchVersions } from '../model/published.ts'
import type { Effects } from './effects.ts'
import type { PlanEffects } from './plan.ts'
import { decideSwitch, type PublishReport, type Verb } from './publish-rules.ts'
import { syncTables } from './sync-tables.ts'

/** What a comparison of live partitions with a backfill came to; one that differs is never published. */
export type Verified = 'yes' | 'nothing_compared' | 'unverified_allowed'

export interface PublishRequest {
  /** Without a version: the candidate. */
  readonly views: readonly ViewRef[]
  readonly verified: Verified
  /** The versions that have to be published now, where the caller decided on something that it read. */
  readonly expected?: Readonly<Record<string, string>>
  readonly verb?: Verb
  /** The run that publishes. */
  readonly run?: string
}

/** `tables`: the Glue database of the lake, where it has one. */
export type PublishEffects = PlanEffects & Pick<Effects, 'tables'>

/** How often everything is decided anew because others changed something else. */
const ROUNDS_MAX = 10

/**
 * @throws InvalidInputError where nothing was compared, or a rule of coverage or of upstream versions is broken, with the command that
 * helps; ConflictError when someone else switched one of these views first, naming what won. Then nothing was published.
 * Tables follow from what was published: one that could not be written is in the report, and the same call again writes it.
 */
export async function publish(request: PublishRequest, effects: PublishEffects): Promise<PublishReport> {
  return withTables(await switchAll(request, effects), effects)
}

/** Writes the tables of the views of a report, also of those that were published already: a table that failed before is healed. */
export async function withTables(report: PublishReport, effects: PublishEffects): Promise<PublishReport> {
  const { tables } = effects
  if (!tables) return report
  const names = [...report.published, ...report.unchanged].map(({ view }) => view)
  return { ...report, tables: await syncTables(names, { ...effects, tables }) }
}

async function switchAll(request: PublishRequest, effects: PlanEffects): Promise<PublishReport> {
  const names = request.views.map(({ view }) => view).join(', ')
  if (request.verified === 'nothing_compared') {
    throw new InvalidInputError(`${names}: nothing was compared, so nothing is verified; expected live partitions, or --unverified`)
  }
  const wanted = await wantedVersions(request.views, effects)
  let expected = request.expected
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const before = await readPublished(effects.lake.store)
    if (expected) requireSame(wanted, expected, before.value)
    expected ??= before.value.views
    const decided = await decideSwitch(request.verb ?? 'publish', { wanted, published: before.value }, effects)
    if (decided.published.length === 0) return decided
    const versions = Object.fromEntries(wanted.map(({ view, version }) => [view, version]))
    try {
      await putPublished(effects.lake.store, switchVersions(before.value, versions, effects.now(), request.run), before)
      return decided
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
  throw new ConflictError(`${names}: others changed what is published ${ROUNDS_MAX} times; nothing was published, try again`)
}

/** What `publish` would do now, with its refusals and without its put. */
export async function planPublish(request: Pick<PublishRequest, 'views'>, effects: PlanEffects): Promise<PublishReport> {
  const { value: published } = await readPublished(effects.lake.store)
  return decideSwitch('publish', { wanted: await wantedVersions(request.views, effects), published }, effects)
}

/** Each view once, with its version. */
async function wantedVersions(views: readonly ViewRef[], effects: PlanEffects): Promise<VersionRef[]> {
  const found = new Map<string, string>()
  for (const { view, version } of views) {
    const entry = await readEntry(effects.lake.store, view)
    if (entry?.retired !== undefined)
      throw new InvalidInputError(`view ${view} is retired since ${entry.retired}; hindcast register of its definition brings it back`)
    const wanted = version ?? entry?.candidate
    if (wanted === undefined) throw new InvalidInputError(`view ${view} is not registered; hindcast register freezes what is defined`)
    const other = found.get(view)
    if (other !== undefined && other !== wanted)
      throw new InvalidInputError(`view ${view} is named with two versions, ${other} and ${wanted}; expected one`)
    found.set(view, wanted)
  }
  return [...found].map(([view, version]) => ({ view, version }))
}

/** @throws ConflictError when one of the views was switched since; one that has the wanted version already is not in the way. */
function requireSame(wanted: readonly VersionRef[], then: Published['views'], now: Published): void {
  const won = wanted.filter(({ view, version }) => then[view] !== now.views[view] && now.views[view] !== version)
  if (won.length === 0) return
  const told = won.map(({ view }) => `${view} is version ${now.views[view] ?? '(none)'} since ${now.since?.[view] ?? 'just now'}`)
  throw new ConflictError(`someone else published first: ${told.join(', ')}; nothing of this call was published, look again and repeat`)
}
