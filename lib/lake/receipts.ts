import type { ReceiptName } from '../model/states.ts'
import { RECEIPT_FORMAT } from './keys.ts'

/**
 * A receipt is the lasting fact "fingerprint F on engine build E gives these bytes, and they stand here under this ETag". All of it is
 * in its name, so that one listing yields outputs and receipts together. It is true for ever and needs no lock.
 */
const PREFIX = `_receipt.${RECEIPT_FORMAT}.`
const REJECTED = '_rejected.'

export function receiptName({ fingerprint, engine, sha256, etag }: ReceiptName): string {
  return `${PREFIX}${fingerprint}.${engine}.${sha256}.${etag}`
}

/** Undefined for a name that is no receipt of this format. */
export function parseReceiptName(name: string): ReceiptName | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  const [fingerprint, engine, sha256, etag] = name.slice(PREFIX.length).split('.')
  return fingerprint && engine && sha256 && etag ? { fingerprint, engine, sha256, etag } : undefined
}

export function rejectedName(mark: { readonly fingerprint: string; readonly rules: string }): string {
  return `${REJECTED}${mark.fingerprint}.${mark.rules}`
}

export function parseRejectedName(name: string): { readonly fingerprint: string; readonly rules: string } | undefined {
  if (!name.startsWith(REJECTED)) return undefined
  const [fingerprint, rules] = name.slice(REJECTED.length).split('.')
  return fingerprint && rules ? { fingerprint, rules } : undefined
}

/** The body of a mark beside an output: why what its inputs gave was refused. */
export interface RejectedMark {
  readonly format: 1
  readonly view: string
  readonly version: string
  readonly partition: string
  readonly reasons: readonly string[]
  /** Rows of the refused output, where there was one. */
  readonly rows?: number
  readonly at: string
  readonly writer: string
}

/** The body of a mark of a raw object that could not be landed. */
export interface RefusedMark {
  readonly format: 1
  readonly key: string
  readonly reason: string
  readonly at: string
}

/** One input folder as a receipt remembers it. */
export interface ReceiptFolder {
  readonly name: string
  readonly digest: string
  readonly objects: number
  readonly bytes: number
}

/** One input of a receipt: its folders, the objects (key, size, ETag) where they are few, and what was read. */
export interface ReceiptInput {
  readonly name: string
  readonly from: string
  readonly folders: readonly ReceiptFolder[]
  /** At most `RECEIPT_KEYS_MAX` over all inputs; absent where there were more. */
  readonly keys?: readonly (readonly [string, number, string])[]
  /** Rows inside the window. */
  readonly rows: number
  /** Rows of event-time folders whose event time lies outside their folder. */
  readonly strays: number
  /** Rows that could not be read and that `bad_rows` allowed. */
  readonly skipped: number
}

export const RECEIPT_KEYS_MAX = 1000

/** A partition that was computed again because its inputs changed. */
export interface Repair {
  readonly at: string
  readonly writer: string
  /** What changed of its inputs, at most `REPAIR_OBJECTS_MAX`; a folder where the receipt before had too many objects to name them. */
  readonly objects: readonly { readonly input: string; readonly key: string; readonly change: 'new' | 'replaced' | 'gone' | 'folder' }[]
  readonly objectsInAll: number
  /** Rows that it read. */
  readonly read: { readonly before: number; readonly after: number }
  /** It gave the bytes that stood there. */
  readonly same: boolean
  /** What it did to the entities; absent for the same bytes, and where what stood there was no output any more. */
  readonly change?: {
    readonly added: number
    readonly removed: number
    readonly changed: number
    /** The largest relative change of a number. */
    readonly largest?: { readonly entity: string; readonly column: string; readonly before: string; readonly after: string }
  }
}

export const REPAIR_OBJECTS_MAX = 20
/** The newest ones are kept. */
export const REPAIRS_MAX = 10

/** What set live to work, for people: no decision rests on it, and no byte of an output. */
export type Cause =
  /** An object arrived. S3 tells the events of one key apart by `sequencer`; absent where what told of it was no event. */
  | { readonly kind: 'object'; readonly bucket?: string; readonly key: string; readonly sequencer?: string }
  /** A sweep found what no event had led to. */
  | { readonly kind: 'sweep'; readonly at: string }

/** The body of a receipt. Times are ISO, durations milliseconds. */
export interface Receipt {
  readonly format: 1
  readonly view: string
  readonly version: string
  readonly partition: string
  readonly start: string
  readonly end: string
  readonly fingerprint: string
  readonly engine: string
  readonly sha256: string
  readonly etag: string
  readonly inputs: readonly ReceiptInput[]
  readonly rows: number
  readonly bytes: number
  /** `warn` rules that did not hold, with how many rows broke each (1 for a rule over the whole partition). */
  readonly warnings: readonly { readonly rule: string; readonly rows: number }[]
  readonly durations: Readonly<Record<string, number>>
  /** Who wrote it: a run's id, or `live`. */
  readonly writer: string
  /** What led live to it; absent for runs. */
  readonly cause?: Cause
  readonly first_written: string
  readonly written: string
  /** Since when these bytes stand there, where computing them again gave the same: absent, since `written`. */
  readonly standing_since?: string
  /** Oldest first; absent where there was none. */
  readonly repairs?: readonly Repair[]
}
