import type { Feature, SourceBinding } from '../../model/catalog.ts'
import { folderCalendar, type Source } from '../../model/source.ts'
import { renderWindow, windowStart } from '../../model/window.ts'
import { type Instant, zoneNamed } from '../../model/zone.ts'
import { newestEnded } from '../affected.ts'

const DAY_MS = 86_400_000

/** How far back a view reads a source by one of its inputs. */
export interface Reach {
  readonly view: string
  readonly version: string
  /** Readers see this version. */
  readonly published: boolean
  readonly input: string
  readonly window: string
  /** The oldest folder that the newest ended partition reads, and how many days before now it begins. */
  readonly oldest?: string
  readonly days?: number
  /** The same for the oldest partition that live repairs by itself. */
  readonly repairOldest?: string
  readonly repairDays?: number
}

/** `latest` reads whichever folder is the newest, so it says no day. */
export function reachOf(
  feature: Feature,
  binding: SourceBinding,
  source: Source,
  facts: { readonly now: Instant; readonly published: boolean },
): Reach {
  const { now, published } = facts
  const { view, version } = feature.version
  const reach = { view, version, published, input: binding.name, window: renderWindow(binding.window) }
  const newest = cutOf(feature, binding, source, newestEnded(feature, now).end)
  const repaired = cutOf(feature, binding, source, newestEnded(feature, now).end - feature.settings.repairMs)
  return {
    ...reach,
    ...(newest !== undefined && { oldest: folderAt(source, newest), days: daysBefore(now, newest) }),
    ...(repaired !== undefined && { repairOldest: folderAt(source, repaired), repairDays: daysBefore(now, repaired) }),
  }
}

/** Where the window of a partition with this end begins; never before the source does. */
function cutOf({ version }: Feature, { window }: SourceBinding, { start }: Source, end: Instant): Instant | undefined {
  if (window.kind === 'latest') return undefined
  if (window.kind === 'all') return start
  return Math.max(windowStart(window.length, end, zoneNamed(version.zone)), start ?? Number.NEGATIVE_INFINITY)
}

function folderAt(source: Source, at: Instant): string {
  return folderCalendar(source).at(at).name
}

function daysBefore(now: Instant, at: Instant): number {
  return Math.ceil((now - at) / DAY_MS)
}
