import { readJson } from '../lake/json-object.ts'
import type { ObjectStore } from '../lake/object-store.ts'
import type { PartitionOutputs } from '../lake/outputs.ts'
import type { Receipt, ReceiptInput, RejectedMark } from '../lake/receipts.ts'
import type { Feature } from '../model/catalog.ts'
import { rulesHash } from '../model/fingerprint.ts'
import { decideState, type State } from '../model/states.ts'
import type { BoundInput, PartitionInputs } from './bound-input.ts'

export interface StateContext {
  readonly store: ObjectStore
  readonly engine: string
  readonly missingInputs: 'block' | 'allow'
}

/** The state of one partition from its two listings. Reads the receipt's body only where vanished inputs would decide. */
export async function statePartition(
  context: StateContext,
  feature: Feature,
  facts: PartitionOutputs,
  inputs: PartitionInputs,
): Promise<State> {
  const state = stateByNames(context, feature, facts, inputs)
  const matters = facts.output !== undefined && (state.kind === 'stale' || state.kind === 'blocked')
  if (!matters || !(await haveVanished(context.store, facts, inputs))) return state
  return stateByNames(context, feature, facts, inputs, true)
}

/** As far as it can be told without reading a receipt: one that is stale or blocked may turn out to be shrunk. */
export function stateByNames(
  context: Omit<StateContext, 'store'>,
  feature: Feature,
  facts: PartitionOutputs,
  inputs: PartitionInputs,
  vanished = false,
): State {
  return decideState({
    facts,
    readiness: inputs.readiness,
    fingerprint: inputs.fingerprint,
    engine: context.engine,
    rules: rulesHash(feature.settings),
    missingInputs: context.missingInputs,
    vanished,
  })
}

/** The receipt of the object that stands there now. */
export async function readReceipt(store: ObjectStore, facts: PartitionOutputs): Promise<Receipt | undefined> {
  const own = facts.receipts.find((receipt) => receipt.etag === facts.output?.etag)
  return own && (await readJson<Receipt>(store, own.key))?.value
}

/** Why the partition was refused as its inputs stand, from the mark beside its output. */
export async function rejectedReason(store: ObjectStore, facts: PartitionOutputs, inputs: PartitionInputs): Promise<string | undefined> {
  const mark = facts.rejected.find((one) => one.fingerprint === inputs.fingerprint)
  const body = mark && (await readJson<RejectedMark>(store, mark.key))?.value
  return body?.reasons.join('; ')
}

/** Whether inputs that the receipt names are gone and nothing else came or changed. */
export async function haveVanished(store: ObjectStore, facts: PartitionOutputs, inputs: PartitionInputs): Promise<boolean> {
  const receipt = await readReceipt(store, facts)
  if (!receipt) return false
  let gone = 0
  for (const input of receipt.inputs) {
    const now = inputs.inputs.find((bound) => bound.binding.name === input.name)
    const change = now ? compare(input, now) : 'other'
    if (change === 'other') return false
    if (change === 'less') gone++
  }
  return gone > 0
}

function compare(then: ReceiptInput, now: BoundInput): 'same' | 'less' | 'other' {
  if (!then.keys) return compareFolders(then, now)
  const before = new Set(then.keys.map(([key, size, etag]) => `${key}\0${size}\0${etag}`))
  const objects = now.folders.flatMap((folder) => folder.objects)
  if (objects.some(({ key, size, etag }) => !before.has(`${key}\0${size}\0${etag}`))) return 'other'
  return objects.length < before.size ? 'less' : 'same'
}

/** Where the receipt had too many objects to name them: a folder that changed and has fewer objects now lost some. */
function compareFolders(then: ReceiptInput, now: BoundInput): 'same' | 'less' | 'other' {
  const folders = new Map(now.folders.map((folder) => [folder.name, folder]))
  let change: 'same' | 'less' = 'same'
  for (const old of then.folders) {
    const folder = folders.get(old.name)
    if (folder?.digest === old.digest) continue
    if ((folder?.objects.length ?? 0) >= old.objects) return 'other'
    change = 'less'
  }
  return change
}
