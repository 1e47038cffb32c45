import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { ConflictError, InternalError, TransientError } from '../model/errors.ts'
import { compareKeys, sortKeys } from './byte-order.ts'
import type { Body, ListOptions, ObjectInfo, ObjectStore, PutCondition, WrittenInfo } from './object-store.ts'
import { isBeyondEnd, isConflict, isMissing, s3Error, wasRetried } from './s3-errors.ts'

/** Files up to this size are sent from memory, where the client can send them again; larger ones as streams. */
const WHOLE_BYTES_MAX = 16 * 1024 * 1024
/** How often an answer is read that breaks off. */
const READS_MAX = 3
const READ_PAUSE_MS = 100

/**
 * A bucket. Strong consistency per key, conditional puts and listings in byte order are what S3 promises
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); the client retries 500, 503 and time-outs with
 * back-off, and checks the checksums of what it sends and gets.
 */
export class S3Store implements ObjectStore {
  readonly location: string
  readonly isRemote = true
  readonly #client: S3Client
  readonly #bucket: string

  constructor(client: S3Client, bucket: string) {
    this.location = `s3://${bucket}`
    this.#client = client
    this.#bucket = bucket
  }

  async put(key: string, body: Body, condition?: PutCondition): Promise<WrittenInfo> {
    const { Body, ChecksumSHA256, size } = await sendable(body)
    const input = {
      Bucket: this.#bucket,
      Key: key,
      Body,
      ContentLength: size,
      ChecksumAlgorithm: 'SHA256' as const,
      ChecksumSHA256,
      ...conditionOf(condition),
    }
    const etag = await this.#classified(key, async () => {
      try {
        return (await this.#client.send(new PutObjectCommand(input))).ETag
      } catch (error) {
        // The refusal may be due to our own put, whose answer was lost on the way: what stands there tells.
        const own = isConflict(error) && wasRetried(error) ? await this.#etagOfSame(key, ChecksumSHA256) : undefined
        if (own !== undefined) return own
        // If-Match where there is no object any more.
        if (condition && isMissing(error)) throw new ConflictError('object is gone', { key })
        throw error
      }
    })
    return { key, etag: unquoted(etag), size }
  }

  /** The ETag of what stands there, if it has this checksum. */
  async #etagOfSame(key: string, sha256: string): Promise<string | undefined> {
    const standing = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key, ChecksumMode: 'ENABLED' }))
    return standing.ChecksumSHA256 === sha256 ? standing.ETag : undefined
  }

  async get(key: string, options: { readonly ifMatch?: string } = {}) {
    return this.#read({ key, ifMatch: options.ifMatch }, async (found) => {
      const bytes = await found.Body?.transformToByteArray()
      return { info: infoOf(key, found), bytes: bytes ?? new Uint8Array() }
    })
  }

  async getRange(key: string, range: { readonly start: number; readonly length: number; readonly ifMatch?: string }) {
    // S3 has no empty range; whether the object is there has to be known all the same.
    const { start, length } = range
    const part = `bytes=${start}-${start + Math.max(1, length) - 1}`
    try {
      const bytes = await this.#read({ key, ifMatch: range.ifMatch, part }, async ({ Body }) => Body?.transformToByteArray())
      return bytes && (length === 0 ? new Uint8Array() : bytes)
    } catch (error) {
      if (isBeyondEnd(error instanceof Error ? error.cause : undefined)) return new Uint8Array()
      throw error
    }
  }

  async download(key: string, file: string, options: { readonly ifMatch: string }): Promise<boolean> {
    const done = await this.#read({ key, ifMatch: options.ifMatch }, async ({ Body }) => {
      if (!(Body instanceof Readable)) throw new InternalError(`${this.#name(key)} has no body that can be read`)
      await writeNew(file, Body)
      return true
    })
    return done ?? false
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return this.#classified(key, async () => {
      try {
        return infoOf(key, await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key })))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    })
  }

  async *list({ prefix, from, before }: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    const start = from !== undefined && compareKeys(from, prefix) > 0 ? { StartAfter: justBefore(from) } : {}
    let token: string | undefined
    do {
      const input = { Bucket: this.#bucket, Prefix: prefix, ...start, ...(token !== undefined && { ContinuationToken: token }) }
      const page = await this.#classified(prefix, () => this.#client.send(new ListObjectsV2Command(input)))
      const all = (page.Contents ?? []).map((object) => infoOf(object.Key ?? '', { ...object, ContentLength: object.Size }))
      const wanted = all.filter(({ key }) => (from === undefined || compareKeys(key, from) >= 0) && isBefore(key, before))
      if (wanted.length > 0) yield wanted
      const last = all.at(-1)
      token = page.IsTruncated && last && isBefore(last.key, before) ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async *listNames(prefix: string): AsyncGenerator<readonly string[]> {
    let token: string | undefined
    do {
      const input = { Bucket: this.#bucket, Prefix: prefix, Delimiter: '/', ...(token !== undefined && { ContinuationToken: token }) }
      const page = await this.#classified(prefix, () => this.#client.send(new ListObjectsV2Command(input)))
      const names = [...(page.Contents ?? []).map(({ Key }) => Key ?? ''), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? '')]
      if (names.length > 0) yield sortKeys(names)
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async delete(key: string): Promise<void> {
    await this.#classified(key, () => this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })))
  }

  /**
   * What `use` makes of the object and its body; undefined where there is no object. The client tries again only until an answer begins:
   * one that breaks off, or whose bytes are not those of its checksum, is asked for again here.
   */
  async #read<T>(wanted: Wanted, use: (found: GetObjectCommandOutput) => Promise<T>): Promise<T | undefined> {
    for (let tries = 1; ; tries++) {
      const found = await this.#getObject(wanted)
      if (!found) return undefined
      try {
        return await use(found)
      } catch (error) {
        if (isLocal(error)) throw error
        const classified = s3Error(error, this.#name(wanted.key))
        if (tries >= READS_MAX || !(classified instanceof TransientError)) throw classified
      }
      await sleep(READ_PAUSE_MS * 2 ** tries)
    }
  }

  /** The answer with its body still to be read; undefined where there is no object. */
  #getObject({ key, ifMatch, part }: Wanted): Promise<GetObjectCommandOutput | undefined> {
    const input = {
      Bucket: this.#bucket,
      Key: key,
      ...(ifMatch !== undefined && { IfMatch: quoted(ifMatch) }),
      ...(part && { Range: part }),
    }
    return this.#classified(key, async () => {
      try {
        return await this.#client.send(new GetObjectCommand({ ...input, ChecksumMode: 'ENABLED' }))
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    })
  }

  async #classified<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw s3Error(error, this.#name(key))
    }
  }

  #name(key: string): string {
    return `${this.location}/${key}`
  }
}

