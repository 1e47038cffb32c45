import { readJson } from '../lake/json-object.ts'
import { objectPrefix } from '../lake/keys.ts'
import { listAll } from '../lake/object-store.ts'
import { type Catalog, sourceNamed } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { Source } from '../model/source.ts'
import type { Effects } from './effects.ts'
import { type LandingRecord, land } from './land.ts'

export interface ForgetRequest {
  readonly source: string
  /** Keys of raw objects that were landed and are deleted. */
  readonly keys: readonly string[]
  /** Only says what would be emptied. */
  readonly dryRun: boolean
}

/** What a deleted raw object left in the lake. */
export interface Forgotten {
  readonly key: string
  /** Rows that it had when it was landed. */
  readonly rows: number
  /** Folders whose pieces are, or would be, emptied. */
  readonly folders: readonly string[]
}

/**
 * Empties the pieces of deleted raw objects, which outlive them otherwise: the partitions that had read them are stale from then on. All
 * keys are looked at before anything is emptied.
 * @throws InvalidInputError for a source that is read in place, and for a key that still exists or was never landed.
 */
export async function forget(request: ForgetRequest, catalog: Catalog, effects: Effects): Promise<Forgotten[]> {
  const source = sourceNamed(catalog, request.source)
  if (source.folders !== 'arrival')
    throw new InvalidInputError(
      `source ${source.name} is read in place (folders: ${source.folders}); expected one of arrival folders, for nothing of others is kept`,
    )
  const left: Forgotten[] = []
  for (const key of request.keys) left.push(await whatIsLeft(source, key, effects))
  if (!request.dryRun) for (const { key } of left) await land({ source, key, retry: false, emptyDeleted: true }, effects)
  return left
}

async function whatIsLeft(source: Source, key: string, effects: Effects): Promise<Forgotten> {
  if (await effects.lake.bucket(source.bucket).head(key))
    throw new InvalidInputError(`${key} of source ${source.name} exists; expected one that was deleted: delete the object first`)
  const infos = await listAll(effects.lake.store, { prefix: objectPrefix(source.name, key) })
  const records = await Promise.all(infos.map(async (info) => (await readJson<LandingRecord>(effects.lake.store, info.key))?.value))
  const known = records.filter((record) => record !== undefined)
  if (known.length === 0)
    throw new InvalidInputError(
      `${key} was never landed for source ${source.name}; expected the key of a raw object that was, as it was written`,
    )
  const folders = [...new Set(known.flatMap((record) => record.folders))].sort()
  return { key, rows: Math.max(...known.map((record) => record.rows ?? 0)), folders }
}
