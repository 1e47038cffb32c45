import type { Attempt } from '../model/attempt.ts'
import type { SourceBinding } from '../model/catalog.ts'
import { type Computed, type ComputeJob, computePartitions } from './compute.ts'
import { DECODED_TABLE, type Decoded, type Decoding, decodeObject, type RawObject, writeDecoded } from './decode.ts'
import { Engine, type EngineOptions, type Session } from './engine.ts'
import { type LandedObject, type LandJob, landObject, type Piece, writeEmptyPiece } from './land-object.ts'
import type { LocalObject } from './local-object.ts'
import { changeOfOutput, type OutputChange, type OutputPairFiles } from './output-change.ts'
import { type ParquetLayout, readLayout } from './parquet-layout.ts'
import { type ObjectProfile, profileObjects } from './profile.ts'
import { type KnownRows, readStretches, type Stretch } from './row-group-times.ts'

/** The operations of one engine instance, as the pipeline uses them. Close it to end its sessions and remove its scratch folder. */
export class LocalEngine {
  readonly engine: Engine

  constructor(options: EngineOptions) {
    this.engine = new Engine(options)
  }

  get build() {
    return this.engine.build
  }

  get scratch(): string {
    return this.engine.scratch
  }

  /** Begins to open what the first operation needs. */
  warm(): void {
    this.engine.warm()
  }

  computeAll(jobs: readonly ComputeJob[]): Promise<Attempt<Computed>[]> {
    return computePartitions(this.engine, jobs)
  }

  changeOf(pair: OutputPairFiles): Promise<OutputChange> {
    return changeOfOutput(this.engine, pair)
  }

  land(job: LandJob): Promise<LandedObject> {
    return landObject(this.engine, job)
  }

  emptyPiece(source: Decoding, file: string): Promise<Piece> {
    return writeEmptyPiece(this.engine, source, file)
  }

  decode(raw: RawObject, source: Decoding, file: string): Promise<Decoded> {
    return this.engine.session('UTC', async (session) => {
      const decoded = await decodeObject(session, raw, source)
      await writeDecoded(session, file)
      await session.run(`DROP TABLE IF EXISTS ${DECODED_TABLE}`)
      return decoded
    })
  }

  profileAll(objects: readonly LocalObject[], binding: SourceBinding, zone = 'UTC'): Promise<Attempt<ObjectProfile>[]> {
    return this.engine.session(zone, (session) => profileObjects(session, objects, binding))
  }

  layout(
    file: { readonly file: string; readonly size: number },
    columns: readonly string[],
    zone = 'UTC',
  ): Promise<ParquetLayout | undefined> {
    return this.engine.session(zone, (session) => readLayout(session, file, columns))
  }

  stretches(object: LocalObject, binding: SourceBinding, known: KnownRows, zone = 'UTC'): Promise<readonly Stretch[] | undefined> {
    return this.engine.session(zone, (session) => readStretches(session, object, binding, known))
  }

  /** Ends the query that runs; it and all later ones fail with a TransientError. */
  interrupt(): void {
    this.engine.interrupt()
  }

  parallel<T>(threads: number, work: (session: Session) => Promise<T>): Promise<T> {
    return this.engine.parallel(threads, work)
  }

  close(): Promise<void> {
    return this.engine.close()
  }
}
