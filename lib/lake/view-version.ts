import * as z from 'zod'
import type { ViewVersion } from '../model/catalog.ts'
import { jsonBytes, readJson } from './json-object.ts'
import { viewVersionKey } from './keys.ts'
import type { ObjectStore } from './object-store.ts'

const column = z.looseObject({ name: z.string(), type: z.string() })
const binding = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('source'), name: z.string(), source: z.string(), columns: z.array(column) }),
  z.looseObject({ kind: z.literal('view'), name: z.string(), view: z.string(), version: z.string(), schema: z.array(column) }),
])

function shapeOf(view: string, version: string) {
  return z.looseObject({
    format: z.literal(1),
    view: z.literal(view),
    version: z.literal(version),
    sql: z.string(),
    entity: z.array(z.string()),
    grain: z.enum(['hour', 'day', 'month']),
    zone: z.string(),
    warmUp: z.enum(['skip', 'compute']),
    inputs: z.array(binding),
    schema: z.array(column),
  })
}

/** A frozen version; undefined where it was never registered, or dropped. @throws DataError for one that is damaged. */
export async function readVersion(store: ObjectStore, view: string, version: string): Promise<ViewVersion | undefined> {
  return (await readJson<ViewVersion>(store, viewVersionKey(view, version), shapeOf(view, version)))?.value
}

/** Freezes a version; one that stands there already is the same. */
export async function freezeVersion(store: ObjectStore, version: ViewVersion): Promise<void> {
  const key = viewVersionKey(version.view, version.version)
  if (!(await store.head(key))) await store.put(key, jsonBytes(version))
}
