import { existsSync } from 'node:fs'
import { arch } from 'node:os'
import { type EngineBuild, engineBuild, MEMORY_LIMIT_MB } from '../engine/build.ts'
import { type OpenLake, openLake } from '../lake/open-lake.ts'
import { readCatalog, withVersions } from '../lake/registry.ts'
import type { Catalog } from '../model/catalog.ts'
import { HindcastError } from '../model/errors.ts'
import type { CliContext } from './context.ts'
import { openSession, versionsNamed } from './session.ts'

/** A lake opened for questions: what is registered there, and nothing that could write. */
export interface Registered {
  readonly lake: OpenLake
  readonly catalog: Catalog
  readonly engine: { readonly build: EngineBuild }
}

/**
 * Opens what live computes: the views of the registry. Where a lake has none yet, the definitions folder stands in for them. Notes say
 * where the folder and the registry differ. Versions that `views` names are in the catalog, live or not.
 */
export async function openRegistered(context: CliContext, views: readonly string[] = []): Promise<Registered> {
  const lake = await openLake(context.lake, { readOnly: true })
  const engine = { build: engineBuild(arch(), MEMORY_LIMIT_MB) }
  try {
    const registered = await withVersions(lake.store, await readCatalog(lake.store, context.now()), versionsNamed(views))
    const defined = await readFolder(context, registered.features.size === 0)
    if (!defined) return { lake, engine, catalog: registered }
    if (registered.features.size === 0) {
      context.note('note: nothing is registered in the lake yet; hindcast register or backfill does it')
      return { lake, engine, catalog: defined }
    }
    for (const note of differences(registered, defined)) context.note(`note: ${note}`)
    return { lake, engine, catalog: registered }
  } catch (error) {
    await lake.close()
    throw error
  }
}

/** The definitions folder as a catalog. Where it is not needed, one with problems is only mentioned. */
async function readFolder(context: CliContext, needed: boolean): Promise<Catalog | undefined> {
  if (!needed && !existsSync(context.features)) return undefined
  try {
    const session = await openSession(context, { write: false })
    await session.close()
    return session.catalog
  } catch (error) {
    if (needed || !(error instanceof HindcastError) || error.name !== 'InvalidInputError') throw error
    context.note(`note: the definitions in ${context.features} have problems, the registered ones are shown; hindcast check lists them`)
    return undefined
  }
}

function differences(registered: Catalog, defined: Catalog): string[] {
  const views = new Set([...registered.candidates.keys(), ...defined.candidates.keys()])
  return [...views].sort().flatMap((view) => {
    const [old, now] = [registered.candidates.get(view), defined.candidates.get(view)]
    if (old === now) return []
    if (old === undefined) return [`${view} is defined but not registered; hindcast register makes it live`]
    if (now === undefined) return [`${view} is registered but no longer defined`]
    return [`${view} is defined as version ${now}, registered is ${old}; hindcast register makes the new one live`]
  })
}
