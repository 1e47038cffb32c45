import { listOutputs } from '../../lake/outputs.ts'
import type { Feature } from '../../model/catalog.ts'
import type { Grain } from '../../model/partition.ts'
import { viewCalendar } from '../../model/view.ts'
import { newestEnded } from '../affected.ts'
import type { StatusEffects } from '../status.ts'
import type { RawSize } from './raw-size.ts'

/** A view that reads a source partition by partition: other views can read it in the source's place. */
export interface PreAggregate {
  readonly view: string
  readonly version: string
  readonly grain: Grain
  readonly entity: readonly string[]
  readonly partitions: number
  readonly first?: string
  readonly last?: string
  /** Partitions between the first and the last that are not there. */
  readonly gaps: number
  readonly bytes: number
  /** Raw bytes of the same time, as far as they are still there. */
  readonly rawBytes: number
}

/** Whether its windows over sources are no longer than its partitions, so that it counts each row once. */
export function isPreAggregate({ version }: Feature): boolean {
  const lengths = { hour: 3_600_000, day: 86_400_000, month: 0 }
  return version.inputs.some(({ kind, window }) => {
    if (kind !== 'source' || window.kind !== 'duration') return false
    const { count, unit } = window.length
    if (version.grain === 'month') return unit === 'month' && count === 1
    const ms = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: Number.POSITIVE_INFINITY }
    return count * ms[unit] === lengths[version.grain]
  })
}

/** What stands of it, held against the raw data of the same time. */
export async function coverOf(feature: Feature, raw: RawSize, { lake, now }: StatusEffects): Promise<PreAggregate> {
  const { view, version, grain, entity } = feature.version
  const calendar = viewCalendar(feature.version)
  const outputs = await listOutputs(lake.store, feature.version, '0', newestEnded(feature, now()).name)
  const standing = [...outputs].filter(([, { output }]) => output !== undefined)
  const names = standing.map(([name]) => name).sort()
  const [first, last] = [names[0], names.at(-1)]
  const bytes = standing.reduce((sum, [, { output }]) => sum + (output?.size ?? 0), 0)
  const known = { view, version, grain, entity, partitions: names.length, bytes }
  if (first === undefined || last === undefined) return { ...known, gaps: 0, rawBytes: 0 }
  const [start, end] = [calendar.named(first).start, calendar.named(last).end]
  const inside = raw.folders.filter(({ folder }) => folder.start < end && folder.end > start)
  const rawBytes = inside.reduce((sum, one) => sum + one.bytes, 0)
  return { ...known, first, last, gaps: calendar.within(start, end).length - names.length, rawBytes }
}
