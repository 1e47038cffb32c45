/**
 * What has to hold when everything is quiet: the live lake has exactly the bytes of a backfill of the same raw objects into an empty
 * lake, both count every raw row once, every receipt is true, and nothing is left behind.
 */

import { readJson } from '../../../lib/lake/json-object.ts'
import { landingPrefix, objectHash, outputKey } from '../../../lib/lake/keys.ts'
import { openMemoryStore } from '../../../lib/lake/memory-store.ts'
import { listAll, type ObjectInfo } from '../../../lib/lake/object-store.ts'
import { listOutputs } from '../../../lib/lake/outputs.ts'
import { parseReceiptName, type Receipt } from '../../../lib/lake/receipts.ts'
import type { ViewVersion } from '../../../lib/model/catalog.ts'
import { PRICES } from '../../../lib/model/price.ts'
import { type LandingRecord, piecesDigest } from '../../../lib/pipeline/land.ts'
import { planBackfill } from '../../../lib/pipeline/plan.ts'
import { type Content, contentOf, type RawRow, type RowReader } from './contents.ts'
import { naiveD, naiveU, type RawRows, renderSums, type Sums } from './naive.ts'
import type { SharedDisk } from './scheduled-store.ts'
import type { Simulation } from './simulation.ts'
import { endedPartitions } from './world.ts'

/** The state of every partition by a plan, per view. */
export type States = ReadonlyMap<string, readonly string[]>

export interface Reference {
  readonly disk: SharedDisk
  readonly raw: RawRows
}

/** A backfill into an empty lake of the raw objects that the live lake stands for. */
export async function buildReference(simulation: Simulation, contents: RowReader): Promise<Reference> {
  const inner = openMemoryStore({ etags: 'content', now: () => simulation.now })
  const disk: SharedDisk = { inner, files: new Map(), history: new Map(), counts: { puts: 0, gets: 0, lists: 0 } }
  const raw = { s: [] as { folder: string; rows: readonly RawRow[] }[], a: [] as RawRow[] }
  for (const [key, content] of await effectiveRaw(simulation)) {
    await inner.put(key, content.bytes)
    const rows = await rawRows(contents, content)
    const folder = key.split('/')[2] ?? ''
    if (key.startsWith('raw/s/')) raw.s.push({ folder, rows })
    else raw.a.push(...rows)
  }
  await simulation.run({}, disk)
  return { disk, raw }
}

/** Raw objects that stand, and those that were landed before they were deleted: their pieces outlive them. */
async function effectiveRaw(simulation: Simulation): Promise<Map<string, Content>> {
  const { inner, history } = simulation.disk
  const raw = new Map<string, Content>()
  for (const { key, etag } of await listAll(inner, { prefix: 'raw/' })) raw.set(key, found(history, key, etag))
  const pieces = await listAll(inner, { prefix: 'landed/a/dt=' })
  for (const { key } of await listAll(inner, { prefix: landingPrefix('a') })) {
    const record = (await readJson<LandingRecord>(inner, key))?.value
    if (!record?.raw || raw.has(record.key)) continue
    const digest = parseReceiptName(key.slice(key.lastIndexOf('/') + 1))?.sha256
    if (digest === digestOf(pieces, record.key)) raw.set(record.key, found(history, record.key, record.raw.etag))
  }
  return raw
}

/** Digest of the pieces of one raw object that are there now. */
function digestOf(pieces: readonly ObjectInfo[], rawKey: string): string {
  const own = pieces.filter(({ key }) => key.endsWith(`/${objectHash(rawKey)}.parquet`))
  return piecesDigest(new Map(own.map(({ key, etag }) => [key.split('/')[2]?.slice('dt='.length) ?? '', etag])))
}

function found(history: SharedDisk['history'], key: string, etag: string): Content {
  const content = history.get(`${key} ${etag}`)
  if (!content) throw new Error(`${key} never stood with ETag ${etag}`)
  return content
}

