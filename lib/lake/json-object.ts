import type { z } from 'zod'
import { ConflictError, DataError, InvalidInputError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'

/** Every stored JSON names its format; this build reads and writes format 1. */
export interface Formatted {
  readonly format: 1
}

/**
 * A stored JSON object with what a conditional put over it needs; undefined where there is none. `shape` is what it is held against.
 * @throws DataError for text that is not JSON or not of that shape, InvalidInputError for a format this build does not read.
 */
export async function readJson<T extends Formatted>(
  store: ObjectStore,
  key: string,
  shape?: z.ZodType,
): Promise<{ readonly value: T; readonly info: ObjectInfo } | undefined> {
  const found = await store.get(key)
  if (!found) return undefined
  const where = `${store.location}/${key}`
  const value = parseJson<T>(found.bytes, where)
  if (shape) requireShape(value, shape, where)
  return { value, info: found.info }
}

/** How often a put is tried again after someone else was faster. */
const TRIES = 10

/**
 * Reads, changes and puts one object, only over what was read, and again as long as others are faster. An unchanged one is not put.
 * `before` sees what a put is about to replace.
 * @throws ConflictError when others keep changing it, and whatever `change` throws.
 */
export async function updateJson<T extends Formatted>(
  store: ObjectStore,
  key: string,
  change: (old: T | undefined) => T | Promise<T>,
  shape?: z.ZodType,
  before?: (old: { readonly value: T; readonly info: ObjectInfo }) => Promise<void>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const old = await readJson<T>(store, key, shape)
    const value = await change(old?.value)
    if (old && canonicalJson(old.value) === canonicalJson(JSON.parse(JSON.stringify(value)))) return value
    if (old) await before?.(old)
    try {
      await store.put(key, jsonBytes(value), old ? { ifMatch: old.info.etag } : { ifNoneMatch: '*' })
      return value
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      if (attempt >= TRIES) throw new ConflictError(`${store.location}/${key} was changed by others ${TRIES} times; try again`)
    }
  }
}

/** What does not fit is named by its path, with what was found there. */
function requireShape(value: unknown, shape: z.ZodType, where: string): void {
  const parsed = shape.safeParse(value)
  if (parsed.success) return
  const problems = parsed.error.issues.map(({ path, message }) => `${path.length > 0 ? `'${path.join('.')}': ` : ''}${message}`)
  throw new DataError(`${where} is damaged: ${problems.join('; ')}; restore it from a copy`)
}

function parseJson<T extends Formatted>(bytes: Uint8Array, where: string): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new DataError(`${where} is not JSON; expected an object that hindcast wrote`, {}, { cause })
  }
  const format = value !== null && typeof value === 'object' && 'format' in value ? value.format : undefined
  if (format === undefined) throw new DataError(`${where} names no format; expected an object that hindcast wrote, with format 1`)
  if (format !== 1) {
    const newer = typeof format === 'number' && format > 1 ? ', a newer hindcast wrote it' : ''
    throw new InvalidInputError(`${where} has format ${JSON.stringify(format)}; this build reads format 1${newer}`)
  }
  return value as T
}

/** Bytes of a JSON object as we store it: sorted by the caller, indented, ended by a new line. */
export function jsonBytes<T extends Formatted>(value: T): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
}
