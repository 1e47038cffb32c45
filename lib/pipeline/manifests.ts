import pMap from 'p-map'
import * as z from 'zod'
import { listAll, type ObjectStore } from '../lake/object-store.ts'
import type { VersionRef } from '../model/catalog.ts'

/** A training set that was made from a version of a view. */
export interface NamingManifest {
  readonly key: string
  /** It cannot be read, so nobody knows what it names. */
  readonly unreadable?: true
}

const READS_AT_ONCE = 8
/** The part of `training/<name>/<run>/manifest.json` that says what the set was made from. */
const manifest = z.looseObject({ views: z.array(z.looseObject({ view: z.string(), version: z.string() })) })

/** The manifests of training sets that name the version, and those that cannot be read. */
export async function manifestsNaming(store: ObjectStore, ref: VersionRef): Promise<NamingManifest[]> {
  const keys = (await listAll(store, { prefix: 'training/' })).map(({ key }) => key)
  const wanted = keys.filter((key) => /^training\/[^/]+\/[^/]+\/manifest\.json$/.test(key))
  const found = await pMap(wanted, (key) => lookAt(store, key, ref), { concurrency: READS_AT_ONCE })
  return found.filter((one) => one !== undefined)
}

async function lookAt(store: ObjectStore, key: string, { view, version }: VersionRef): Promise<NamingManifest | undefined> {
  const bytes = (await store.get(key))?.bytes
  if (!bytes) return undefined
  const parsed = manifest.safeParse(parseJson(bytes))
  if (!parsed.success) return { key, unreadable: true }
  return parsed.data.views.some((one) => one.view === view && one.version === version) ? { key } : undefined
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
