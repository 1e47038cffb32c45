import { z } from 'zod'
import { NOTHING_PUBLISHED, type Published } from '../model/published.ts'
import { jsonBytes, readJson, updateJson } from './json-object.ts'
import { PUBLISHED_KEY } from './keys.ts'
import type { ObjectStore } from './object-store.ts'

const version = z.string().regex(/^[0-9a-f]{12}$/, 'Invalid version: expected 12 hex digits')
const time = z.iso.datetime()
const table = z.string().regex(/^[a-z][a-z0-9_]*@[0-9a-f]{12}$/, 'Invalid key: expected view@version')

const shape = z.strictObject({
  format: z.literal(1),
  views: z.record(z.string(), version),
  since: z.record(z.string(), time).optional(),
  previous: z.record(z.string(), z.strictObject({ version, until: time })).optional(),
  pins: z.record(table, z.strictObject({ since: time, reason: z.string().optional() })).optional(),
  dropping: z.record(table, z.strictObject({ since: time })).optional(),
})

/** What is published, with the ETag that a put over it has to name; undefined where nothing ever was. */
export interface ReadPublished {
  readonly value: Published
  readonly etag: string | undefined
}

/** @throws DataError for an object that is damaged, InvalidInputError for one of another format. */
export async function readPublished(store: ObjectStore): Promise<ReadPublished> {
  const found = await readJson<Published>(store, PUBLISHED_KEY, shape)
  return { value: found?.value ?? NOTHING_PUBLISHED, etag: found?.info.etag }
}

/** The one put of a switch. @throws ConflictError when another one stands there by now. */
export async function putPublished(store: ObjectStore, value: Published, over: ReadPublished): Promise<void> {
  await store.put(PUBLISHED_KEY, jsonBytes(value), over.etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: over.etag })
}

/**
 * A change that is decided anew when someone else was faster: whatever it reads after it was given `published` holds at the put, as far
 * as nobody takes it away without a change of this object first. @throws what `change` throws.
 */
export async function updatePublished(
  store: ObjectStore,
  change: (published: Published) => Published | Promise<Published>,
): Promise<Published> {
  return updateJson<Published>(store, PUBLISHED_KEY, (old) => change(old ?? NOTHING_PUBLISHED), shape)
}
