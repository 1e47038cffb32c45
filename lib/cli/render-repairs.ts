import type { RepairedPartition } from '../pipeline/receipt-figures.ts'
import type { ViewStatus } from '../pipeline/status.ts'
import { count } from './table.ts'

const REPAIRS_MAX = 20
const OBJECTS_MAX = 3

/** One line for all repairs of a view. */
export function renderRepairsInShort({ view, receipts: { repaired = [] } }: ViewStatus): string[] {
  const [newest] = repaired
  if (!newest) return []
  const partitions = new Set(repaired.map(({ partition }) => partition)).size
  return [`repaired: ${count(partitions, 'partition')}, the last at ${newest.at}; hindcast status ${view} --repairs says what changed`]
}

/** Each repair: when, for which object, what it changed; and the training sets that it outdates. */
export function renderRepairs({ receipts: { repaired = [] }, outdated = [] }: ViewStatus): string[] {
  if (repaired.length === 0) return ['repaired: nothing, as far as the receipts that were read tell']
  return [
    ...repaired.slice(0, REPAIRS_MAX).flatMap(renderRepair),
    ...(repaired.length > REPAIRS_MAX ? [`and ${repaired.length - REPAIRS_MAX} more repairs, in --json`] : []),
    ...outdated.map(({ name, run, partitions, labels }) => {
      const which = partitions.length === 1 ? (partitions[0] ?? '') : `${partitions[0]}..${partitions.at(-1)} (${partitions.length})`
      return `outdated: training set ${name} (run ${run}): ${count(labels, 'label')} read ${which} as it was before; hindcast train ${name} --check says more`
    }),
  ]
}

function renderRepair(repair: RepairedPartition): string[] {
  const { partition, at, writer, objects, objectsInAll } = repair
  const more = objectsInAll > OBJECTS_MAX ? [`    and ${objectsInAll - OBJECTS_MAX} more`] : []
  return [
    `repaired: ${partition} at ${at} by ${writer === 'live' ? 'live' : `run ${writer}`}: ${renderChange(repair)}`,
    ...objects
      .slice(0, OBJECTS_MAX)
      .map(({ change, key, input }) => `    ${change === 'folder' ? `changed folder ${key} of ${input}` : `${change} ${key}`}`),
    ...more,
  ]
}

function renderChange({ same, read, change }: RepairedPartition): string {
  const rows =
    read.before === read.after
      ? count(read.after, 'row')
      : `${read.before.toLocaleString('en-US')} rows before, ${read.after.toLocaleString('en-US')} now`
  if (same && read.before === read.after)
    return `rewritten with the same rows (a compaction): the same bytes, so nothing that reads it was computed (${rows} read)`
  if (same) return `the same bytes, so nothing that reads it was computed (${rows} read)`
  if (!change) return `other bytes; what stood there before could not be read (${rows} read)`
  const { added, removed, changed, largest } = change
  const told = [
    ...(changed > 0 ? [`${changed} changed`] : []),
    ...(added > 0 ? [`${added} new`] : []),
    ...(removed > 0 ? [`${removed} gone`] : []),
  ]
  const most = largest ? `; the largest change: ${largest.entity} ${largest.column} ${largest.before} to ${largest.after}` : ''
  return `entities: ${told.join(', ') || 'none'} (${rows} read)${most}`
}
