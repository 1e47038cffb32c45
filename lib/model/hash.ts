import { hash } from 'node:crypto'

/** The first `length` hex digits of the SHA-256 of the parts, each ended by a NUL so that no two lists of parts read the same. */
export function hashOf(parts: Iterable<string | number>, length = 32): string {
  let text = ''
  for (const part of parts) text += `${part}\0`
  return hash('sha256', text, 'hex').slice(0, length)
}

/** JSON with sorted keys, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** The SHA-256 of bytes, 64 hex digits: what a receipt says of its output. */
export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes)
}
