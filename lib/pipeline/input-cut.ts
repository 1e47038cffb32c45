import type { InputCount } from '../engine/compute.ts'
import type { BoundInput } from './bound-input.ts'

/** What one input of a partition is cut to, and what lies there. Times are ISO; no start: everything that there is before the end. */
export interface InputCut {
  readonly name: string
  readonly kind: 'source' | 'view'
  readonly from: string
  readonly window: 'duration' | 'all' | 'latest'
  readonly start?: string
  readonly end: string
  /** Folders of a source, partitions of a view. */
  readonly folders: number
  readonly first?: string
  readonly last?: string
  readonly objects: number
  readonly bytes: number
  /** Where it was read: rows inside the cut, rows that lie outside their folder's time, and rows that could not be read. */
  readonly rows?: number
  readonly strays?: number
  readonly skipped?: number
}

/** Describes an input as listed, with what reading it counted. */
export function describeInput({ binding, start, end, folders }: BoundInput, count?: InputCount): InputCut {
  const [first, last] = [folders[0]?.name, folders.at(-1)?.name]
  return {
    name: binding.name,
    kind: binding.kind,
    from: binding.kind === 'source' ? binding.source : binding.view,
    window: binding.window.kind,
    ...(Number.isFinite(start) && { start: new Date(start).toISOString() }),
    end: new Date(end).toISOString(),
    folders: folders.length,
    ...(first !== undefined && last !== undefined && { first, last }),
    objects: folders.reduce((sum, folder) => sum + folder.objects.length, 0),
    bytes: folders.reduce((sum, folder) => sum + folder.bytes, 0),
    ...(count && { rows: count.rows, strays: count.strays, skipped: count.skipped }),
  }
}
