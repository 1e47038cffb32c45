import type { Partition } from '../../../lib/model/partition.ts'
import type { RawRow } from './contents.ts'
import { BASE, folderName, grainMs, type Shape } from './world.ts'

/** What a partition's rows add up to, per key; the same in words that know nothing of windows in SQL, pieces or folders. */
export type Sums = ReadonlyMap<string, { readonly n: number; readonly s: number }>

/** Raw rows per source; those of `s` by the name of their folder, since a row outside of its folder counts where the folder is read. */
export interface RawRows {
  readonly s: readonly { readonly folder: string; readonly rows: readonly RawRow[] }[]
  readonly a: readonly RawRow[]
}

/** Output of `u` for the partition at `index` of the partitions that begin with the one that holds the base. */
export function naiveU(shape: Shape, partitions: readonly Partition[], index: number, raw: RawRows): Sums {
  const cut = cutOf(shape, partitions, index, shape.windowU)
  const touched = new Set<string>()
  for (let folder = -1; folder <= shape.folders + 3; folder++) {
    const start = BASE + folder * grainMs(shape)
    if (start < cut.end && start + grainMs(shape) > cut.start) touched.add(folderName(shape, folder))
  }
  const rows = [...raw.s.flatMap((one) => (touched.has(one.folder) ? one.rows : [])), ...raw.a].filter(
    ({ t }) => t >= cut.start && t < cut.end,
  )
  return finish(
    shape,
    rows.map(({ k, x }) => ({ k, n: 1, s: x })),
  )
}

/** Output of `d` from outputs of `u`, by index, and the rows of `a`. */
export function naiveD(shape: Shape, partitions: readonly Partition[], index: number, ofU: (at: number) => Sums, raw: RawRows): Sums {
  const parts: { k: string; n: number; s: number }[] = []
  for (let at = Math.max(0, index - shape.windowD + 1); at <= index; at++) for (const [k, sums] of ofU(at)) parts.push({ k, ...sums })
  if (shape.windowA > 0) {
    const cut = cutOf(shape, partitions, index, shape.windowA)
    for (const { k, t, x } of raw.a) if (t >= cut.start && t < cut.end) parts.push({ k, n: 1, s: x })
  }
  return finish(shape, parts)
}

function cutOf(shape: Shape, partitions: readonly Partition[], index: number, count: number): { start: number; end: number } {
  const start = partitions[index - count + 1]?.start ?? Number.NEGATIVE_INFINITY
  return { start: shape.started ? Math.max(start, BASE) : start, end: partitions[index]?.end ?? Number.NaN }
}

function finish(shape: Shape, parts: readonly { k: string; n: number; s: number }[]): Sums {
  if (shape.lossy) return new Map([['all', { n: parts.reduce((sum, part) => sum + part.n, 0) % 3, s: 0 }]])
  const sums = new Map<string, { n: number; s: number }>()
  for (const { k, n, s } of parts) {
    const old = sums.get(k) ?? { n: 0, s: 0 }
    sums.set(k, { n: old.n + n, s: old.s + s })
  }
  return sums
}

export function renderSums(sums: Sums): string {
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, { n, s }]) => `${k}:${n}/${s}`)
    .join(' ')
}
