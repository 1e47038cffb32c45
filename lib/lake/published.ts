import * as z from 'zod'
import { DataError } from '../model/errors.ts'
import { NOTHING_PUBLISHED, type Published } from '../model/published.ts'
import { jsonBytes, readJson, updateJson } from './json-object.ts'
import { PUBLISHED_COPIES, PUBLISHED_KEY } from './keys.ts'
import { listAll, type ObjectInfo, type ObjectStore } from './object-store.ts'

const version = z.string().regex(/^[0-9a-f]{12}$/, 'Invalid version: expected 12 hex digits')
const time = z.iso.datetime()
const table = z.string().regex(/^[a-z][a-z0-9_]*@[0-9a-f]{12}$/, 'Invalid key: expected view@version')

const shape = z.strictObject({
  format: z.literal(1),
  views: z.record(z.string(), version),
  since: z.record(z.string(), time).optional(),
  runs: z.record(z.string(), z.string()).optional(),
  previous: z.record(z.string(), z.strictObject({ version, until: time })).optional(),
  pins: z.record(table, z.strictObject({ since: time, reason: z.string().optional() })).optional(),
  dropping: z.record(table, z.strictObject({ since: time })).optional(),
})

/** What is published, with the ETag that a put over it has to name; undefined where nothing ever was. */
export interface ReadPublished {
  readonly value: Published
  readonly etag: string | undefined
}

/** @throws DataError for an object that is damaged, naming its newest copy, InvalidInputError for one of another format. */
export async function readPublished(store: ObjectStore): Promise<ReadPublished> {
  const found = await advised(store, () => readJson<Published>(store, PUBLISHED_KEY, shape))
  return { value: found?.value ?? NOTHING_PUBLISHED, etag: found?.info.etag }
}

/** The one put of a switch. @throws ConflictError when another one stands there by now. */
export async function putPublished(store: ObjectStore, value: Published, over: ReadPublished): Promise<void> {
  if (over.etag !== undefined) await keepCopy(store, over.value, over.etag)
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
  const copy = ({ value, info }: { readonly value: Published; readonly info: ObjectInfo }) => keepCopy(store, value, info.etag)
  return advised(store, () => updateJson<Published>(store, PUBLISHED_KEY, (old) => change(old ?? NOTHING_PUBLISHED), shape, copy))
}

/** Copies that are kept: as many changes can be taken back by hand. */
const COPIES_MAX = 50

/** Put before each change, so that whatever happens to the object, what it said before is there. The oldest ones go. */
async function keepCopy(store: ObjectStore, value: Published, etag: string): Promise<void> {
  const copies = (await listAll(store, { prefix: PUBLISHED_COPIES })).map(({ key }) => key)
  const newest = copies.at(-1)?.slice(PUBLISHED_COPIES.length) ?? ''
  const ending = `-${etag.slice(0, 8)}.json`
  // A change that was tried before and died has kept it already.
  if (newest.endsWith(ending)) return
  const number = (Number.parseInt(newest, 10) || 0) + 1
  await store.put(`${PUBLISHED_COPIES}${String(number).padStart(8, '0')}${ending}`, jsonBytes(value))
  for (const key of copies.slice(0, 1 - COPIES_MAX)) await store.delete(key)
}

/** A damaged object is told with the copy that a person may put in its place. */
async function advised<T>(store: ObjectStore, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DataError) || !error.message.includes(PUBLISHED_KEY)) throw error
    const newest = (await listAll(store, { prefix: PUBLISHED_COPIES })).at(-1)
    if (!newest) throw error
    const advice = `what it said before its last change is kept: copy ${newest.key} over it, then publish what was switched since`
    throw new DataError(`${error.message}; ${advice}`, error.details, { cause: error })
  }
}
