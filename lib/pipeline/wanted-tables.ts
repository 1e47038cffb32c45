/** Which tables the registry asks for. */
import { readPublished } from '../lake/published.ts'
import { readSources } from '../lake/sources.ts'
import { HindcastError } from '../model/errors.ts'
import type { GlueTable } from '../model/glue-table.ts'
import { type SourceTable, sourceTable } from '../model/source-table.ts'
import { historyName, historyTable, publishedTable, type TabledView } from '../model/view-tables.ts'
import type { PlanEffects } from './plan.ts'
import { readTabledSource } from './tabled-source.ts'
import { readTabledView } from './view-tables.ts'

/** A table by its name, built from what the registry says at the time of the call; undefined where nothing asks for it any more. */
export interface WantedTable {
  readonly name: string
  build(): Promise<GlueTable | undefined>
}

export interface WantedTables {
  readonly tables: readonly WantedTable[]
  /** What a person should know of them. */
  readonly notes: readonly string[]
}

type ReadEffects = Pick<PlanEffects, 'lake' | 'now'>

/** The tables of these views and of the sources that they read, or of all that are published and all sources. */
export async function wantedTables(views: readonly string[] | 'all', effects: ReadEffects): Promise<WantedTables> {
  const { store } = effects.lake
  const published = Object.keys((await readPublished(store)).value.views)
  const wanted = views === 'all' ? published : published.filter((view) => views.includes(view))
  const notes: string[] = []
  const sources = new Set<string>(views === 'all' ? Object.keys((await readSources(store)).sources) : [])
  for (const view of wanted) {
    const tabled = await unlessWrong(() => readTabledView(store, view, effects.now()))
    if (!tabled) continue
    notes.push(...historyTable(tabled).notes)
    for (const binding of tabled.published.version.inputs) if (binding.kind === 'source') sources.add(binding.source)
  }
  const tables = wanted.flatMap((view) => viewTables(view, effects))
  for (const name of sources) {
    const made = await unlessWrong(() => makeSourceTable(name, effects))
    if (made) notes.push(...(made.kind === 'none' ? [made.reason] : made.notes))
    if (made?.kind !== 'none') tables.push({ name, build: () => buildSource(name, effects) })
  }
  return { tables, notes }
}

/** What is wrong with one table is told when it is built, and keeps no other from being written. */
async function unlessWrong<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof HindcastError) return undefined
    throw error
  }
}

async function makeSourceTable(name: string, { lake }: ReadEffects): Promise<SourceTable> {
  const tabled = await readTabledSource(lake, name)
  return tabled ? sourceTable(tabled) : { kind: 'none', reason: `source ${name} has no table: it has no data, and names no start` }
}

async function buildSource(name: string, effects: ReadEffects): Promise<GlueTable | undefined> {
  const made = await makeSourceTable(name, effects)
  return made.kind === 'table' ? made.table : undefined
}

function viewTables(view: string, effects: ReadEffects): WantedTable[] {
  const from = async (make: (tabled: TabledView) => GlueTable) => {
    const tabled = await readTabledView(effects.lake.store, view, effects.now())
    return tabled && make(tabled)
  }
  return [
    { name: view, build: () => from(publishedTable) },
    { name: historyName(view), build: () => from((tabled) => historyTable(tabled).table) },
  ]
}
