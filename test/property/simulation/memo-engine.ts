import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Computed, ComputeJob } from '../../../lib/engine/compute.ts'
import type { Decoded, Decoding, RawObject } from '../../../lib/engine/decode.ts'
import type { LandedObject, LandJob, Piece } from '../../../lib/engine/land-object.ts'
import type { LocalEngine } from '../../../lib/engine/local-engine.ts'
import type { LocalObject } from '../../../lib/engine/local-object.ts'
import type { OutputChange, OutputPairFiles } from '../../../lib/engine/output-change.ts'
import type { ObjectProfile } from '../../../lib/engine/profile.ts'
import { type Attempt, attempt, unwrap } from '../../../lib/model/attempt.ts'
import type { SourceBinding } from '../../../lib/model/catalog.ts'
import { hashOf } from '../../../lib/model/hash.ts'
import type { ComputeEngine } from '../../../lib/pipeline/effects.ts'
import { type Content, contentOf } from './contents.ts'
import type { Scheduler } from './scheduler.ts'

/** What the real engine answered, over all schedules of a process, by what the answer is a pure function of. */
export class Memo {
  readonly engine: LocalEngine
  readonly #answers = new Map<string, Promise<unknown>>()
  asked = 0
  computed = 0
  #count = 0

  constructor(engine: LocalEngine) {
    this.engine = engine
  }

  get<T>(parts: readonly (string | number)[], compute: (dir: string) => Promise<T>): Promise<T> {
    this.asked++
    const id = hashOf(parts)
    const known = this.#answers.get(id)
    if (known) return known as Promise<T>
    if (this.#answers.size > 60_000) this.#answers.clear()
    this.computed++
    const answer = this.#inFolder(compute)
    this.#answers.set(id, answer)
    return answer
  }

  async #inFolder<T>(compute: (dir: string) => Promise<T>): Promise<T> {
    const dir = join(this.engine.scratch, `memo-${this.#count++}`)
    mkdirSync(dir, { recursive: true })
    try {
      return await compute(dir)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

/** The real engine behind a memo. Local files live in `files`; the disk is touched only where the real engine is asked. */
export class MemoEngine implements ComputeEngine {
  readonly build
  readonly scratch: string
  readonly #memo: Memo
  readonly #files: Map<string, Content>
  readonly #scheduler: Scheduler

  constructor(memo: Memo, files: Map<string, Content>, scheduler: Scheduler, scratch: string) {
    this.build = memo.engine.build
    this.scratch = scratch
    this.#memo = memo
    this.#files = files
    this.#scheduler = scheduler
  }

  async computeAll(jobs: readonly ComputeJob[]): Promise<Attempt<Computed>[]> {
    const computed: Attempt<Computed>[] = []
    for (const job of jobs) computed.push(await attempt(() => this.#compute(job)))
    return computed
  }

  async #compute(job: ComputeJob): Promise<Computed> {
    const inputs = job.inputs.map((input) => [
      input.binding.name,
      String(input.start),
      String(input.end),
      ...input.objects.map(({ object }) => [this.#content(object.file).sha256, object.folderStart, object.folderEnd]),
    ])
    const parts = ['compute', job.version.version, job.partition.start, job.partition.end, JSON.stringify(inputs)]
    const made = await this.#ask(parts, async (dir) => {
      const inputs = job.inputs.map((input) => ({
        ...input,
        objects: input.objects.map((one, at) => ({ ...one, object: this.#materialise(dir, one.object, `${input.binding.name}-${at}`) })),
      }))
      const [tried] = await this.#memo.engine.computeAll([{ ...job, inputs, file: join(dir, 'out') }])
      const computed = unwrap(tried)
      return { computed, content: contentOf(readFileSync(computed.file)) }
    })
    this.#files.set(job.file, made.content)
    return { ...made.computed, file: job.file }
  }

  async changeOf({ version, before, after }: OutputPairFiles): Promise<OutputChange> {
    const contents = [this.#content(before), this.#content(after)]
    const parts = ['change', version.version, ...contents.map(({ sha256 }) => sha256)]
    return this.#ask(parts, async (dir) => {
      for (const [at, { bytes }] of contents.entries()) writeFileSync(join(dir, `${at}.parquet`), bytes)
      return this.#memo.engine.changeOf({ version, before: join(dir, '0.parquet'), after: join(dir, '1.parquet') })
    })
  }

  async land(job: LandJob): Promise<LandedObject> {
    const { keyZone, name } = { keyZone: job.calendar.zone.name, name: job.source.name }
    const parts = ['land', name, job.calendar.grain, keyZone, this.#content(job.raw.file).sha256]
    const made = await this.#ask(parts, async (dir) => {
      const file = join(dir, 'raw.parquet')
      writeFileSync(file, this.#content(job.raw.file).bytes)
      const landed = await this.#memo.engine.land({ ...job, raw: { ...job.raw, file }, outDir: dir })
      return { landed, contents: landed.pieces.map((piece) => contentOf(readFileSync(piece.file))) }
    })
    const pieces = made.landed.pieces.map((piece, at) => ({
      ...piece,
      file: this.#keep(`${job.outDir}/${piece.folder}`, made.contents[at]),
    }))
    return { ...made.landed, pieces }
  }

  async emptyPiece(source: Decoding, file: string): Promise<Piece> {
    const made = await this.#ask(['empty', source.name], async (dir) => {
      const piece = await this.#memo.engine.emptyPiece(source, join(dir, 'empty.parquet'))
      return { piece, content: contentOf(readFileSync(piece.file)) }
    })
    return { ...made.piece, file: this.#keep(file, made.content) }
  }

  async profileAll(objects: readonly LocalObject[], binding: SourceBinding): Promise<Attempt<ObjectProfile>[]> {
    const profiles: Attempt<ObjectProfile>[] = []
    for (const object of objects) profiles.push(await attempt(() => this.#profile(object, binding)))
    return profiles
  }

  async #profile(object: LocalObject, binding: SourceBinding): Promise<ObjectProfile> {
    const parts = ['profile', this.#content(object.file).sha256, object.folderStart, object.folderEnd, JSON.stringify(binding.columns)]
    return this.#ask(parts, async (dir) => {
      const [tried] = await this.#memo.engine.profileAll([this.#materialise(dir, object, 'object')], binding)
      return unwrap(tried)
    })
  }

  layout(): never {
    throw new Error('no object of the simulation is large')
  }

  stretches(): never {
    throw new Error('no object of the simulation is large')
  }

  decode(_raw: RawObject, _source: Decoding, _file: string): Promise<Decoded> {
    throw new Error('every raw object of the simulation is Parquet')
  }

  #ask<T>(parts: readonly (string | number)[], compute: (dir: string) => Promise<T>): Promise<T> {
    return this.#scheduler.busy(this.#memo.get(parts, compute))
  }

  #content(file: string): Content {
    const content = this.#files.get(file)
    if (!content) throw new Error(`no local file ${file}`)
    return content
  }

  #keep(file: string, content: Content | undefined): string {
    if (!content) throw new Error(`no content for ${file}`)
    this.#files.set(file, content)
    return file
  }

  #materialise(dir: string, object: LocalObject, name: string): LocalObject {
    const file = join(dir, `${name}.parquet`)
    writeFileSync(file, this.#content(object.file).bytes)
    return { ...object, file }
  }
}
