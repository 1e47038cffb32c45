import { DataError, InvalidInputError } from '../model/errors.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'

/** Every stored JSON names its format; this build reads and writes format 1. */
export interface Formatted {
  readonly format: 1
}

/**
 * A stored JSON object with what a conditional put over it needs; undefined where there is none.
 * @throws DataError for text that is not JSON, InvalidInputError for a format this build does not read.
 */
export async function readJson<T extends Formatted>(
  store: ObjectStore,
  key: string,
): Promise<{ readonly value: T; readonly info: ObjectInfo } | undefined> {
  const found = await store.get(key)
  if (!found) return undefined
  return { value: parseJson<T>(found.bytes, `${store.location}/${key}`), info: found.info }
}

function parseJson<T extends Formatted>(bytes: Uint8Array, where: string): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new DataError(`${where} is not JSON; expected an object that hindcast wrote`, {}, { cause })
  }
  const format = value !== null && typeof value === 'object' && 'format' in value ? value.format : undefined
  if (format !== 1) throw new InvalidInputError(`${where} has format ${String(format)}; this build reads format 1`)
  return value as T
}

/** Bytes of a JSON object as we store it: sorted by the caller, indented, ended by a new line. */
export function jsonBytes<T extends Formatted>(value: T): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
}
