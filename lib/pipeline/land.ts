/**
 * Lands one raw object of an arrival source: decodes it once and splits it by event time into pieces. The protocol is transform's with
 * one object in and its pieces out. A landing receipt certifies only together with the digest of the pieces that are there now, since
 * two landers can overtake each other; an intent names the folders that a lander may have touched, so that one that died leaves none
 * behind.
 *
 *     receipts, intents, pieces, raw  ->  decode  ->  intent  ->  pieces  ->  receipt  ->  intents away  ->  raw again
 */

import type { LandedObject } from '../engine/land-object.ts'
import { jsonBytes, readJson } from '../lake/json-object.ts'
import { landingRejectedKey, landingRejectedPrefix, objectHash, objectPrefix, pieceKey } from '../lake/keys.ts'
import { listAll, type ObjectInfo } from '../lake/object-store.ts'
import { parseReceiptName, type RefusedMark, receiptName } from '../lake/receipts.ts'
import { ConflictError, DataError, TransientError } from '../model/errors.ts'
import { canonicalJson, hashOf, sha256 } from '../model/hash.ts'
import { folderOfKey } from '../model/key-template.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import { zoneNamed } from '../model/zone.ts'
import type { Effects } from './effects.ts'
import { Workbench } from './workbench.ts'

const ROUNDS_MAX = 5
const INTENT = '_intent.'

/** Body of a landing receipt and of an intent: the raw key, and the folders of its pieces, empty ones included. */
export interface LandingRecord {
  readonly format: 1
  readonly key: string
  readonly folders: readonly string[]
  /** sha256 of each piece by its folder (receipts). */
  readonly sha256?: Readonly<Record<string, string>>
  readonly rows?: number
  readonly skipped?: number
  /** Rows whose event time lies before the folder in which they arrived. */
  readonly late?: number
  readonly raw?: { readonly size: number; readonly etag: string }
  readonly landed?: string
  /** Who asked for it: a run, or `live` (receipts). */
  readonly writer?: string
}

export interface LandReport {
  readonly key: string
  readonly result: 'landed' | 'already' | 'vanished' | 'refused'
  /** Folders whose pieces this object fills, or filled before. */
  readonly folders: readonly string[]
  readonly rows: number
  /** What was found in an object that was refused before. */
  readonly reason?: string
}

export interface LandRequest {
  readonly source: Source
  readonly key: string
  /** Tries an object again that was refused as it stands. */
  readonly retry: boolean
  /** Whom its receipt names. */
  readonly writer?: string
  /** A later try of the same task: what an earlier one landed counts as landed. */
  readonly triedBefore?: boolean
  /** Empties the pieces of an object that was landed and is gone; else they outlive it, as raw data expires. */
  readonly emptyDeleted?: boolean
}

/**
 * Lands the object as it is now. @throws DataError when it cannot be read (a mark beside the pieces says so, and blocks what may need
 * it), TransientError when it keeps changing.
 */
export async function land(request: LandRequest, effects: Effects): Promise<LandReport> {
  const bench = new Workbench(effects, `land-${effects.newId()}`)
  try {
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const report = await landOnce(request, effects, bench)
      if (report) return report
    }
  } finally {
    await bench.close()
  }
  throw new TransientError(`${request.key} kept changing for ${ROUNDS_MAX} rounds of landing`)
}

/** Landed already, or by an earlier try of this task whose answer was lost. */
function reportStanding({ key, writer, triedBefore }: LandRequest, { records, folders }: Standing): LandReport {
  const own = triedBefore ? records.find(({ body }) => body?.writer !== undefined && body.writer === writer)?.body : undefined
  return { key, result: own ? 'landed' : 'already', folders, rows: own?.rows ?? 0 }
}

/** What the lake knows of one raw object before it is landed. */
interface Standing {
  readonly records: readonly { readonly info: ObjectInfo; readonly body: LandingRecord | undefined }[]
  readonly folders: readonly string[]
  readonly pieces: ReadonlyMap<string, string>
  readonly raw: ObjectInfo | undefined
}

async function landOnce(request: LandRequest, effects: Effects, bench: Workbench): Promise<LandReport | undefined> {
  const { source, key } = request
  const standing = await lookAt(request, effects)
  const fingerprint = landingFingerprint(source, key, standing.raw?.etag)
  const certified = isLanded(standing, fingerprint)
  if (certified) return reportStanding(request, standing)
  if (!standing.raw && !needsEmptying(standing) && !(request.emptyDeleted && standing.records.length > 0)) {
    await clearRefusals(source, key, effects)
    return { key, result: 'vanished', folders: standing.folders, rows: 0 }
  }
  const refused = request.retry ? undefined : await readRefusal(request, effects, fingerprint)
  if (refused) return { key, result: 'refused', folders: standing.folders, rows: 0, reason: refused.reason }
  const landed = await split(request, effects, bench, standing.raw, fingerprint)
  if (landed === 'gone') return undefined
  return writePieces({ request, effects, bench, standing, fingerprint, landed })
}

