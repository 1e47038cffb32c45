import type { Computed } from '../engine/compute.ts'
import { jsonBytes } from '../lake/json-object.ts'
import { outputKey, partitionPrefix, quarantinePrefix } from '../lake/keys.ts'
import type { PutCondition } from '../lake/object-store.ts'
import type { PartitionOutputs } from '../lake/outputs.ts'
import { RECEIPT_KEYS_MAX, type Receipt, type ReceiptInput, type RejectedMark, receiptName, rejectedName } from '../lake/receipts.ts'
import { type Catalog, type Feature, readersOf } from '../model/catalog.ts'
import { ConflictError, type DataError, type InvalidInputError } from '../model/errors.ts'
import { rulesHash } from '../model/fingerprint.ts'
import { sha256 } from '../model/hash.ts'
import type { Partition } from '../model/partition.ts'
import { affectedPartitions, repairHorizon, runsOf } from './affected.ts'
import type { BoundInput, PartitionInputs } from './bound-input.ts'
import type { Effects } from './effects.ts'
import { readReceipt } from './partition-state.ts'
import { repairsWith } from './repair.ts'
import { type ComputeTask, LIVE, type Message } from './task.ts'
import type { Workbench } from './workbench.ts'

/** One partition on its way through a round: what stood there, and what it reads. */
export interface Work {
  readonly partition: Partition
  readonly facts: PartitionOutputs
  readonly inputs: PartitionInputs
}

/** What computing gave: an output, or why there is none. */
export type Made =
  | { readonly computed: Computed; readonly durations: Readonly<Record<string, number>> }
  | { readonly error: DataError | InvalidInputError; readonly durations: Readonly<Record<string, number>> }

export interface Bringing {
  readonly task: ComputeTask
  readonly catalog: Catalog
  readonly effects: Effects
  readonly feature: Feature
  readonly bench: Workbench
}

/** The end of a partition that was put. */
export interface Ended {
  readonly result: 'written' | 'confirmed' | 'rejected'
  readonly rows?: number
  readonly bytes?: number
  readonly reason?: string
}

/** Steps 6 and 7: one conditional put unless the same bytes stand there, dependents, the receipt, and the end of older receipts. */
export async function commit(context: Bringing, work: Work, made: Made): Promise<Ended | 'again'> {
  if ('error' in made) return reject(context, work, made)
  const { effects, feature, task } = context
  const { store } = effects.lake
  const standing = await standingSha256(context, work)
  if (standing === 'gone') return 'again'
  const same = standing === made.computed.sha256
  const old = await readReceipt(store, work.facts)
  const repairs = await repairsWith(context, work, { old, computed: made.computed, same })
  if (repairs === 'gone') return 'again'
  const etag = same ? work.facts.output?.etag : await putOutput(context, work, made.computed)
  if (etag === undefined) return 'again'
  if (task.writer === LIVE) await effects.queue.send(dependents(context, work.partition))
  const receipt = { ...makeReceipt(context, work, made, { etag, old }), ...(repairs && { repairs }) }
  const prefix = partitionPrefix(feature.version.view, feature.version.version, work.partition.name)
  const own = prefix + receiptName(receipt)
  await store.put(own, jsonBytes(receipt))
  for (const { key } of [...work.facts.receipts, ...work.facts.rejected]) if (key !== own) await store.delete(key)
  return { result: same ? 'confirmed' : 'written', rows: made.computed.rows, bytes: made.computed.size }
}

/** Leaves the output as it was, and beside it a mark that names what was found; a refused output is copied to quarantine. */
export async function reject(context: Bringing, work: Work, made: Made): Promise<Ended> {
  const { effects, feature } = context
  const { view, version } = feature.version
  const { store } = effects.lake
  const computed = 'computed' in made ? made.computed : undefined
  // The mark lies at its place: a reason does not name that again.
  const place = `${view} ${work.partition.name}: `
  const reasons =
    'error' in made
      ? [made.error.message.startsWith(place) ? made.error.message.slice(place.length) : made.error.message]
      : made.computed.violations.map(
          ({ rule, rows, example }) => `${rule}: broken by ${rows} row(s)${example ? `, such as ${example}` : ''}`,
        )
  if (computed)
    await store.put(`${quarantinePrefix(view, version, work.partition.name)}${work.inputs.fingerprint}.parquet`, { file: computed.file })
  const mark = { fingerprint: work.inputs.fingerprint, rules: rulesHash(feature.settings) }
  const key = partitionPrefix(view, version, work.partition.name) + rejectedName(mark)
  const body: RejectedMark = {
    format: 1,
    view,
    version,
    partition: work.partition.name,
    reasons,
    ...(computed && { rows: computed.rows }),
    at: isoOf(effects.now()),
    writer: context.task.writer,
  }
  await store.put(key, jsonBytes(body))
  for (const old of work.facts.rejected) if (old.key !== key) await store.delete(old.key)
  return { result: 'rejected', reason: reasons.join('; ') }
}

