/** Where one value comes from: the row of one entity in one partition, what wrote it, and the rows of its inputs that counted. Writes nothing. */
import { writeFile } from 'node:fs/promises'
import pMap from 'p-map'
import { withBounds } from '../engine/compute.ts'
import { type CountedInput, countEntityRows, type EntityValues } from '../engine/counted-rows.ts'
import { readEntityRow } from '../engine/entity-row.ts'
import type { LocalEngine } from '../engine/local-engine.ts'
import { readJson } from '../lake/json-object.ts'
import { outputKey, runPrefix } from '../lake/keys.ts'
import type { Lake } from '../lake/lake.ts'
import type { Receipt, ReceiptInput } from '../lake/receipts.ts'
import { type Catalog, type Feature, featureNamed } from '../model/catalog.ts'
import { parseEntity } from '../model/entity-named.ts'
import type { Partition } from '../model/partition.ts'
import type { Instant } from '../model/zone.ts'
import type { BoundInput } from './bound-input.ts'
import { type Explanation, explainPartition } from './explain.ts'
import { InputListing } from './input-listing.ts'
import { endedPartition } from './preview-partitions.ts'
import { rawKeyOf } from './repaired.ts'
import type { PlanFile } from './run-files.ts'
import { LIVE } from './task.ts'
import { Gone, Workbench } from './workbench.ts'

const READS_AT_ONCE = 16

export interface ValueRequest {
  readonly view: string
  readonly entity: string
  readonly partition: string
}

export interface ValueEffects {
  readonly lake: Lake
  readonly engine: LocalEngine
  now(): Instant
  newId(): string
}

/** One input of the receipt, with the rows of each object that counted for the entity. */
export interface ValueInput {
  readonly name: string
  readonly from: string
  readonly how: CountedInput['how']
  /** Why it cannot be told which rows counted, or which are not among them. */
  readonly why?: string
  readonly objects: readonly ValueObject[]
}

/** `gone`, `changed`: the object is not the one that the receipt names, so nobody can look at its rows. */
export interface ValueObject {
  readonly key: string
  /** The raw object that a landed piece holds rows of. */
  readonly raw?: string
  readonly rows?: number
  readonly state: 'same' | 'changed' | 'gone'
}

export interface ExplainedValue {
  readonly partition: Explanation
  readonly entity: EntityValues
  /** The row as its readers see it, text by column; absent: the entity is not in the partition. */
  readonly row?: Readonly<Record<string, string | null>>
  /** The view's SQL with the partition's bounds. */
  readonly sql: string
  readonly inputs: readonly ValueInput[]
  /** Why the run that wrote it ran. */
  readonly reason?: string
}

/** @throws InvalidInputError for an unknown view, an entity that is none, or a partition that has not ended. */
export async function explainValue(request: ValueRequest, catalog: Catalog, effects: ValueEffects): Promise<ExplainedValue> {
  const feature = featureNamed(catalog, request.view)
  const { version } = feature
  const entity = parseEntity(request.entity, version.entity)
  const partition = endedPartition(version, request.partition, effects.now())
  const explained = await explainPartition(request, catalog, effects)
  const bench = new Workbench(effects, `explain-${effects.newId()}`)
  try {
    const file = await bringOutput(explained, effects.lake, bench)
    const row = file === undefined ? undefined : await readEntityRow(effects.engine.engine, version, file, entity)
    const reason = explained.receipt && (await reasonOf(explained.receipt, effects.lake))
    return {
      partition: explained,
      entity,
      ...(row && { row }),
      sql: withBounds(version.sql, partition, readable).trim(),
      inputs: await withRawKeys(
        await inputsOf({ feature, partition, entity, receipt: explained.receipt }, catalog, effects, bench),
        effects.lake,
      ),
      ...(reason !== undefined && { reason }),
    }
  } finally {
    await bench.close()
  }
}

/** An instant as a person writes it. */
function readable(at: Instant): string {
  return `TIMESTAMPTZ '${new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$/, '+00')
    .replace('Z', '+00')}'`
}

async function bringOutput({ view, version, partition }: Explanation, { store }: Lake, bench: Workbench): Promise<string | undefined> {
  const found = await store.get(outputKey(view, version, partition))
  if (!found) return undefined
  const file = await bench.newFile('.parquet')
  await writeFile(file, found.bytes)
  return file
}

async function reasonOf({ writer }: Receipt, { store }: Lake): Promise<string | undefined> {
  if (writer === LIVE) return undefined
  return (await readJson<PlanFile>(store, `${runPrefix(writer)}plan.json`))?.value.request?.reason
}