async function rawRows(contents: RowReader, content: Content): Promise<RawRow[]> {
  const rows = await contents.rows(content, 'k, epoch_ms(ts) AS t, x')
  return rows.map(({ k, t, x }) => ({ k: String(k), t: Number(t), x: Number(x) }))
}

export interface Checked {
  readonly problems: readonly string[]
  /** Partitions that lost inputs, which stay as they are until a request says otherwise. */
  readonly shrunk: number
  readonly compared: number
}

export interface CheckOptions {
  readonly contents: RowReader
  readonly reference: Reference
  /** Nothing is left out: a request has computed everything. */
  readonly requested: boolean
  /** Computes every receipt that was ever put once more. */
  readonly receipts: boolean
  /** Only what events could know of: no states, no partitions without rows. */
  readonly pure: boolean
}

export async function check(simulation: Simulation, options: CheckOptions): Promise<Checked> {
  const problems: string[] = []
  const states = await statesOf(simulation)
  const live = await outputsOf(simulation, simulation.disk)
  const wanted = await outputsOf(simulation, options.reference.disk)
  const partitions = endedPartitions(simulation.shape, simulation.now)
  let [shrunk, compared] = [0, 0]
  let spoiled = new Set<number>()
  const naive = naiveOutputs(simulation, options)
  for (const view of ['u', 'd'] as const) {
    const spoiledHere = new Set<number>()
    for (const [at, { name, end }] of partitions.entries()) {
      if (end + simulation.shape.waitMs > simulation.now) continue
      const id = `${view} ${name}`
      const [is, should] = [live.get(id), wanted.get(id)]
      const state = states.get(view)?.[at] ?? 'unknown'
      const window = [...Array(simulation.shape.windowD).keys()].map((back) => at - back)
      if (view === 'd' && window.some((one) => spoiled.has(one))) spoiledHere.add(at)
      if (!options.requested && state === 'shrunk') {
        shrunk++
        spoiledHere.add(at)
      }
      if (spoiledHere.has(at)) continue
      const expected = naive[view](at)
      if (options.pure && !is && mayLack(view, at, simulation, live, expected, naive.u)) continue
      if (!should && !is) {
        if (state !== 'warming_up') problems.push(`${id}: no output in either lake, state ${state}`)
        continue
      }
      compared++
      if (!is) problems.push(`${id}: missing (${state})`)
      else if (!options.pure && is.sha256 !== should?.sha256) problems.push(`${id}: other bytes than a backfill (${state})`)
      if (!options.pure && state !== 'fresh') problems.push(`${id}: state ${state}`)
      for (const [lake, content] of [
        ['live', is],
        ['backfill', options.pure ? undefined : should],
      ] as const) {
        if (!content) continue
        const sums = renderSums(await sumsOf(options.contents, content, simulation))
        if (sums !== renderSums(expected))
          problems.push(`${id}: ${lake} has ${sums || 'no rows'}, the raw rows say ${renderSums(expected) || 'no rows'}`)
      }
    }
    spoiled = spoiledHere
  }
  problems.push(...(await leftBehind(simulation)), ...(await brokenPromises(simulation, options.reference.disk)))
  if (options.receipts) problems.push(...(await falseReceipts(simulation, options.contents)))
  return { problems, shrunk, compared }
}

/** In pure mode nothing names a partition without rows, and one of `d` waits for each of `u` that it reads. */
function mayLack(
  view: 'u' | 'd',
  at: number,
  simulation: Simulation,
  live: ReadonlyMap<string, Content>,
  expected: Sums,
  ofU: (at: number) => Sums,
): boolean {
  if (simulation.shape.warmUp === 'skip') return true
  if (view === 'u') return isNothing(simulation, expected)
  const partitions = endedPartitions(simulation.shape, simulation.now)
  const window = [...Array(simulation.shape.windowD).keys()].map((back) => at - back)
  const isThere = (one: number) => (one < 0 ? simulation.shape.started : live.has(`u ${partitions[one]?.name}`))
  return !window.every(isThere) || window.every((one) => one < 0 || isNothing(simulation, ofU(one)))
}