/** The sha256 of the object that stands there: from a receipt that names its ETag, else from its bytes. */
async function standingSha256({ effects, feature }: Bringing, work: Work): Promise<string | undefined | 'gone'> {
  const { output, receipts } = work.facts
  if (!output) return undefined
  const known = receipts.find((receipt) => receipt.etag === output.etag)
  if (known) return known.sha256
  const key = outputKey(feature.version.view, feature.version.version, work.partition.name)
  try {
    const found = await effects.lake.store.get(key, { ifMatch: output.etag })
    return found ? sha256(found.bytes) : 'gone'
  } catch (error) {
    if (error instanceof ConflictError) return 'gone'
    throw error
  }
}

/** The new ETag, or undefined when someone else was faster. */
async function putOutput({ effects, feature }: Bringing, work: Work, computed: Computed): Promise<string | undefined> {
  const key = outputKey(feature.version.view, feature.version.version, work.partition.name)
  const condition: PutCondition = work.facts.output ? { ifMatch: work.facts.output.etag } : { ifNoneMatch: '*' }
  try {
    return (await effects.lake.store.put(key, { file: computed.file }, condition)).etag
  } catch (error) {
    if (error instanceof ConflictError) return undefined
    throw error
  }
}

/** Tasks for the ended partitions of other views that read this one; whether they are stale is theirs to find out. */
function dependents({ catalog, feature, effects, task }: Bringing, partition: Partition): Message[] {
  const now = effects.now()
  return readersOf(catalog, feature.version).flatMap((reader) => {
    const { view, version } = reader.feature.version
    const affected = affectedPartitions(reader, partition, repairHorizon(reader.feature, now))
    return runsOf(affected).map(({ first, last }) => ({
      ...task,
      view,
      version,
      first: first.name,
      last: last.name,
      reprocess: 'stale' as const,
    }))
  })
}

function makeReceipt(
  { effects, feature, task }: Bringing,
  work: Work,
  made: Extract<Made, { computed: Computed }>,
  { etag, old }: { readonly etag: string; readonly old: Receipt | undefined },
): Receipt {
  const now = isoOf(effects.now())
  return {
    format: 1,
    view: feature.version.view,
    version: feature.version.version,
    partition: work.partition.name,
    start: isoOf(work.partition.start),
    end: isoOf(work.partition.end),
    fingerprint: work.inputs.fingerprint,
    engine: effects.engine.build.id,
    sha256: made.computed.sha256,
    etag,
    inputs: receiptInputs(work.inputs.inputs, made.computed),
    rows: made.computed.rows,
    bytes: made.computed.size,
    warnings: made.computed.warnings.map(({ rule, rows }) => ({ rule, rows })),
    durations: made.durations,
    writer: task.writer,
    ...(task.cause && { cause: task.cause }),
    first_written: old?.first_written ?? now,
    written: now,
    ...(old?.sha256 === made.computed.sha256 && { standing_since: old.standing_since ?? old.written }),
  }
}

function receiptInputs(inputs: readonly BoundInput[], computed: Computed): ReceiptInput[] {
  const total = inputs.reduce((sum, input) => sum + input.folders.reduce((all, folder) => all + folder.objects.length, 0), 0)
  return inputs.map((input) => {
    const { binding, folders } = input
    const count = computed.inputs.find((one) => one.name === binding.name)
    const keys = folders.flatMap((folder) => folder.objects.map(({ key, size, etag }) => [key, size, etag] as const))
    return {
      name: binding.name,
      from: binding.kind === 'source' ? binding.source : binding.view,
      folders: folders.map(({ name, digest, objects, bytes }) => ({ name, digest, objects: objects.length, bytes })),
      ...(total <= RECEIPT_KEYS_MAX && { keys }),
      rows: count?.rows ?? 0,
      strays: count?.strays ?? 0,
      skipped: count?.skipped ?? 0,
    }
  })
}

function isoOf(instant: number): string {
  return new Date(instant).toISOString()
}
