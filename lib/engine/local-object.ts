import type { Instant } from '../model/zone.ts'

/** An input object on local disk. Its content never changes under one path. */
export interface LocalObject {
  /** The key in its store, for messages. */
  readonly key: string
  readonly file: string
  /** Bounds of the folder that holds it. */
  readonly folderStart: Instant
  readonly folderEnd: Instant
  /** Values of the key's captures. */
  readonly captures: Readonly<Record<string, string>>
  /** Written by us, by decoding or landing: columns have the declared types, the event time is TIMESTAMPTZ. */
  readonly decoded: boolean
  /** Rows that could not be read and that `bad_rows` allowed. */
  readonly skipped: number
}
