import type { FolderGrain, Grain } from '../partition.ts'
import type { SourceFormat } from '../source.ts'
import type { Field } from './column-facts.ts'
import type { RankedTime } from './event-time.ts'
import type { FolderSeries } from './folder-series.ts'
import type { Placement } from './placement.ts'

/** A column as the source's definition will declare it. */
export interface ColumnGuess {
  readonly field: Field
  readonly type: string
  readonly remark?: string
  /** The first folder that has it, where older ones do not. */
  readonly since?: string
}

/** Something that was found and left out, with the reason. */
export interface LeftOut {
  readonly name: string
  readonly reason: string
}

/** The name of an object that lies in folders beside the data. */
export interface MarkerGuess {
  readonly name: string
  /** Folders that have it. */
  readonly folders: number
  /** Every folder has it, or all but the newest. */
  readonly isEverywhere: boolean
}

/** A column of the first view's key. */
export interface EntityGuess {
  readonly columns: readonly Field[]
  readonly types: readonly string[]
  readonly reason: string
  /** It is NULL in some sampled rows. */
  readonly hasNulls: boolean
  /** Columns that were the next best. */
  readonly others: readonly Field[]
}

/** The number whose mean the first view shows. */
export interface MeasureGuess {
  readonly field: Field
  /** Infinity and NaN were seen. */
  readonly isFinite: boolean
}

/** Grain and window that suit the data, and partitions that can be computed now. */
export interface ViewGuess {
  readonly grain: Grain
  readonly zone: string
  readonly window: string
  /** Short for the window, as names of columns have it. */
  readonly label: string
  /** The same in a word, as the name of the view has it. */
  readonly word: string
  readonly warmUp: 'skip' | 'compute'
  /** Absent where no partition has ended yet. */
  readonly period?: { readonly from: string; readonly to: string }
}

/** All that was found out about raw data, with the evidence: what a source and a first view are written from. */
export interface DataGuess {
  readonly placement: Placement
  readonly objects: number
  readonly bytes: number
  readonly format: SourceFormat
  readonly sample: { readonly objects: number; readonly rows: number }
  readonly unreadable: readonly LeftOut[]
  readonly columns: readonly ColumnGuess[]
  readonly leftOut: readonly LeftOut[]
  /** The event time, then whatever else reads as a time. */
  readonly times: readonly [RankedTime, ...RankedTime[]]
  readonly refusedTimes: readonly LeftOut[]
  readonly folders: 'event_time' | 'arrival'
  readonly keyZone: string
  readonly zone: string
  readonly series: FolderSeries
  readonly grain: FolderGrain
  readonly start: string
  readonly marker?: MarkerGuess
  /** The largest share of bad rows in one sampled object, and the first of them. */
  readonly badRows?: { readonly share: number; readonly reason: string }
  readonly entity: EntityGuess
  readonly measure?: MeasureGuess
  readonly view: ViewGuess
  /** Words that need quotes as the name of a column. */
  readonly reserved: ReadonlySet<string>
}
