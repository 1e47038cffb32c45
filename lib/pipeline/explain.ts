/** What one partition was computed from, by whom and when, and why it is in the state in which it is. Writes nothing. */
import { readJson } from '../lake/json-object.ts'
import { outputKey } from '../lake/keys.ts'
import { listOutputs, NO_OUTPUTS } from '../lake/outputs.ts'
import type { Receipt } from '../lake/receipts.ts'
import { type Catalog, featureNamed, requestName, type ViewVersion } from '../model/catalog.ts'
import { rulesHash } from '../model/fingerprint.ts'
import { matchingReceipt, type State } from '../model/states.ts'
import { changesSince, type InputChange } from './changes-since.ts'
import { describeInput, type InputCut } from './input-cut.ts'
import { InputListing } from './input-listing.ts'
import { withUpstream } from './left-out.ts'
import { readReceipt, statePartition } from './partition-state.ts'
import { endedPartition } from './preview-partitions.ts'
import type { StatusEffects } from './status.ts'

/** A mark beside the output: what was found for inputs that are still the same, or were there before. */
export interface Rejection {
  readonly reasons: readonly string[]
  readonly at?: string
  readonly writer?: string
  /** It was refused for the inputs and rules as they are now. */
  readonly current: boolean
}

export interface Explanation {
  readonly view: string
  readonly version: string
  readonly partition: string
  readonly zone: string
  readonly start: string
  readonly end: string
  readonly state: State
  /** Where the output lies, and what stands there. */
  readonly key: string
  readonly output?: { readonly size: number; readonly etag: string }
  /** The receipt of the object that stands there; without one nothing certifies it. */
  readonly receipt?: Receipt
  /** The receipt is of this engine build. */
  readonly engine: string
  /** What changed since the receipt. */
  readonly changes: readonly InputChange[]
  /** What it would read now. */
  readonly inputs: readonly InputCut[]
  /** Partitions of input views that it reads. */
  readonly upstream: readonly { readonly view: string; readonly version: string; readonly partitions: readonly string[] }[]
  readonly rejections: readonly Rejection[]
  readonly rules: { readonly expect: readonly string[]; readonly warn: readonly string[] }
}

/** @throws InvalidInputError for an unknown view, a name of another grain, or a partition that has not ended. */
export async function explainPartition(
  request: { readonly view: string; readonly partition: string },
  catalog: Catalog,
  effects: StatusEffects,
): Promise<Explanation> {
  const { lake, engine, now } = effects
  const feature = featureNamed(catalog, request.view)
  const { version, settings } = feature
  const partition = endedPartition(version, request.partition, now())
  const facts = (await listOutputs(lake.store, version, partition.name, partition.name)).get(partition.name) ?? NO_OUTPUTS
  const inputs = (await InputListing.load({ lake, catalog, now: now() }, [{ feature, partitions: [partition] }])).inputs(feature, partition)
  const context = { store: lake.store, engine: engine.build.id, missingInputs: 'block' as const }
  const state = await statePartition(context, feature, facts, inputs)
  const range = { first: partition.name, last: partition.name }
  const receipt = await readReceipt(lake.store, facts)
  const same = matchingReceipt(facts, inputs.fingerprint, engine.build.id) !== undefined
  const mark = { fingerprint: inputs.fingerprint, rules: rulesHash(settings) }
  const rejections = facts.rejected.map(async ({ key, fingerprint, rules }) => {
    const { reasons = [], at, writer } = (await readJson<Omit<Rejection, 'current'> & { readonly format: 1 }>(lake.store, key))?.value ?? {}
    const current = fingerprint === mark.fingerprint && rules === mark.rules
    return { reasons, ...(at !== undefined && { at }), ...(writer !== undefined && { writer }), current }
  })
  return {
    view: version.view,
    version: version.version,
    partition: partition.name,
    zone: version.zone,
    start: new Date(partition.start).toISOString(),
    end: new Date(partition.end).toISOString(),
    state: 'remedy' in state ? { ...state, remedy: withUpstream(state.remedy, requestName(catalog, version), range) } : state,
    key: outputKey(version.view, version.version, partition.name),
    ...(facts.output && { output: { size: facts.output.size, etag: facts.output.etag } }),
    ...(receipt && { receipt }),
    engine: engine.build.id,
    changes: receipt && !same ? changesSince(receipt, inputs.inputs) : [],
    inputs: inputs.inputs.map((input) => describeInput(input)),
    upstream: upstreamOf(version, inputs.inputs),
    rejections: await Promise.all(rejections),
    rules: { expect: settings.expect.map((rule) => rule.sql), warn: settings.warn.map((rule) => rule.sql) },
  }
}

function upstreamOf(version: ViewVersion, inputs: Parameters<typeof changesSince>[1]): Explanation['upstream'] {
  return version.inputs.flatMap((binding) => {
    if (binding.kind !== 'view') return []
    const folders = inputs.find((input) => input.binding === binding)?.folders ?? []
    return [{ view: binding.view, version: binding.version, partitions: folders.map((folder) => folder.name) }]
  })
}
