import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalEngine } from '../../../lib/engine/local-engine.ts'
import { literal } from '../../../lib/engine/quote.ts'

/** Bytes with their hash. */
export interface Content {
  readonly bytes: Uint8Array
  readonly sha256: string
}

/** One raw event; `t` in milliseconds since 1970 UTC. */
export interface RawRow {
  readonly k: string
  readonly t: number
  readonly x: number
}

export function contentOf(bytes: Uint8Array): Content {
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** How a schedule makes raw objects and looks into files. */
export interface RowReader {
  /** A raw object with these rows. */
  raw(rows: readonly RawRow[]): Promise<Content>
  /** The rows of a file; 64-bit integers are text, times are milliseconds. */
  rows(content: Content, columns: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** Parquet files that the real engine writes and reads, each once per content. */
export class Contents implements RowReader {
  readonly #engine: LocalEngine
  readonly #raw = new Map<string, Content>()
  readonly #rows = new Map<string, readonly Readonly<Record<string, unknown>>[]>()
  #count = 0

  constructor(engine: LocalEngine) {
    this.#engine = engine
  }

  async raw(rows: readonly RawRow[]): Promise<Content> {
    const id = JSON.stringify(rows)
    const known = this.#raw.get(id)
    if (known) return known
    const values = rows.map(({ k, t, x }) => `(${literal(k)}, make_timestamptz(${t * 1000}), ${x}::BIGINT, ${x}::DOUBLE / 10)`)
    const file = this.#path()
    await this.#engine.engine.session('UTC', (session) =>
      session.run(`COPY (SELECT * FROM (VALUES ${values.join(', ')}) AS rows(k, ts, x, y)) TO ${literal(file)} (FORMAT parquet)`),
    )
    const content = contentOf(readFileSync(file))
    rmSync(file)
    this.#raw.set(id, content)
    return content
  }

  async rows({ bytes, sha256 }: Content, columns: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const id = `${sha256} ${columns}`
    const known = this.#rows.get(id)
    if (known) return known
    const file = this.#path()
    writeFileSync(file, bytes)
    const rows = await this.#engine.engine.session('UTC', (session) =>
      session.rows(`SELECT ${columns} FROM read_parquet(${literal(file)})`),
    )
    rmSync(file)
    if (this.#rows.size > 50_000) this.#rows.clear()
    this.#rows.set(id, rows)
    return rows
  }

  #path(): string {
    return join(this.#engine.scratch, `content-${this.#count++}.parquet`)
  }
}
