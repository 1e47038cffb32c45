import type { InputBinding } from '../model/catalog.ts'
import type { InputObject } from '../model/fingerprint.ts'
import type { Readiness } from '../model/states.ts'
import type { Instant } from '../model/zone.ts'

/** One input object with what is needed to bring it here: `match` is the listed ETag, `etag` what counts for fingerprints. */
export interface FetchableObject extends InputObject {
  readonly match: string
}

/** One folder of a source, or one partition of an input view, as listed. */
export interface InputFolder {
  readonly name: string
  readonly start: Instant
  readonly end: Instant
  readonly objects: readonly FetchableObject[]
  readonly digest: string
  readonly bytes: number
  /** The marker object is there (sources that have one). */
  readonly marked: boolean
}

/** What one partition reads through one binding: the cut `[start, end)` and the folders it touches, in time order. */
export interface BoundInput {
  readonly binding: InputBinding
  readonly start: Instant
  readonly end: Instant
  readonly folders: readonly InputFolder[]
}

export interface PartitionInputs {
  readonly readiness: Readiness
  readonly fingerprint: string
  readonly inputs: readonly BoundInput[]
}
