/** What a partition's inputs say of whether it can be computed: one answer per source, folder and window, and the one that decides. */
import type { Feature, SourceBinding } from '../model/catalog.ts'
import { renderDuration } from '../model/duration.ts'
import type { Partition } from '../model/partition.ts'
import type { Source } from '../model/source.ts'
import type { Readiness } from '../model/states.ts'
import { windowStart } from '../model/window.ts'
import { type Instant, zoneNamed } from '../model/zone.ts'
import type { InputFolder } from './bound-input.ts'

export const READY: Readiness = { kind: 'ready' }

export function notEnded(partition: Partition): Readiness {
  return { kind: 'pending', reason: `it ends at ${new Date(partition.end).toISOString()}` }
}

export function graceOf(source: Source, partition: Partition, now: Instant): Readiness {
  const due = partition.end + source.waitMs
  return now >= due ? READY : { kind: 'pending', reason: `the grace of ${source.name} ends at ${new Date(due).toISOString()}` }
}

export function warmUpOf(feature: Feature, source: Source, cut: Instant, partition: Partition, binding: SourceBinding): Readiness {
  if (feature.version.warmUp === 'compute' || source.start === undefined || binding.window.kind === 'all') return READY
  const before = binding.window.kind === 'latest' ? partition.end <= source.start : cut < source.start
  if (!before) return READY
  return { kind: 'warming_up', reason: `the window of ${binding.name} reaches before the start of ${source.name}` }
}

export function noFolderYet(source: Source, partition: Partition): Readiness {
  if (source.gaps === 'empty' || (source.start !== undefined && partition.end <= source.start)) return READY
  return {
    kind: 'blocked',
    reason: `no whole folder of ${source.name} ended by ${new Date(partition.end).toISOString()}`,
    remedy: `put one, or write gaps: empty in ${source.file}`,
  }
}

export function folderReadiness(source: Source, folder: InputFolder, now: Instant): Readiness {
  const kept = source.keep === undefined || folder.end > windowStart(source.keep, now, zoneNamed(source.keyZone))
  const empty = folder.objects.length === 0
  if (!kept && (empty || source.folders === 'event_time')) {
    return {
      kind: 'expired',
      reason: `folder ${folder.name} of ${source.name} is older than it is kept (${renderDuration(source.keep ?? { count: 0, unit: 'day' })})`,
      remedy: `read a pre-aggregate instead, or raise keep in ${source.file}; --missing-inputs allow computes without it`,
    }
  }
  if (source.marker !== undefined && !folder.marked) {
    return { kind: 'pending', reason: `folder ${folder.name} of ${source.name} has no ${source.marker} yet` }
  }
  if (!empty || source.gaps === 'empty') return READY
  if (folder.end + source.waitMs > now) return { kind: 'pending', reason: `folder ${folder.name} of ${source.name} has not ended` }
  return {
    kind: 'blocked',
    reason: `folder ${folder.name} of ${source.name} has no data`,
    remedy: `put the data, or write gaps: empty in ${source.file}; --missing-inputs allow computes without it`,
  }
}

const SEVERITY: Record<Readiness['kind'], number> = { ready: 0, blocked: 1, expired: 2, warming_up: 3, pending: 4 }

/** The readiness that decides: what cannot be computed yet before what is refused. */
export function worst(all: readonly Readiness[]): Readiness {
  let found: Readiness = READY
  for (const one of all) if (SEVERITY[one.kind] > SEVERITY[found.kind]) found = one
  return found
}