/** An object, or the part of it that an HTTP range names. */
interface Wanted {
  readonly key: string
  readonly ifMatch: string | undefined
  readonly part?: string
}

/** Streams to a file that must not exist; what was begun does not stay. */
async function writeNew(file: string, body: Readable): Promise<void> {
  const target = createWriteStream(file, { flags: 'wx' })
  let made = false
  target.once('open', () => {
    made = true
  })
  try {
    await pipeline(body, target)
  } catch (error) {
    if (made) await rm(file, { force: true })
    throw error
  }
}

interface Sendable {
  readonly Body: Uint8Array | Readable
  readonly ChecksumSHA256: string
  readonly size: number
}

/** The body with its checksum, which S3 refuses to store under if other bytes arrive. A stream is sent once; its task tries again. */
async function sendable(body: Body): Promise<Sendable> {
  if (body instanceof Uint8Array) return { Body: body, ChecksumSHA256: base64Of(body), size: body.length }
  const { size } = await stat(body.file)
  if (size <= WHOLE_BYTES_MAX) return sendable(await readFile(body.file))
  const hash = createHash('sha256')
  await pipeline(createReadStream(body.file), hash)
  return { Body: createReadStream(body.file), ChecksumSHA256: hash.digest('base64'), size }
}

function base64Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}

function conditionOf(condition: PutCondition | undefined): { IfMatch?: string; IfNoneMatch?: string } {
  if (!condition) return {}
  return 'ifMatch' in condition ? { IfMatch: quoted(condition.ifMatch) } : { IfNoneMatch: '*' }
}

interface Answer {
  readonly ETag?: string | undefined
  readonly ContentLength?: number | undefined
  readonly LastModified?: Date | undefined
}

function infoOf(key: string, { ETag, ContentLength, LastModified }: Answer): ObjectInfo {
  return { key, etag: unquoted(ETag), size: ContentLength ?? 0, lastModified: LastModified?.getTime() ?? 0 }
}

function quoted(etag: string): string {
  return `"${etag}"`
}

function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

function isBefore(key: string, before: string | undefined): boolean {
  return before === undefined || compareKeys(key, before) < 0
}

/** A key below `from`, with few keys in between: S3 lists what comes after a key, never the key itself. */
function justBefore(from: string): string {
  const shorter = Array.from(from).slice(0, -1).join('')
  const last = from.charCodeAt(from.length - 1)
  return last > 0x20 && last < 0x7f ? `${shorter}${String.fromCharCode(last - 1)}~` : shorter
}

/** An error of the file that was to be written. */
function isLocal(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'path' in error
}
