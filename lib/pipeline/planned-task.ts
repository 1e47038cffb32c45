/** A task of a plan: a run of adjacent partitions, with what it is expected to read. */
export interface PlannedTask {
  readonly view: string
  readonly version: string
  readonly first: string
  readonly last: string
  /** Partitions in it that are computed, and that may be. */
  readonly partitions: number
  readonly maybe: number
  /** Bytes and objects that are fetched, each object once. */
  readonly bytes: number
  readonly objects: number
  /** Bytes that the queries scan, overlapping windows counted each time. */
  readonly scanned: number
}
