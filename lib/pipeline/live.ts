import type { Cause } from '../lake/receipts.ts'
import type { Catalog, Feature } from '../model/catalog.ts'
import { readersOf } from '../model/catalog.ts'
import { DataError, InvalidInputError } from '../model/errors.ts'
import { folderOfKey } from '../model/key-template.ts'
import type { Partition } from '../model/partition.ts'
import { folderCalendar, type Source } from '../model/source.ts'
import type { Reprocess } from '../model/states.ts'
import { zoneNamed } from '../model/zone.ts'
import { affectedPartitions, newestEnded, repairHorizon, runsOf } from './affected.ts'
import type { Effects } from './effects.ts'
import { land } from './land.ts'
import { isData } from './source-folders.ts'
import { type LandTask, LIVE, type Message, type ObjectArrived } from './task.ts'
import { type TransformReport, transform } from './transform.ts'

/** What one message led to. */
export interface LiveReport {
  readonly landed: number
  readonly reports: readonly TransformReport[]
  /** The message names an object of no source. */
  readonly ignored: boolean
}

/**
 * Does what a message of the live queue asks: an object is landed if need be, then the due partitions that it touches and that are
 * missing are computed; stale ones wait for the sweep, so a trickle of late objects costs one repair each. A task computes whatever
 * is not fresh.
 */
export async function handleMessage(message: Message, catalog: Catalog, effects: Effects): Promise<LiveReport> {
  if (message.kind === 'task') return { landed: 0, reports: [await transform(message, catalog, effects)], ignored: false }
  if (message.kind === 'land') return landAndCompute(message, catalog, effects)
  return handleObject(message, catalog, effects)
}

async function handleObject(message: ObjectArrived, catalog: Catalog, effects: Effects): Promise<LiveReport> {
  const cause: Cause = message
  const reports: TransformReport[] = []
  let landed = 0
  let ignored = true
  for (const source of catalog.sources.values()) {
    const found = matchObject(source, message)
    if (!found) continue
    ignored = false
    // As in every listing: what lies before the start is not read.
    if (source.start !== undefined && found.end <= source.start) {
      effects.log({ event: 'ignored', key: message.key, reason: `lies before the start of ${source.name}` })
      continue
    }
    const isMarker = message.key.endsWith(`/${source.marker}`)
    if (source.folders === 'arrival' && !isMarker) {
      const task: LandTask = { kind: 'land', source: source.name, key: message.key, repair: false, retry: false, writer: LIVE, cause }
      const report = await landAndCompute(task, catalog, effects)
      landed += report.landed
      reports.push(...report.reports)
    } else reports.push(...(await computeReaders({ source, folders: [found], reprocess: 'none', cause }, catalog, effects)))
  }
  if (ignored) effects.log({ event: 'ignored', key: message.key, reason: 'fits the key template of no source' })
  return { landed, reports, ignored }
}

/** The folder of an object that is data or the marker of this source. */
function matchObject(source: Source, { bucket, key }: ObjectArrived): Partition | undefined {
  if (bucket !== source.bucket) return undefined
  const name = key.slice(key.lastIndexOf('/') + 1)
  if (!isData(name) && name !== source.marker) return undefined
  return folderOfKey(source.key, zoneNamed(source.keyZone), key)?.folder
}

async function landAndCompute(task: LandTask, catalog: Catalog, effects: Effects): Promise<LiveReport> {
  const source = catalog.sources.get(task.source)
  if (!source) throw new InvalidInputError(`source ${task.source} is not in the registry`)
  const report = await land({ source, key: task.key, retry: task.retry, writer: task.writer }, effects)
  // A message that comes again is not done by that: it goes on to the dead letters, whose alarm tells somebody.
  if (report.reason !== undefined && task.writer === LIVE) throw new DataError(report.reason)
  const calendar = folderCalendar(source)
  const folders = report.folders.flatMap((name) => calendar.find(name) ?? [])
  const reprocess = task.repair ? 'stale' : 'none'
  const change = { source, folders, reprocess, ...(task.cause && { cause: task.cause }) } as const
  const reports = task.writer === LIVE ? await computeReaders(change, catalog, effects) : []
  return { landed: report.result === 'landed' ? 1 : 0, reports, ignored: false }
}

/** Computes, for every live version that reads the source, the due partitions that the folders touch, and the one that ended last. */
async function computeReaders(
  change: { readonly source: Source; readonly folders: readonly Partition[]; readonly reprocess: Reprocess; readonly cause?: Cause },
  catalog: Catalog,
  effects: Effects,
): Promise<TransformReport[]> {
  const now = effects.now()
  const touched = new Map<Feature, Map<number, Partition>>()
  for (const reader of readersOf(catalog, { source: change.source.name })) {
    const horizon = repairHorizon(reader.feature, now)
    const partitions = touched.get(reader.feature) ?? new Map<number, Partition>()
    touched.set(reader.feature, partitions)
    for (const folder of change.folders) for (const one of affectedPartitions(reader, folder, horizon)) partitions.set(one.start, one)
    const newest = newestEnded(reader.feature, now)
    if (change.folders.length > 0 && newest.end > horizon.after) partitions.set(newest.start, newest)
  }
  const reports: TransformReport[] = []
  for (const [{ version }, partitions] of touched) {
    const ordered = [...partitions.values()].sort((a, b) => a.start - b.start)
    for (const { first, last } of runsOf(ordered)) {
      const { view, version: name } = version
      const range = { view, version: name, first: first.name, last: last.name }
      const why = { writer: LIVE, ...(change.cause && { cause: change.cause }) }
      reports.push(
        await transform({ kind: 'task', ...range, reprocess: change.reprocess, missingInputs: 'block', ...why }, catalog, effects),
      )
    }
  }
  return reports
}
