import type { Instant } from '../model/zone.ts'
import type { DifferenceKind } from './difference-sql.ts'

/** One difference to look at. */
export interface Difference {
  readonly kind: DifferenceKind
  /** The keys, as `origin=ATL`. */
  readonly entity: string
  /** End of the partition, in milliseconds. */
  readonly end: Instant
  /** Undefined where the whole row is only on one side. */
  readonly column?: string
  readonly here?: string
  readonly there?: string
}

/** What one column's values say over all rows that are on both sides. */
export interface ColumnDiff {
  readonly name: string
  readonly type: string
  readonly lastBits: number
  readonly different: number
  /** Those of the different ones that are NULL on one side. */
  readonly nullOnOneSide: number
  /** Those of the different ones that are times one local day apart. */
  readonly dayApart: number
  /** Largest finite difference, of numbers. */
  readonly largest?: number
  /** The same, as a share of the larger number. */
  readonly largestRelative?: number
}

/** What the rows of one partition say; `end` in milliseconds. */
export interface PartitionRows {
  readonly end: Instant
  /** Rows on both sides, and those of them that differ in some column. */
  readonly matched: number
  readonly lastBits: number
  readonly different: number
  readonly onlyHere: number
  readonly onlyThere: number
  /** By column, in their order: the sum of there minus here, of numbers that differ. */
  readonly net: readonly number[]
}

export interface TableDiff {
  readonly columns: readonly ColumnDiff[]
  /** In order of time; partitions without rows on both sides are not in it. */
  readonly partitions: readonly PartitionRows[]
  readonly examples: readonly Difference[]
}

export const NO_DIFFERENCES: TableDiff = { columns: [], partitions: [], examples: [] }

export interface TableDiffJob {
  /** SELECTs of `p` (the partition's end in milliseconds), the keys `k0`, `k1`, ... and the columns `v0`, `v1`, ..., typed alike. */
  readonly here: string
  readonly there: string
  readonly keys: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Numbers nearer than this are the same: relative, and absolute below 1. */
  readonly tolerance?: number
  readonly zone: string
  /** Over which the zone's changes of clocks matter. */
  readonly range: { readonly start: Instant; readonly end: Instant }
  /** Rows shown of each kind. */
  readonly examples: number
}
