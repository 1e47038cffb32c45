import * as z from 'zod'
import type { VersionRef, ViewSettings } from '../model/catalog.ts'
import { readJson, updateJson } from './json-object.ts'
import { viewEntryKey } from './keys.ts'
import { listAll, type ObjectStore } from './object-store.ts'

/** `registry/<view>.json`: the newest registered version of a view, its settings, and what is known of its other versions. */
export interface ViewEntry {
  readonly format: 1
  readonly view: string
  readonly candidate: string
  /** Of the candidate; they change freely. */
  readonly settings: ViewSettings
  /** Since when live computes it no more, ISO; registering it once more ends that. */
  readonly retired?: string
  /** By version. */
  readonly versions?: Readonly<Record<string, KnownVersion>>
}

export interface KnownVersion {
  /** When it became the candidate first, ISO. */
  readonly registered?: string
  /** Those that it had last as the candidate: rules name columns, so they stay with their version. */
  readonly settings?: ViewSettings
}

const hex = z.string().regex(/^[0-9a-f]{12}$/, 'Invalid version: expected 12 hex digits')
const rule = z.looseObject({ sql: z.string(), perPartition: z.boolean() })
const settings = z.looseObject({
  description: z.string(),
  expect: z.array(rule),
  warn: z.array(rule),
  nonFinite: z.enum(['refuse', 'allow']),
  badRows: z.record(z.string(), z.number()),
  repairMs: z.number(),
  availableAfterMs: z.number(),
  columns: z.record(z.string(), z.string()),
  absent: z.record(z.string(), z.unknown()),
})
const known = z.strictObject({ registered: z.iso.datetime().optional(), settings: settings.optional() })

/** An entry under the key of another view is damaged too. */
function shapeOf(view: string) {
  return z.strictObject({
    format: z.literal(1),
    view: z.literal(view),
    candidate: hex,
    settings,
    retired: z.iso.datetime().optional(),
    versions: z.record(hex, known).optional(),
  })
}

/** @throws DataError for an entry that is damaged, InvalidInputError for one of another format. */
export async function readEntry(store: ObjectStore, view: string): Promise<ViewEntry | undefined> {
  return (await readJson<ViewEntry>(store, viewEntryKey(view), shapeOf(view)))?.value
}

/** Changes an entry, whoever else writes to it. */
export async function updateEntry(store: ObjectStore, view: string, change: (old: ViewEntry | undefined) => ViewEntry): Promise<ViewEntry> {
  return updateJson<ViewEntry>(store, viewEntryKey(view), change, shapeOf(view))
}

/** Every view that was registered, by name, and every version that is frozen. */
export async function listRegistry(store: ObjectStore): Promise<{ readonly entries: ViewEntry[]; readonly frozen: VersionRef[] }> {
  const keys = (await listAll(store, { prefix: 'registry/' })).map((object) => object.key)
  const views = keys.flatMap((key) => /^registry\/([a-z][a-z0-9_]*)\.json$/.exec(key)?.[1] ?? []).filter((name) => !OTHERS.includes(name))
  const frozen = keys.flatMap((key) => {
    const [, view, version] = /^registry\/([a-z][a-z0-9_]*)\/([0-9a-f]{12})\.json$/.exec(key) ?? []
    return view === undefined || version === undefined ? [] : [{ view, version }]
  })
  const entries = await Promise.all(views.map((view) => readEntry(store, view)))
  return { entries: entries.flatMap((entry) => entry ?? []), frozen }
}

/** Objects of the registry that are no entries; no view can have their names. */
const OTHERS = ['engine', 'published']
