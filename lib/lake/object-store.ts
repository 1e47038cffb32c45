/**
 * The one way to the bytes of a lake. S3 decides what it can promise: strong consistency per key, conditional puts, listings in
 * byte order of the key, no rename and no lock. Every implementation passes `test/unit/lake/object-store.contract.ts`.
 */

/** One object as a listing or a put names it. `etag` changes whenever the bytes do; it holds only `[A-Za-z0-9-]`. */
export interface ObjectInfo {
  readonly key: string
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly lastModified: number
}

/** What a put says of the object that it wrote; when that was is the store's to know. */
export type WrittenInfo = Omit<ObjectInfo, 'lastModified'>

/** Condition of a put: only over the object with this ETag, or only where there is none. */
export type PutCondition = { readonly ifMatch: string } | { readonly ifNoneMatch: '*' }

/** Bytes in memory, or a finished local file that the caller does not change afterwards. */
export type Body = Uint8Array | { readonly file: string }

export interface ListOptions {
  /** Only keys that begin with this. */
  readonly prefix: string
  /** Only keys at or after this one, in byte order. */
  readonly from?: string
  /** Only keys before this one, in byte order. */
  readonly before?: string
}

export interface ObjectStore {
  /** Where this store lies, for messages: a folder or `s3://bucket`. */
  readonly location: string
  /** Bytes come over a network, so that of a large object only what is read is fetched; absent: they lie here. */
  readonly isRemote?: boolean
  /** Writes the object whole or not at all. @throws ConflictError when the condition does not hold. */
  put(key: string, body: Body, condition?: PutCondition): Promise<WrittenInfo>
  /** The object's bytes, or undefined where there is none. @throws ConflictError when it no longer has the ETag `ifMatch`. */
  get(key: string, options?: { readonly ifMatch?: string }): Promise<{ readonly info: ObjectInfo; readonly bytes: Uint8Array } | undefined>
  /** `length` bytes from `start` on (fewer at the end of the object), under the same rules as `get`. */
  getRange(
    key: string,
    range: { readonly start: number; readonly length: number; readonly ifMatch?: string },
  ): Promise<Uint8Array | undefined>
  /**
   * Brings the object to the local path `file`, which must not exist; false where there is no object.
   * The file is for reading only. @throws ConflictError when the object no longer has the ETag `ifMatch`.
   */
  download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean>
  /** What stands there now, without its bytes. */
  head(key: string): Promise<ObjectInfo | undefined>
  /** All objects in byte order of their keys, page by page; a listing that runs beside writes may see some of them. */
  list(options: ListOptions): AsyncIterable<readonly ObjectInfo[]>
  /**
   * What a folder holds, page by page in byte order: all keys that begin with `prefix`, cut after the next `/`, so that a folder below
   * stands for everything in it. Where folders are real, one that holds no object may be among them.
   */
  listNames(prefix: string): AsyncIterable<readonly string[]>
  /** Deletes the object; no error where there is none. */
  delete(key: string): Promise<void>
}

/** A whole listing at once, for ranges known to be small. */
export async function listAll(store: ObjectStore, options: ListOptions): Promise<ObjectInfo[]> {
  const all: ObjectInfo[] = []
  for await (const page of store.list(options)) for (const object of page) all.push(object)
  return all
}