function isNothing({ shape }: Simulation, sums: Sums): boolean {
  return shape.lossy ? (sums.get('all')?.n ?? 0) === 0 : sums.size === 0
}

/** What each output should hold. */
function naiveOutputs(simulation: Simulation, options: CheckOptions) {
  const { shape } = simulation
  const partitions = endedPartitions(shape, simulation.now)
  const { raw } = options.reference
  const u = (at: number) => naiveU(shape, partitions, at, raw)
  return { u, d: (at: number) => naiveD(shape, partitions, at, u, raw) }
}

async function sumsOf(contents: RowReader, content: Content, { shape }: Simulation): Promise<Sums> {
  const rows = await contents.rows(content, shape.lossy ? 'k, n, 0 AS s' : 'k, n, s')
  return new Map(rows.map(({ k, n, s }) => [String(k), { n: Number(n), s: Number(s) }]))
}

function versionsOf({ catalog }: Simulation): readonly ViewVersion[] {
  return [...catalog.features.values()].map(({ version }) => version)
}

async function outputsOf(simulation: Simulation, { inner }: SharedDisk): Promise<Map<string, Content>> {
  const outputs = new Map<string, Content>()
  for (const { view, version } of versionsOf(simulation)) {
    for (const { name } of endedPartitions(simulation.shape, simulation.now)) {
      const object = await inner.get(outputKey(view, version, name))
      if (object) outputs.set(`${view} ${name}`, contentOf(object.bytes))
    }
  }
  return outputs
}

/** The state of every partition as a plan decides it: one plan where all are alike, else one for each partition. */
async function statesOf(simulation: Simulation): Promise<States> {
  const names = endedPartitions(simulation.shape, simulation.now).map(({ name }) => name)
  const states = new Map<string, string[]>()
  for (const { view } of versionsOf(simulation)) {
    const all = await plannedStates(simulation, view, simulation.wholePeriod())
    if (all.length === 1)
      states.set(
        view,
        names.map(() => all[0] ?? ''),
      )
    else
      states.set(
        view,
        await Promise.all(names.map(async (name) => (await plannedStates(simulation, view, { from: name, to: name })).join())),
      )
  }
  return states
}

async function plannedStates(simulation: Simulation, view: string, period: { from: string; to: string }): Promise<string[]> {
  const request = { views: [view], period, with: 'none', reprocess: 'stale', missingInputs: 'block', reason: 'check' } as const
  const settings = { prices: PRICES, taskSeconds: 1, tasksWanted: 1 }
  const plan = await planBackfill(request, simulation.catalog, simulation.effects('check'), settings)
  return Object.keys(plan.views[0]?.states ?? {})
}

/** Intents, claims that still hold, and receipts beside the one of the present object. */
async function leftBehind(simulation: Simulation): Promise<string[]> {
  const { inner } = simulation.disk
  const problems: string[] = []
  const landing = await listAll(inner, { prefix: landingPrefix('a') })
  for (const { key } of landing) if (key.includes('/_intent.')) problems.push(`left behind: ${key}`)
  for (const { key } of await listAll(inner, { prefix: 'runs/active/' })) {
    const claim = (await readJson<{ format: 1; expires: number }>(inner, key))?.value
    if (claim && claim.expires > simulation.now) problems.push(`claim still holds: ${key}`)
  }
  return problems
}

