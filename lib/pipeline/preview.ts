/**
 * Computes partitions of a view as a run would, and tells what it saw on the way. Whatever it lands and computes goes to the lake that
 * it is given: the CLI gives it an overlay, so that nothing is written.
 */
import type { Violation } from '../engine/check-output.ts'
import type { LocalEngine } from '../engine/local-engine.ts'
import { checkCondition, type OutputSample, sampleOutput } from '../engine/sample-output.ts'
import { unwrap } from '../model/attempt.ts'
import { type Catalog, type Feature, featureNamed } from '../model/catalog.ts'
import { DataError, InvalidInputError, TransientError } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { Readiness } from '../model/states.ts'
import type { PartitionInputs } from './bound-input.ts'
import type { Effects } from './effects.ts'
import { describeInput, type InputCut } from './input-cut.ts'
import { InputListing } from './input-listing.ts'
import { choosePartitions } from './preview-choice.ts'
import type { ScratchInputs } from './scratch-inputs.ts'
import { Gone, Workbench } from './workbench.ts'

export interface PreviewRequest {
  readonly view: string
  /** A partition's name. */
  readonly at?: string
  /** A length back from now; without both, the newest partition that can be computed. */
  readonly last?: string
  /** A condition on the rows to show. */
  readonly where?: string
  /** Rows to show. */
  readonly rows: number
}

export interface PreviewEffects extends Effects {
  readonly engine: LocalEngine
}

/** One partition of a preview. Times are ISO. */
export interface PreviewedPartition {
  readonly partition: string
  readonly start: string
  readonly end: string
  /** `failed`: it was computed and the data does not fit; otherwise computed, or why not. */
  readonly state: 'computed' | 'failed' | Exclude<Readiness['kind'], 'ready'>
  readonly reason?: string
  readonly remedy?: string
  readonly inputs: readonly InputCut[]
  readonly rows?: number
  readonly bytes?: number
  readonly sha256?: string
  readonly ms?: number
  /** Rules and invariants that it breaks: it would be rejected. */
  readonly violations: readonly Violation[]
  readonly warnings: readonly Violation[]
}

export interface Preview {
  readonly view: string
  readonly version: string
  readonly zone: string
  readonly partitions: readonly PreviewedPartition[]
  readonly scratch: ScratchInputs
  /** Over all partitions that were computed. */
  readonly output?: OutputSample
}

/** @throws InvalidInputError for an unknown view, a partition that is none or has not ended, or a condition that is none. */
export async function preview(request: PreviewRequest, catalog: Catalog, effects: PreviewEffects): Promise<Preview> {
  const feature = featureNamed(catalog, request.view)
  const { version } = feature
  if (request.where !== undefined) await checkCondition(effects.engine.engine, version, request.where)
  const { partitions, scratch } = await choosePartitions(request, feature, catalog, effects)
  const bench = new Workbench(effects, `preview-${effects.newId()}`)
  try {
    const listing = await InputListing.load({ lake: effects.lake, catalog, now: effects.now() }, [{ feature, partitions }])
    const files: string[] = []
    const previewed: PreviewedPartition[] = []
    for (const partition of partitions) {
      const file = await bench.newFile('.parquet')
      const one = await compute({ feature, partition, inputs: listing.inputs(feature, partition), file }, { catalog, effects, bench })
      if (one.rows !== undefined) files.push(file)
      previewed.push(one)
      await bench.trim(() => new Set())
    }
    const { where, rows } = request
    const sample = { version, files, rows, ...(where !== undefined && { where }) }
    const output = files.length > 0 ? await sampleOutput(effects.engine.engine, sample) : undefined
    return { view: version.view, version: version.version, zone: version.zone, partitions: previewed, scratch, ...(output && { output }) }
  } finally {
    await bench.close()
  }
}

interface Job {
  readonly feature: Feature
  readonly partition: Partition
  readonly inputs: PartitionInputs
  readonly file: string
}

interface Tools {
  readonly catalog: Catalog
  readonly effects: PreviewEffects
  readonly bench: Workbench
}

async function compute({ feature, partition, inputs, file }: Job, { catalog, effects, bench }: Tools): Promise<PreviewedPartition> {
  const [start, end] = [new Date(partition.start).toISOString(), new Date(partition.end).toISOString()]
  const bounds = { partition: partition.name, start, end, violations: [], warnings: [] }
  const cuts = inputs.inputs.map((input) => describeInput(input))
  const { kind, ...why } = inputs.readiness
  if (kind !== 'ready') return { ...bounds, ...why, state: kind, inputs: cuts }
  const began = performance.now()
  try {
    const local = []
    for (const input of inputs.inputs) local.push(await bench.bring(input, catalog))
    const [tried] = await effects.engine.computeAll([{ ...feature, partition, inputs: local, file }])
    const { rows, size, sha256, violations, warnings, inputs: counts } = unwrap(tried)
    const counted = inputs.inputs.map((input) =>
      describeInput(
        input,
        counts.find((one) => one.name === input.binding.name),
      ),
    )
    const ms = Math.round(performance.now() - began)
    return { ...bounds, state: 'computed', inputs: counted, rows, bytes: size, sha256, ms, violations, warnings }
  } catch (error) {
    if (error instanceof Gone) throw new TransientError(`inputs of ${feature.version.view} ${partition.name} changed while they were read`)
    if (error instanceof DataError || error instanceof InvalidInputError)
      return { ...bounds, state: 'failed', reason: error.message, inputs: cuts }
    throw error
  }
}