async function lookAt({ source, key }: LandRequest, effects: Effects): Promise<Standing> {
  const { store } = effects.lake
  const infos = await listAll(store, { prefix: objectPrefix(source.name, key) })
  const records = await Promise.all(infos.map(async (info) => ({ info, body: (await readJson<LandingRecord>(store, info.key))?.value })))
  const folders = [...new Set(records.flatMap((record) => record.body?.folders ?? []))].sort()
  const pieces = await piecesOf(source, key, folders, effects)
  return { records, folders, pieces, raw: await effects.lake.bucket(source.bucket).head(key) }
}

async function piecesOf(source: Source, key: string, folders: readonly string[], effects: Effects): Promise<Map<string, string>> {
  const heads = await Promise.all(folders.map((folder) => effects.lake.store.head(pieceKey(source.name, folder, key))))
  return new Map(folders.flatMap((folder, at) => (heads[at] ? [[folder, heads[at].etag] as const] : [])))
}

/** A landing's fingerprint: of the object, and of all that decides how it is decoded and split. */
export function landingFingerprint(source: Source, key: string, etag: string | undefined): string {
  const { format, columns, eventTime, badRows, keyZone } = source
  return hashOf([canonicalJson({ format, columns, eventTime, badRows, keyZone, grain: source.key.grain }), key, etag ?? 'deleted'])
}

/** Digest of the pieces that stand now, by folder and ETag. */
export function piecesDigest(pieces: ReadonlyMap<string, string>): string {
  return hashOf([...pieces].sort(([a], [b]) => (a < b ? -1 : 1)).flat())
}

function isLanded(standing: Standing, fingerprint: string): boolean {
  const names = standing.records.map(({ info }) => nameOf(info))
  return certifies(names, fingerprint, piecesDigest(standing.pieces))
}

/** Whether the names beside an object certify its pieces: a receipt of this fingerprint and digest, and no intent. */
export function certifies(names: readonly string[], fingerprint: string, digest: string): boolean {
  if (names.some((name) => name.startsWith(INTENT))) return false
  return names.some((name) => {
    const receipt = parseReceiptName(name)
    return receipt?.fingerprint === fingerprint && receipt.sha256 === digest
  })
}

/** An object that vanished before its receipt leaves pieces that nothing certifies; one that was landed keeps its pieces. */
function needsEmptying(standing: Standing): boolean {
  if (standing.records.length === 0) return false
  const names = standing.records.map(({ info }) => nameOf(info))
  if (names.some((name) => name.startsWith(INTENT))) return true
  const digest = piecesDigest(standing.pieces)
  return !names.some((name) => parseReceiptName(name)?.sha256 === digest)
}

function nameOf(info: ObjectInfo): string {
  return info.key.slice(info.key.lastIndexOf('/') + 1)
}

/** Decodes the object as it was looked at. Bad data leaves a mark by its arrival folder, then is thrown. */
async function split(
  { source, key }: LandRequest,
  effects: Effects,
  bench: Workbench,
  raw: ObjectInfo | undefined,
  fingerprint: string,
): Promise<LandedObject | 'gone'> {
  if (!raw) return { pieces: [], rows: 0, skipped: 0 }
  const file = await bench.newFile('.raw')
  try {
    if (!(await effects.lake.bucket(source.bucket).download(key, file, { ifMatch: raw.etag }))) return 'gone'
    const captures = folderOfKey(source.key, zoneNamed(source.keyZone), key)?.captures ?? {}
    const decoding = { ...source, columns: source.columns ?? [] }
    return await effects.engine.land({
      raw: { key, file, captures },
      source: decoding,
      calendar: folderCalendar(source),
      outDir: await bench.newFolder(),
    })
  } catch (error) {
    if (error instanceof ConflictError) return 'gone'
    if (error instanceof DataError) await refuse(source, key, fingerprint, error, effects)
    throw error
  }
}

async function refuse(source: Source, key: string, fingerprint: string, error: DataError, effects: Effects): Promise<void> {
  const mark: RefusedMark = { format: 1, key, reason: error.message, at: new Date(effects.now()).toISOString() }
  await effects.lake.store.put(landingRejectedKey(source.name, arrivalFolder(source, key), key, fingerprint), jsonBytes(mark))
}

async function readRefusal({ source, key }: LandRequest, effects: Effects, fingerprint: string): Promise<RefusedMark | undefined> {
  return (await readJson<RefusedMark>(effects.lake.store, landingRejectedKey(source.name, arrivalFolder(source, key), key, fingerprint)))
    ?.value
}

export function arrivalFolder(source: Source, key: string): string {
  return folderOfKey(source.key, zoneNamed(source.keyZone), key)?.folder.name ?? 'unknown'
}

interface Writing {
  readonly request: LandRequest
  readonly effects: Effects
  readonly bench: Workbench
  readonly standing: Standing
  readonly fingerprint: string
  readonly landed: LandedObject
}

