import type { Computed, ComputeJob } from '../../../lib/engine/compute.ts'
import type { Decoded, Decoding, RawObject } from '../../../lib/engine/decode.ts'
import type { LandedObject, LandJob, Piece } from '../../../lib/engine/land-object.ts'
import type { LocalObject } from '../../../lib/engine/local-object.ts'
import type { OutputChange, OutputPairFiles } from '../../../lib/engine/output-change.ts'
import type { LocalInput } from '../../../lib/engine/relation.ts'
import type { Attempt } from '../../../lib/model/attempt.ts'
import type { SourceBinding } from '../../../lib/model/catalog.ts'
import type { ComputeEngine } from '../../../lib/pipeline/effects.ts'
import { type Content, contentOf, type RawRow, type RowReader } from './contents.ts'

interface Line {
  readonly k: string
  readonly t?: number
  readonly n: number
  readonly s: number
}

/** Files of the plain engine: JSON. */
export class PlainContents implements RowReader {
  async raw(rows: readonly RawRow[]): Promise<Content> {
    return contentOf(Buffer.from(JSON.stringify(rows.map(({ k, t, x }) => ({ k, t, x, n: 1, s: x })))))
  }

  async rows({ bytes }: Content): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { lines } = parse(bytes)
    return lines as unknown as Readonly<Record<string, unknown>>[]
  }
}

/**
 * Stands for the engine where only the protocol is looked at, ten times as many schedules in the same time: adds up in plain code what
 * the SQL of the simulation's views adds up. Outputs name their partition, and rows their order, as Parquet files would.
 */
export class PlainEngine implements ComputeEngine {
  readonly build = { id: '0123456789ab', description: 'plain code' }
  readonly scratch: string
  readonly #files: Map<string, Content>

  constructor(files: Map<string, Content>, scratch: string) {
    this.#files = files
    this.scratch = scratch
  }

  async computeAll(jobs: readonly ComputeJob[]): Promise<Attempt<Computed>[]> {
    return jobs.map((job) => ({ value: this.#compute(job) }))
  }

  #compute(job: ComputeJob): Computed {
    const lines = job.inputs.flatMap((input) => this.#read(input))
    const lossy = job.version.schema.length === 2
    const sums = new Map<string, { n: number; s: number; f: number }>()
    for (const { k, n, s } of lines) {
      const old = sums.get(k) ?? { n: 0, s: 0, f: 0 }
      // Depends on the order of the rows, as a sum of floating-point numbers does.
      sums.set(k, { n: old.n + n, s: old.s + s, f: (old.f * 31 + n * 7 + s) % 9973 })
    }
    const total = lines.reduce((sum, line) => sum + line.n, 0)
    const rows = lossy
      ? [{ k: 'all', n: total % 3, s: 0 }]
      : [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, sum]) => ({ k, ...sum }))
    const content = contentOf(Buffer.from(JSON.stringify({ view: job.version.version, partition: job.partition.name, lines: rows })))
    this.#files.set(job.file, content)
    const inputs = job.inputs.map((input) => ({ name: input.binding.name, rows: 0, strays: 0, skipped: 0 }))
    const size = content.bytes.length
    return { file: job.file, size, sha256: content.sha256, rows: rows.length, inputs, violations: [], warnings: [], ms: 0 }
  }

  async changeOf({ before, after }: OutputPairFiles): Promise<OutputChange> {
    const [old, now] = [before, after].map(
      (file) => new Map(parse(this.#content(file).bytes).lines.map((line) => [line.k, JSON.stringify(line)])),
    )
    const [was, is] = [old ?? new Map<string, string>(), now ?? new Map<string, string>()]
    return {
      added: [...is.keys()].filter((k) => !was.has(k)).length,
      removed: [...was.keys()].filter((k) => !is.has(k)).length,
      changed: [...is].filter(([k, line]) => was.has(k) && was.get(k) !== line).length,
    }
  }

  async land(job: LandJob): Promise<LandedObject> {
    const folders = new Map<string, Line[]>()
    const { lines } = parse(this.#content(job.raw.file).bytes)
    for (const line of lines) {
      const { name } = job.calendar.at(line.t ?? 0)
      folders.set(name, [...(folders.get(name) ?? []), line])
    }
    const pieces = [...folders].map(([folder, own]) => ({ ...this.#put(`${job.outDir}/${folder}`, own), folder }))
    return { pieces: pieces.sort((a, b) => (a.folder < b.folder ? -1 : 1)), rows: lines.length, skipped: 0 }
  }

  async emptyPiece(_source: Decoding, file: string): Promise<Piece> {
    return this.#put(file, [])
  }

  async profileAll(objects: readonly LocalObject[], _binding: SourceBinding) {
    return objects.map(() => ({ value: { types: {}, rows: 0, strays: 0 } }))
  }

  layout(): never {
    throw new Error('no object of the simulation is large')
  }

  stretches(): never {
    throw new Error('no object of the simulation is large')
  }

  decode(_raw: RawObject, _source: Decoding, _file: string): Promise<Decoded> {
    throw new Error('nothing of the simulation is decoded')
  }

  #read(input: LocalInput): Line[] {
    const lines = input.objects.flatMap(({ object }) => parse(this.#content(object.file).bytes).lines)
    return lines.filter(({ t }) => t === undefined || (t >= input.start && t < input.end))
  }

  #put(file: string, lines: readonly Line[]): Piece {
    const content = contentOf(Buffer.from(JSON.stringify(lines)))
    this.#files.set(file, content)
    return { folder: '', file, sha256: content.sha256, rows: lines.length }
  }

  #content(file: string): Content {
    const content = this.#files.get(file)
    if (!content) throw new Error(`no local file ${file}`)
    return content
  }
}

function parse(bytes: Uint8Array): { readonly lines: readonly Line[] } {
  const value = JSON.parse(Buffer.from(bytes).toString()) as readonly Line[] | { readonly lines: readonly Line[] }
  return 'lines' in value ? value : { lines: value }
}
