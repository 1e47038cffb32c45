import { existsSync } from 'node:fs'
import { arch } from 'node:os'
import { type EngineBuild, engineBuild, MEMORY_LIMIT_MB } from '../engine/build.ts'
import { type OpenLake, openLake } from '../lake/open-lake.ts'
import { readCatalog, withVersions } from '../lake/registry.ts'
import { type Catalog, featureKey } from '../model/catalog.ts'
import { HindcastError } from '../model/errors.ts'
import { canonicalJson } from '../model/hash.ts'
import type { Source } from '../model/source.ts'
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
  const ofViews = [...views].sort().flatMap((view) => {
    const [old, now] = [registered.candidates.get(view), defined.candidates.get(view)]
    if (old === now) return changedSettings(view, settingsOf(registered, view), settingsOf(defined, view))
    if (old === undefined) return [`${view} is defined but not registered; hindcast register makes it live`]
    if (now === undefined) return [`${view} is registered but no longer defined`]
    return [`${view} is defined as version ${now}, registered is ${old}; hindcast register makes the new one live`]
  })
  const ofSources = [...defined.sources.values()].flatMap((source) => {
    const old = registered.sources.get(source.name)
    return old ? changedSettings(source.name, pick(old), pick(source)) : []
  })
  return [...ofViews, ...ofSources]
}

function settingsOf(catalog: Catalog, view: string): object {
  return catalog.features.get(featureKey(view, catalog.candidates.get(view) ?? ''))?.settings ?? {}
}

/** What a source says beside the columns, of which a version has those that it reads. */
function pick({ key, keyZone, bucket, format, folders, start, keep, gaps, marker, waitMs, badRows }: Source): object {
  return { key: key.text, keyZone, bucket, format, folders, start, keep, gaps, marker, waitMs, badRows }
}

function changedSettings(name: string, old: object, now: object): string[] {
  const [before, after] = [new Map(Object.entries(old)), new Map(Object.entries(now))]
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => canonicalJson(before.get(key) ?? null) !== canonicalJson(after.get(key) ?? null),
  )
  // As definitions spell them: `waitMs` is `wait`, `badRows` is `bad_rows`.
  const spelled = keys.map((key) => key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
  if (keys.length === 0) return []
  return [
    `${spelled.join(', ')} of ${name} ${keys.length === 1 ? 'is' : 'are'} not as registered; hindcast register takes over what the folder says`,
  ]
}
