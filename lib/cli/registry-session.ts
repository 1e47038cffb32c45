import { existsSync } from 'node:fs'
import { LocalEngine } from '../engine/local-engine.ts'
import { isBucket, type OpenLake, openLake } from '../lake/open-lake.ts'
import { readCatalog, requireEngine, withVersions } from '../lake/registry.ts'
import type { VersionRef } from '../model/catalog.ts'
import { InvalidInputError } from '../model/errors.ts'
import type { CliContext } from './context.ts'
import { type Session, scratchFolder } from './session.ts'
import { tablesOf } from './tables.ts'

/** The lake for a command that changes its registry. @throws InvalidInputError where there is none: such a command makes no lake. */
export async function openExistingLake(context: CliContext): Promise<OpenLake> {
  if (!isBucket(context.lake) && !existsSync(context.lake))
    throw new InvalidInputError(`folder ${context.lake} does not exist; expected a lake, see --lake`)
  return openLake(context.lake)
}

/**
 * A session over what is registered: the definitions folder is neither read nor registered, so a rollback works whatever stands there.
 * The versions are in its catalog, live or not.
 */
export async function openRegistrySession(context: CliContext, versions: readonly VersionRef[] = []): Promise<Session> {
  const tables = await tablesOf(context)
  const lake = await openExistingLake(context)
  const engine = new LocalEngine({ scratch: await scratchFolder(context.lake) })
  const close = async () => {
    await engine.close()
    await lake.close()
  }
  try {
    await requireEngine(lake.store, engine.build)
    const catalog = await withVersions(lake.store, await readCatalog(lake.store, context.now()), versions)
    if (catalog.features.size === 0)
      throw new InvalidInputError(`lake ${context.lake} has no registered views; hindcast register makes some`)
    return { lake, catalog, engine, ...tables, close }
  } catch (error) {
    await close()
    throw error
  }
}
