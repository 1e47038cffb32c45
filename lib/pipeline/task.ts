import type { Cause } from '../lake/receipts.ts'
import type { Reprocess } from '../model/states.ts'

/** A run of adjacent partitions of one view version, from `first` to `last`, both included. */
export interface ComputeTask {
  readonly kind: 'task'
  readonly view: string
  readonly version: string
  readonly first: string
  readonly last: string
  readonly reprocess: Reprocess
  readonly missingInputs: 'block' | 'allow'
  /** Who asked: a run's id, or `live`, which queues what depends on a result. */
  readonly writer: string
  /** Why live asked. */
  readonly cause?: Cause
}

/** One raw object of an arrival source to land; `repair` also computes the stale partitions that it touches. */
export interface LandTask {
  readonly kind: 'land'
  readonly source: string
  readonly key: string
  readonly repair: boolean
  /** Tries an object again that was refused as it stands. */
  readonly retry: boolean
  readonly writer: string
  readonly cause?: Cause
}

/** An object that arrived in a bucket. */
export interface ObjectArrived {
  readonly kind: 'object'
  /** Undefined: the lake's own bucket. */
  readonly bucket?: string
  readonly key: string
  /** By which S3 tells the events of one key apart. */
  readonly sequencer?: string
}

export type Task = ComputeTask | LandTask
export type Message = Task | ObjectArrived

/** The writer of everything that live computes. */
export const LIVE = 'live'