/** Intent, pieces, receipt, and the end of what was there before; undefined when someone else was faster or the object changed. */
async function writePieces(writing: Writing): Promise<LandReport | undefined> {
  const { request, effects, standing, landed, fingerprint } = writing
  const { source, key } = request
  const { store } = effects.lake
  const folders = [...new Set([...landed.pieces.map((piece) => piece.folder), ...standing.folders])].sort()
  const intent = `${objectPrefix(source.name, key)}${INTENT}${effects.newId()}`
  await store.put(intent, jsonBytes<LandingRecord>({ format: 1, key, folders }))
  const pieces = await piecesOf(source, key, folders, effects)
  const written = await putPieces(writing, folders, pieces)
  if (!written) return undefined
  const record = makeRecord(writing, folders, written.sha256)
  const name = receiptName({ fingerprint, engine: effects.engine.build.id, sha256: piecesDigest(written.etags), etag: objectHash(key) })
  const own = objectPrefix(source.name, key) + name
  await store.put(own, jsonBytes(record))
  for (const { info } of standing.records) if (info.key !== own) await store.delete(info.key)
  await clearRefusals(source, key, effects)
  await store.delete(intent)
  const now = await effects.lake.bucket(source.bucket).head(key)
  if (now?.etag !== standing.raw?.etag) return undefined
  effects.log({
    event: 'landed',
    source: source.name,
    key,
    rows: landed.rows,
    skipped: landed.skipped,
    late: record.late,
    folders: folders.length,
  })
  return { key, result: 'landed', folders, rows: landed.rows }
}

function makeRecord(
  { request, effects, standing, landed }: Writing,
  folders: readonly string[],
  sha256: Readonly<Record<string, string>>,
): LandingRecord {
  const arrived = arrivalFolder(request.source, request.key)
  const late = landed.pieces.filter((piece) => piece.folder < arrived).reduce((sum, piece) => sum + piece.rows, 0)
  const raw = standing.raw && { size: standing.raw.size, etag: standing.raw.etag }
  const landedAt = new Date(effects.now()).toISOString()
  return {
    format: 1,
    key: request.key,
    folders,
    sha256,
    rows: landed.rows,
    skipped: landed.skipped,
    late,
    ...(raw && { raw }),
    landed: landedAt,
    ...(request.writer !== undefined && { writer: request.writer }),
  }
}

/** Puts every named folder's piece, an empty one where the object fills nothing; undefined when another lander was faster. */
async function putPieces(
  { request, effects, bench, standing, landed }: Writing,
  folders: readonly string[],
  pieces: ReadonlyMap<string, string>,
) {
  const { source, key } = request
  const etags = new Map<string, string>()
  const sha256: Record<string, string> = {}
  const empty = { ...source, columns: source.columns ?? [] }
  for (const folder of folders) {
    const piece =
      landed.pieces.find((one) => one.folder === folder) ?? (await effects.engine.emptyPiece(empty, await bench.newFile('.parquet')))
    const etag = await putPiece(
      effects,
      pieceKey(source.name, folder, key),
      piece,
      pieces.get(folder),
      knownSha256(standing, folder, pieces),
    )
    if (!etag) return undefined
    etags.set(folder, etag)
    sha256[folder] = piece.sha256
  }
  return { etags, sha256 }
}

/** The sha256 of a standing piece, where a receipt that certifies all pieces says it. */
function knownSha256(standing: Standing, folder: string, pieces: ReadonlyMap<string, string>): string | undefined {
  const own = new Map(standing.folders.flatMap((name) => (pieces.has(name) ? [[name, pieces.get(name) ?? ''] as const] : [])))
  const digest = piecesDigest(own)
  return standing.records.find(({ info }) => parseReceiptName(nameOf(info))?.sha256 === digest)?.body?.sha256?.[folder]
}

async function putPiece(
  effects: Effects,
  key: string,
  piece: { readonly file: string; readonly sha256: string },
  etag: string | undefined,
  known: string | undefined,
): Promise<string | undefined> {
  const { store } = effects.lake
  try {
    if (etag !== undefined) {
      const standing = known ?? (await sha256Of(effects, key, etag))
      if (standing === piece.sha256) return etag
    }
    return (await store.put(key, { file: piece.file }, etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag })).etag
  } catch (error) {
    if (error instanceof ConflictError) return undefined
    throw error
  }
}

async function sha256Of(effects: Effects, key: string, etag: string): Promise<string | undefined> {
  const found = await effects.lake.store.get(key, { ifMatch: etag })
  return found && sha256(found.bytes)
}

/** Marks of refusals of this object end when it is landed. */
export async function clearRefusals(source: Source, key: string, effects: Pick<Effects, 'lake'>): Promise<void> {
  const { store } = effects.lake
  const prefix = `${landingRejectedPrefix(source.name)}dt=${arrivalFolder(source, key)}/${objectHash(key)}.`
  for (const mark of await listAll(store, { prefix })) await store.delete(mark.key)
}
