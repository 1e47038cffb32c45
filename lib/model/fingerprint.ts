import type { Rule, ViewSettings } from './catalog.ts'
import { canonicalJson, hashOf } from './hash.ts'
import type { Partition } from './partition.ts'

/** One input object as a listing names it. For the output of an input view, its sha256 stands for the ETag. */
export interface InputObject {
  readonly key: string
  readonly size: number
  readonly etag: string
}

/** Digest of what a folder holds: of (key, size, ETag) in key order. */
export function folderDigest(objects: readonly InputObject[]): string {
  return hashOf(objects.flatMap(({ key, size, etag }) => [key, size, etag]))
}

/**
 * Fingerprint of one output partition: of its version, its bounds and what its inputs held. Folders come in time order, per input in the
 * order of the version.
 */
export function fingerprint(
  version: string,
  partition: Partition,
  inputs: readonly { readonly name: string; readonly folders: readonly { readonly name: string; readonly digest: string }[] }[],
): string {
  const parts: (string | number)[] = [version, partition.start, partition.end]
  for (const input of inputs) {
    parts.push('input', input.name)
    for (const folder of input.folders) parts.push(folder.name, folder.digest)
  }
  return hashOf(parts)
}

/** Names the rules that an output and its rows were held against; a rejected partition is tried again when they change. */
export function rulesHash(settings: Pick<ViewSettings, 'expect' | 'nonFinite' | 'badRows'>): string {
  const known = rulesHashes.get(settings)
  if (known !== undefined) return known
  const made = hashOf(
    [canonicalJson(settings.expect.map((rule: Rule) => rule.sql)), settings.nonFinite, canonicalJson(settings.badRows)],
    12,
  )
  rulesHashes.set(settings, made)
  return made
}

/** A planner asks once per partition. */
const rulesHashes = new WeakMap<object, string>()
