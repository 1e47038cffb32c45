import { createReadStream, createWriteStream, type ReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { DataError, TransientError } from '../model/errors.ts'

/** Lines that are kept of one object, at most: enough to tell types and times, few enough to read in a moment. */
const LINES_MAX = 10_000
/** Unpacked bytes that are looked at; what lies behind is left out. */
const BYTES_MAX = 256e6
const NEWLINE = 0x0a
const QUOTE = 0x22

export type Compression = 'none' | 'gzip' | 'zstd'

export interface ThinOptions {
  /** For messages. */
  readonly key: string
  readonly compression: Compression
  /** The first line is kept in any case, and a line break inside quotes ends none. */
  readonly isCsv: boolean
}

/**
 * Unpacks the local file `from` to `to` with every n-th of its lines, evenly over the whole, so that an object of any size is read in
 * one pass and little memory. Gives the number of lines seen. @throws DataError for one that cannot be unpacked.
 */
export async function thinObject(from: string, to: string, options: ThinOptions): Promise<number> {
  const lines = new ThinLines(options.isCsv)
  try {
    await pipeline(unpacked(createReadStream(from), options.compression), lines)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (cause !== ENOUGH && !/^Z(STD)?_/.test(code))
      throw new TransientError(`a file of the scratch folder cannot be used: ${String(cause)}`, {}, { cause })
    if (cause !== ENOUGH)
      throw new DataError(
        `${options.key} cannot be read as ${options.compression}: ${cause instanceof Error ? cause.message : code}`,
        {},
        { cause },
      )
  }
  await pipeline(lines.kept(), createWriteStream(to))
  return lines.seen
}

/** How an object is packed, and its first unpacked bytes, for telling its format; none where it cannot be unpacked. */
export async function readHead(file: string, length: number): Promise<{ readonly head: Uint8Array; readonly compression: Compression }> {
  const handle = await open(file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0)
    const packed = buffer.subarray(0, bytesRead)
    const compression = compressionOf(packed)
    return { head: unpackStart(packed, compression), compression }
  } finally {
    await handle.close()
  }
}

function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd ? 'zstd' : 'none'
}

function unpackStart(packed: Uint8Array, compression: Compression): Uint8Array {
  try {
    if (compression === 'gzip') return zlib.gunzipSync(packed, { finishFlush: zlib.constants.Z_SYNC_FLUSH })
    return compression === 'zstd' ? zlib.zstdDecompressSync(packed, { finishFlush: zlib.constants.ZSTD_e_flush }) : packed
  } catch {
    return new Uint8Array()
  }
}

function unpacked(stream: ReadStream, compression: Compression): NodeJS.ReadableStream {
  if (compression === 'none') return stream
  const unpack = compression === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress()
  stream.on('error', (error) => unpack.destroy(error))
  return stream.pipe(unpack)
}

const ENOUGH = new Error('enough bytes')

/** Keeps each `step`-th line; when they become too many, every other one of them goes and the step doubles. */
class ThinLines extends Writable {
  readonly #isCsv: boolean
  #first: Buffer | undefined
  #lines: Buffer[] = []
  #step = 1
  #rest: Buffer[] = []
  #bytes = 0
  #isQuoted = false
  seen = 0

  constructor(isCsv: boolean) {
    super()
    this.#isCsv = isCsv
  }

  /** The lines that were kept, in order, the first one before them where it was no longer among them. */
  *kept(): Generator<Buffer> {
    if (this.#first && this.#lines[0] !== this.#first) yield this.#first
    yield* this.#lines
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, end + 1)) {
      if (this.#isCsv && this.#endsInQuotes(chunk.subarray(start, end))) {
        this.#rest.push(chunk.subarray(start, end + 1))
      } else {
        this.#take(Buffer.concat([...this.#rest, chunk.subarray(start, end + 1)]))
        this.#rest = []
      }
      start = end + 1
    }
    if (start < chunk.length) {
      const rest = chunk.subarray(start)
      if (this.#isCsv) this.#endsInQuotes(rest)
      this.#rest.push(rest)
    }
    this.#bytes += chunk.length
    done(this.#bytes > BYTES_MAX ? ENOUGH : undefined)
  }

  override _final(done: (error?: Error) => void): void {
    if (this.#rest.length > 0) this.#take(Buffer.concat(this.#rest))
    done()
  }

  /** Counts the quotes of a piece of a line; true while they are odd. */
  #endsInQuotes(piece: Buffer): boolean {
    for (let at = piece.indexOf(QUOTE); at >= 0; at = piece.indexOf(QUOTE, at + 1)) this.#isQuoted = !this.#isQuoted
    return this.#isQuoted
  }

  #take(line: Buffer): void {
    this.#first ??= this.#isCsv ? line : undefined
    if (this.seen++ % this.#step !== 0) return
    this.#lines.push(line)
    if (this.#lines.length < LINES_MAX) return
    this.#lines = this.#lines.filter((_, at) => at % 2 === 0)
    this.#step *= 2
  }
}
