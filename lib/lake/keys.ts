import { hashOf } from '../model/hash.ts'

/**
 * The key grammar of a lake, in one place. Names that begin with `_` are skipped by Athena, so what we know about an object lies beside
 * it. Partition names sort as time does, so a range of partitions is a range of keys.
 */

export const RECEIPT_FORMAT = 1
export const OUTPUT_NAME = 'features.parquet'

/** `features/<view>/v=<version>/`. */
export function versionPrefix(view: string, version: string): string {
  return `features/${view}/v=${version}/`
}

export function partitionPrefix(view: string, version: string, partition: string): string {
  return `${versionPrefix(view, version)}dt=${partition}/`
}

export function outputKey(view: string, version: string, partition: string): string {
  return partitionPrefix(view, version, partition) + OUTPUT_NAME
}

export function quarantineVersion(view: string, version: string): string {
  return `quarantine/${view}/v=${version}/`
}

export function quarantinePrefix(view: string, version: string, partition: string): string {
  return `${quarantineVersion(view, version)}dt=${partition}/`
}

/** The name by which a raw object is known in `landed/`: a hash of its key. */
export function objectHash(rawKey: string): string {
  return hashOf([rawKey], 20)
}

export function landedPrefix(source: string): string {
  return `landed/${source}/`
}

/** Pieces of one folder; a range of folders is a range of keys. */
export function landedFolder(source: string, folder: string): string {
  return `${landedPrefix(source)}dt=${folder}/`
}

export function pieceKey(source: string, folder: string, rawKey: string): string {
  return `${landedFolder(source, folder)}${objectHash(rawKey)}.parquet`
}

/** Receipts and intents of landed objects. */
export function landingPrefix(source: string): string {
  return `${landedPrefix(source)}_objects/`
}

export function objectPrefix(source: string, rawKey: string): string {
  return `${landingPrefix(source)}${objectHash(rawKey)}/`
}

/** Marks of raw objects that could not be landed, by the folder in which they arrived. */
export function landingRejectedPrefix(source: string): string {
  return `${landedPrefix(source)}_rejected/`
}

export function landingRejectedKey(source: string, arrivalFolder: string, rawKey: string, fingerprint: string): string {
  return `${landingRejectedPrefix(source)}dt=${arrivalFolder}/${objectHash(rawKey)}.${fingerprint}`
}

export const ENGINE_KEY = 'registry/engine.json'
export const SOURCES_KEY = 'registry/_sources.json'
export const PUBLISHED_KEY = 'registry/published.json'
/** What `published.json` was before its last changes, one object each, numbered: `<number>-<etag>.json`. */
export const PUBLISHED_COPIES = 'registry/_published/'

export function viewEntryKey(view: string): string {
  return `registry/${view}.json`
}

export function viewVersionKey(view: string, version: string): string {
  return `registry/${view}/${version}.json`
}

export const CLAIMS_PREFIX = 'runs/active/'

export function claimKey(run: string): string {
  return `${CLAIMS_PREFIX}${run}.json`
}

export function runPrefix(run: string): string {
  return `runs/${run}/`
}

export const MANIFEST_NAME = 'manifest.json'

/** All runs of a training set; their names sort by time. */
export function trainingPrefix(name: string): string {
  return `training/${name}/`
}

export function trainingRunPrefix(name: string, run: string): string {
  return `${trainingPrefix(name)}${run}/`
}

/** One file of a training set; the labels of all parts, in order of their names, are in the order of the input. */
export function trainingPartKey(name: string, run: string, part: number): string {
  return `${trainingRunPrefix(name, run)}part-${String(part).padStart(5, '0')}.parquet`
}

export function manifestKey(name: string, run: string): string {
  return trainingRunPrefix(name, run) + MANIFEST_NAME
}
