import { readPublished } from '../lake/published.ts'
import { withVersions } from '../lake/registry.ts'
import { featureKey, type VersionRef } from '../model/catalog.ts'
import { runsOf } from '../pipeline/affected.ts'
import { newestLiveWritten } from '../pipeline/live-written.ts'
import type { Verified } from '../pipeline/publish.ts'
import { type Verification, verify } from '../pipeline/verify.ts'
import type { CliContext } from './context.ts'
import type { Session } from './session.ts'
import { renderVerification, verifyEffects } from './verify-effects.ts'

/** What a comparison before a publish found: a difference is never published. */
export type LiveVerification = { readonly found: Verification; readonly verified: Verified | 'different' }

/**
 * Recomputes the newest partitions that live wrote of these versions, and of those that are published, through the door of a backfill.
 * Nothing to compare is verified by nobody, unless that is waived.
 */
export async function verifyLive(
  context: CliContext,
  session: Session,
  wanted: readonly VersionRef[],
  unverified: boolean,
): Promise<LiveVerification> {
  const { store } = session.lake
  const { value: published } = await readPublished(store)
  const current = wanted.flatMap(({ view }) => {
    const version = published.views[view]
    return version === undefined ? [] : [{ view, version }]
  })
  const refs = [...new Map([...wanted, ...current].map((ref) => [featureKey(ref.view, ref.version), ref])).values()]
  const catalog = await withVersions(store, session.catalog, refs)
  const effects = verifyEffects(context, { ...session, catalog })
  const found: Verification[] = []
  for (const { view, version } of refs) {
    const feature = catalog.features.get(featureKey(view, version))
    const partitions = feature ? await newestLiveWritten(store, feature.version, context.now()) : []
    for (const { first, last } of runsOf(partitions)) {
      const period = { from: first.name, to: last.name }
      found.push(await verify({ views: [featureKey(view, version)], period }, catalog, effects))
    }
  }
  const sum = summed(found)
  if (sum.different.length > 0) return { found: sum, verified: 'different' }
  if (sum.compared > 0) return { found: sum, verified: 'yes' }
  return { found: sum, verified: unverified ? 'unverified_allowed' : 'nothing_compared' }
}

/** What was compared before a publish, for a person. */
export function renderLiveVerification({ found }: LiveVerification, wanted: readonly VersionRef[]): string {
  if (found.compared > 0) return renderVerification(found)
  const names = wanted.map(({ view, version }) => `${view} ${version}`).join(', ')
  return `nothing compared: live wrote no recent partition of ${names}, nor of what is published, that is fresh`
}

function summed(all: readonly Verification[]): Verification {
  const sum = (pick: (one: Verification) => number) => all.reduce((total, one) => total + pick(one), 0)
  return {
    format: 1,
    compared: sum((one) => one.compared),
    rows: sum((one) => one.rows),
    notCompared: sum((one) => one.notCompared),
    different: all.flatMap((one) => one.different),
  }
}