/** A fingerprint that stands for two contents, or a receipt whose object stands there with other bytes. */
async function brokenPromises(simulation: Simulation, reference: SharedDisk): Promise<string[]> {
  const problems: string[] = []
  const known = new Map<string, string>()
  for (const { inner } of [simulation.disk, reference]) {
    for (const { view, version } of versionsOf(simulation)) {
      for (const [name, { output, receipts }] of await listOutputs(inner, { view, version }, '0', '9')) {
        for (const receipt of receipts) {
          const standing = output?.etag === receipt.etag ? await inner.get(outputKey(view, version, name)) : undefined
          if (standing && contentOf(standing.bytes).sha256 !== receipt.sha256) problems.push(`${view} ${name}: false receipt`)
          const same = known.get(receipt.fingerprint)
          if (same !== undefined && same !== receipt.sha256) problems.push(`${view} ${name}: one fingerprint, two contents`)
          known.set(receipt.fingerprint, receipt.sha256)
        }
      }
    }
  }
  // Receipts that were deleted since count as well: they are true for ever.
  for (const key of simulation.disk.history.keys()) {
    const name = key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf(' '))
    const receipt = key.startsWith('features/') ? parseReceiptName(name) : undefined
    if (!receipt) continue
    const same = known.get(receipt.fingerprint)
    if (same !== undefined && same !== receipt.sha256) problems.push(`${key}: one fingerprint, two contents`)
    known.set(receipt.fingerprint, receipt.sha256)
  }
  return problems
}

/** Receipts whose output is not what the objects that they name add up to; those that were deleted since count as well. */
async function falseReceipts(simulation: Simulation, contents: RowReader): Promise<string[]> {
  const { history } = simulation.disk
  const partitions = endedPartitions(simulation.shape, simulation.now)
  const bySha256 = new Map([...history.values()].map((content) => [content.sha256, content]))
  const problems: string[] = []
  for (const [id, content] of history) {
    const key = id.slice(0, id.lastIndexOf(' '))
    if (!key.startsWith('features/') || !key.includes('/_receipt.')) continue
    const receipt = JSON.parse(Buffer.from(content.bytes).toString()) as Receipt
    const at = partitions.findIndex(({ name }) => name === receipt.partition)
    const output = bySha256.get(receipt.sha256)
    if (at < 0) continue
    if (!output) {
      problems.push(`${key}: nothing with its sha256 was ever put`)
      continue
    }
    const named = await namedRows(receipt, { history, bySha256, contents, simulation })
    const ofU = (index: number) => named.u.get(partitions[index]?.name ?? '') ?? new Map()
    const { shape } = simulation
    const expected = receipt.view === 'u' ? naiveU(shape, partitions, at, named) : naiveD(shape, partitions, at, ofU, named)
    const sums = renderSums(await sumsOf(contents, output, simulation))
    if (sums !== renderSums(expected)) problems.push(`${key}: false receipt, ${sums} from inputs that say ${renderSums(expected)}`)
  }
  return problems
}

interface Known {
  readonly history: SharedDisk['history']
  readonly bySha256: ReadonlyMap<string, Content>
  readonly contents: RowReader
  readonly simulation: Simulation
}

/** The rows of the objects that a receipt names, as they stood under the named ETags. */
async function namedRows(receipt: Receipt, { history, bySha256, contents, simulation }: Known) {
  const rows = { s: [] as { folder: string; rows: readonly RawRow[] }[], a: [] as RawRow[], u: new Map<string, Sums>() }
  for (const input of receipt.inputs) {
    for (const [key, , etag] of input.keys ?? []) {
      const content = input.from === 'u' ? bySha256.get(etag) : found(history, key, etag)
      if (!content) throw new Error(`${key} never stood with sha256 ${etag}`)
      if (input.from === 'u') rows.u.set(key.split('/')[3]?.slice('dt='.length) ?? '', await sumsOf(contents, content, simulation))
      else if (input.from === 's') rows.s.push({ folder: key.split('/')[2] ?? '', rows: await rawRows(contents, content) })
      else rows.a.push(...(await rawRows(contents, content)))
    }
  }
  return rows
}
