import type { LocalEngine } from '../../lib/engine/local-engine.ts'
import type { Catalog } from '../../lib/model/catalog.ts'
import type { House } from './house.ts'
import { catalogOf } from './house.ts'

const SOURCE = `description: Ticks.
key: ticks/dt={yyyy}-{MM}-{dd}/
format: csv
event_time: at
columns: {at: TIMESTAMP, id: VARCHAR}
start: 2001-03-01
`

const BUSY = `/* ---
description: Ticks of three days.
entity: id
grain: day
inputs: {ticks: 3 days}
warm_up: compute
expect: [n < 100]
--- */
SELECT id, count(*) AS n, avg(hour("at")) AS mean_hour FROM ticks GROUP BY id
`

const BUSIER = `/* ---
description: Two days of those.
entity: id
grain: day
inputs: {busy: 2 days}
warm_up: compute
--- */
SELECT id, sum(n) AS n FROM busy GROUP BY id
`

/** The files of these definitions. */
export const TICKS_FILES: Readonly<Record<string, string>> = { 'ticks.source.yaml': SOURCE, 'busy.sql': BUSY, 'busier.sql': BUSIER }

/** A view of three days of ticks and one over two days of it; more definitions replace these. */
export function ticksCatalog(engine: LocalEngine, more: Readonly<Record<string, string>> = {}): Promise<Catalog> {
  const files = { ...TICKS_FILES, ...more }
  return catalogOf(
    Object.entries(files).map(([file, text]) => ({ file, text })),
    engine,
  )
}

/** Names of the first days of March 2001. */
export function marchDays(days: number): string[] {
  return Array.from({ length: days }, (_, at) => `2001-03-${String(at + 1).padStart(2, '0')}`)
}

/** Two ticks a day. */
export async function layTicks(house: House, days: readonly string[]): Promise<void> {
  for (const day of days) await house.put(`ticks/dt=${day}/ticks.csv`, `at,id\n${day} 01:00:00,a\n${day} 02:00:00,b\n`)
}
