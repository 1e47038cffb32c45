import type { EngineBuild } from '../engine/build.ts'
import type { Computed, ComputeJob } from '../engine/compute.ts'
import type { Decoded, Decoding, RawObject } from '../engine/decode.ts'
import type { LandedObject, LandJob, Piece } from '../engine/land-object.ts'
import type { LocalObject } from '../engine/local-object.ts'
import type { OutputChange, OutputPairFiles } from '../engine/output-change.ts'
import type { ParquetLayout } from '../engine/parquet-layout.ts'
import type { ObjectProfile } from '../engine/profile.ts'
import type { KnownRows, Stretch } from '../engine/row-group-times.ts'
import type { Lake } from '../lake/lake.ts'
import type { TableStore } from '../lake/table-store.ts'
import type { Attempt } from '../model/attempt.ts'
import type { SourceBinding } from '../model/catalog.ts'
import type { Instant } from '../model/zone.ts'
import type { Message } from './task.ts'

/** What the pipeline asks of an engine; `openLocalEngine` is the real one, and a test may remember its answers. */
export interface ComputeEngine {
  readonly build: EngineBuild
  /** Local folder that the engine may read and write. */
  readonly scratch: string
  /** Computes partitions of one version; what is wrong with one leaves the others unaffected. */
  computeAll(jobs: readonly ComputeJob[]): Promise<readonly Attempt<Computed>[]>
  /** What an output does to the entities of the one that stood there. */
  changeOf(pair: OutputPairFiles): Promise<OutputChange>
  land(job: LandJob): Promise<LandedObject>
  emptyPiece(source: Decoding, file: string): Promise<Piece>
  /** Decodes a raw object into one local Parquet file. */
  decode(raw: RawObject, source: Decoding, file: string): Promise<Decoded>
  /**
   * Looks at objects of one source as this binding reads them, each for itself. Here and below `zone` is that of the session which is asked:
   * all give the same, and the one that computes next is open then.
   */
  profileAll(objects: readonly LocalObject[], binding: SourceBinding, zone?: string): Promise<readonly Attempt<ObjectProfile>[]>
  /** Where columns lie in a Parquet file of which only the footer has to be there. */
  layout(
    file: { readonly file: string; readonly size: number },
    columns: readonly string[],
    zone?: string,
  ): Promise<ParquetLayout | undefined>
  /** When the rows of an object are, stretch by stretch; its event times have to be there. */
  stretches(object: LocalObject, binding: SourceBinding, known: KnownRows, zone?: string): Promise<readonly Stretch[] | undefined>
}

/** Profiles of objects by what names their bytes and how they are read. */
export type Profiles = Map<string, Promise<ObjectProfile>>

/** Where live work waits: SQS on AWS, memory in a process. */
export interface Queue {
  send(messages: readonly Message[]): Promise<void>
}

/** Something worth telling: one per partition, object or decision. `event` is a fixed word, the rest are values for queries. */
export interface LogEvent {
  readonly event: string
  readonly [key: string]: unknown
}

/** Everything by which the pipeline touches the world, in one small parameter. */
export interface Effects {
  readonly lake: Lake
  readonly engine: ComputeEngine
  readonly queue: Queue
  /** What was seen of objects, for all engines of this build in the process to know; without it each engine has its own. */
  readonly profiles?: Profiles
  /** The Glue database of the lake, where it has one. */
  readonly tables?: TableStore
  now(): Instant
  /** A name that no other caller gets. */
  newId(): string
  log(event: LogEvent): void
  /** Milliseconds left before this call is cut off; a task ends between two partitions before that. */
  timeLeftMs?(): number
}
