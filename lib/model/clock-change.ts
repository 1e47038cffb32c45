import type { Partition } from './partition.ts'
import type { Instant, Zone } from './zone.ts'

/** Whether the zone's clocks change inside the partition: a day of 23 or 25 hours, the month that holds one. */
export function hasClockChange(zone: Zone, { start, end }: Pick<Partition, 'start' | 'end'>): boolean {
  return zone.transitions(start, end).length > 1 || zone.offsetAt(start - 1) !== zone.offsetAt(start)
}

/** Instants at which the zone's clocks change inside `[start, end)`, in order of time. */
export function clockChanges(zone: Zone, start: Instant, end: Instant): Instant[] {
  return zone
    .transitions(start, end)
    .slice(1)
    .map(({ at }) => at)
}
