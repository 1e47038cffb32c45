import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { zoneNamed } from '../../lib/model/zone.ts'
import { writeParquet } from '../support/write-parquet.ts'

/** One event as a test knows it; the raw files say the same in some other way. */
export interface RawEvent {
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly who: string
  readonly amount: number
  readonly index: number
}

const DAY_MS = 86_400_000
export const FIRST = Date.UTC(2024, 2, 1)
export const NOW = '2024-04-15T09:30:00Z'
const CHANGED = new Date('2024-04-15T08:00:00Z')

/** Events of some days from 1 March 2024 UTC on, the same for each call: the changes of clocks of 2024 are among them. */
export function eventsOf(days: number, perDay: number): RawEvent[] {
  return Array.from({ length: days * perDay }, (_, index) => {
    const day = Math.floor(index / perDay)
    const at = FIRST + day * DAY_MS + Math.floor(((index % perDay) / perDay) * DAY_MS) + ((index * 7919) % 1000)
    return { at, index, who: `u${String((index * 31 + (index >> 3)) % 23).padStart(2, '0')}`, amount: ((index * 7907) % 9000) / 100 }
  })
}

/** The text of an instant by a zone's clock: `2024-03-01 05:00:00.123`. */
export function clockText(at: number, zone: string): string {
  return new Date(at + zoneNamed(zone).offsetAt(at)).toISOString().replace('T', ' ').slice(0, -1)
}

export function dayOf(at: number, zone = 'UTC'): string {
  return clockText(at, zone).slice(0, 10)
}

export type RawFiles = Map<string, string | Uint8Array>

/** Files by key, each with the lines of its events in order; `before` stands above them. */
export function linesByKey(
  events: readonly RawEvent[],
  keyOf: (event: RawEvent) => string,
  lineOf: (event: RawEvent) => string,
  before: readonly string[] = [],
): Map<string, string> {
  const lines = new Map<string, string[]>()
  for (const event of events) lines.set(keyOf(event), [...(lines.get(keyOf(event)) ?? before), lineOf(event)])
  return new Map([...lines].map(([key, found]) => [key, `${found.join('\n')}\n`]))
}

export function packed(files: ReadonlyMap<string, string>, how: 'gzip' | 'zstd'): RawFiles {
  return new Map([...files].map(([key, text]) => [key, how === 'gzip' ? gzipSync(text) : zstdCompressSync(text)]))
}

/** Parquet files by key; `rowOf` gives the SQL of one row's columns, the first with their names. */
export async function parquetByKey(
  events: readonly RawEvent[],
  keyOf: (event: RawEvent) => string,
  rowOf: (event: RawEvent) => Readonly<Record<string, string>>,
): Promise<RawFiles> {
  const rows = new Map<string, string[]>()
  for (const event of events) {
    const columns = Object.entries(rowOf(event)).map(([name, sql]) => `${sql} AS "${name}"`)
    rows.set(keyOf(event), [...(rows.get(keyOf(event)) ?? []), `SELECT ${columns.join(', ')}`])
  }
  return new Map(
    await writeParquet(
      [...rows].map(([key, selects]) => ({ key, sql: selects.join(' UNION ALL ') })),
      'raw',
    ),
  )
}

export async function writeRaw(root: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  for (const [key, body] of files) {
    await mkdir(dirname(join(root, key)), { recursive: true })
    await writeFile(join(root, key), body)
    // On the day of NOW: a file cannot have come after it.
    await utimes(join(root, key), CHANGED, CHANGED)
  }
}
