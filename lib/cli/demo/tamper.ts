import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PARQUET_SETTINGS } from '../../engine/build.ts'
import type { LocalEngine } from '../../engine/local-engine.ts'
import { literal } from '../../engine/quote.ts'
import type { ObjectStore } from '../../lake/object-store.ts'
import { InternalError } from '../../model/errors.ts'

/** Adds one minute to one airport's delay in one written file, as somebody's script might. */
export async function tamper(engine: LocalEngine, store: ObjectStore, key: string): Promise<void> {
  const found = await store.get(key)
  if (!found) throw new InternalError(`the demo's ${key} is not there`)
  const [before, after] = [join(engine.scratch, 'before.parquet'), join(engine.scratch, 'after.parquet')]
  await writeFile(before, found.bytes)
  await engine.engine.session('UTC', (session) =>
    session.run(
      `COPY (SELECT * REPLACE (CASE WHEN origin = 'ATL' THEN mean_delay_7d + 1 ELSE mean_delay_7d END AS mean_delay_7d) FROM read_parquet(${literal(before)})) ` +
        `TO ${literal(after)} (${PARQUET_SETTINGS})`,
    ),
  )
  await store.put(key, await readFile(after))
}