interface Counting {
  readonly feature: Feature
  readonly partition: Partition
  readonly entity: EntityValues
  readonly receipt: Receipt | undefined
}

/** The rows of the objects that are still those of the receipt; without a receipt, of what lies there now. */
async function inputsOf(counting: Counting, catalog: Catalog, effects: ValueEffects, bench: Workbench): Promise<ValueInput[]> {
  const { feature, partition, entity, receipt } = counting
  const listing = await InputListing.load({ lake: effects.lake, catalog, now: effects.now() }, [{ feature, partitions: [partition] }])
  const then = listing.inputs(feature, partition).inputs.map((input) => asThen(input, receipt))
  const brought = await bringAll(
    then.map(({ input }) => input),
    catalog,
    bench,
  )
  const why = 'objects were deleted while they were read'
  if (!brought) return then.map(({ input, objects }) => ({ name: input.binding.name, from: fromOf(input), how: 'unknown', why, objects }))
  const job = { ...feature, partition, inputs: brought, file: '' }
  const counted = await countEntityRows(effects.engine.engine, job, entity)
  return then.map(({ input, objects }) => {
    const found = counted.find(({ name }) => name === input.binding.name)
    const rows = new Map(found?.objects.map((one) => [one.key, one.rows]))
    const known = objects.map((one) => ({ ...one, ...(rows.has(one.key) && one.state === 'same' && { rows: rows.get(one.key) ?? 0 }) }))
    return {
      name: input.binding.name,
      from: fromOf(input),
      how: found?.how ?? 'unknown',
      ...(found?.why && { why: found.why }),
      objects: known,
    }
  })
}

/** Pieces that counted, or that are not there any more, with the raw object behind each. */
async function withRawKeys(inputs: readonly ValueInput[], { store }: Lake): Promise<ValueInput[]> {
  const named = async (one: ValueObject): Promise<ValueObject> => {
    const raw = one.rows === 0 ? undefined : await rawKeyOf(one.key, store)
    return raw === undefined ? one : { ...one, raw }
  }
  return pMap(inputs, async (input) => ({ ...input, objects: await pMap(input.objects, named, { concurrency: READS_AT_ONCE }) }), {
    concurrency: 1,
  })
}

async function bringAll(inputs: readonly BoundInput[], catalog: Catalog, bench: Workbench) {
  try {
    const brought = []
    for (const input of inputs) brought.push(await bench.bring(input, catalog))
    return brought
  } catch (error) {
    if (error instanceof Gone) return undefined
    throw error
  }
}

function fromOf({ binding }: BoundInput): string {
  return binding.kind === 'source' ? binding.source : binding.view
}

/** An input with only the objects that the receipt names, as it names them. */
function asThen(input: BoundInput, receipt: Receipt | undefined): { readonly input: BoundInput; readonly objects: readonly ValueObject[] } {
  const then = receipt?.inputs.find(({ name }) => name === input.binding.name)
  const now = input.folders.flatMap((folder) => folder.objects)
  if (!then) return { input, objects: now.map(({ key }) => ({ key, state: 'same' as const })) }
  if (!then.keys) return asFoldersThen(input, then)
  const { keys } = then
  const etags = new Map(keys.map(([key, , etag]) => [key, etag]))
  const there = new Map(now.map(({ key, etag }) => [key, etag]))
  const folders = input.folders.map((folder) => ({ ...folder, objects: folder.objects.filter(({ key, etag }) => etags.get(key) === etag) }))
  const objects = keys.map(([key, , etag]) => {
    const state = !there.has(key) ? ('gone' as const) : there.get(key) === etag ? ('same' as const) : ('changed' as const)
    return { key, state }
  })
  return { input: { ...input, folders }, objects }
}

/** A receipt of too many objects names folders alone: in one that changed, no object is known to be the one of then. */
function asFoldersThen(input: BoundInput, then: ReceiptInput): { readonly input: BoundInput; readonly objects: readonly ValueObject[] } {
  const digests = new Map(then.folders.map(({ name, digest }) => [name, digest]))
  const isSame = (folder: BoundInput['folders'][number]) => digests.get(folder.name) === folder.digest
  const objects = input.folders.flatMap((folder) => {
    const state = isSame(folder) ? ('same' as const) : ('changed' as const)
    return folder.objects.map(({ key }) => ({ key, state }))
  })
  return { input: { ...input, folders: input.folders.filter(isSame) }, objects }
}
