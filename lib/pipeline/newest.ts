import { OUTPUT_NAME, versionPrefix } from '../lake/keys.ts'
import { listOutputs } from '../lake/outputs.ts'
import type { Catalog, Feature } from '../model/catalog.ts'
import { viewCalendar } from '../model/view.ts'
import type { Instant } from '../model/zone.ts'
import type { Effects } from './effects.ts'

/** Partitions to look back over, one range after the other: mostly the first has one. The last is half a year of hours. */
const LOOK_BACK = [8, 64, 512, 4096]

/**
 * Tells, for each live version, how long ago its newest partition ended: what an alarm on late views reads. Half a year of hours is
 * the most that is told; a version that never had a partition is not late.
 */
export async function tellNewest(catalog: Catalog, effects: Pick<Effects, 'lake' | 'log' | 'now'>): Promise<void> {
  const now = effects.now()
  for (const feature of catalog.features.values()) {
    const end = await newestEnd(feature, effects, now)
    const { view, version } = feature.version
    if (end !== undefined) effects.log({ event: 'newest', view, version, ageSeconds: Math.round((now - end) / 1000) })
  }
}

async function newestEnd(feature: Feature, { lake }: Pick<Effects, 'lake'>, now: Instant): Promise<Instant | undefined> {
  const calendar = viewCalendar(feature.version)
  let before = calendar.indexAt(now)
  for (const count of LOOK_BACK) {
    const first = calendar.indexAt(now) - count
    const outputs = await listOutputs(lake.store, feature.version, calendar.name(first), calendar.name(before))
    const ends = [...outputs].flatMap(([name, { output }]) => (output ? [calendar.named(name).end] : []))
    if (ends.length > 0) return Math.max(...ends)
    before = first
  }
  const prefix = versionPrefix(feature.version.view, feature.version.version)
  for await (const page of lake.store.list({ prefix }))
    if (page.some(({ key }) => key.endsWith(`/${OUTPUT_NAME}`))) return calendar.start(before)
  return undefined
}
