/** Which tables the registry asks for. */
import { readPublished } from '../lake/published.ts'
import type { GlueTable } from '../model/glue-table.ts'
import { historyName, historyTable, publishedTable, type TabledView } from '../model/view-tables.ts'
import type { PlanEffects } from './plan.ts'
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

/** The tables of these views, or of all that are published. */
export async function wantedTables(views: readonly string[] | 'all', effects: ReadEffects): Promise<WantedTables> {
  const { store } = effects.lake
  const published = Object.keys((await readPublished(store)).value.views)
  const wanted = views === 'all' ? published : published.filter((view) => views.includes(view))
  const notes: string[] = []
  for (const view of wanted) {
    const tabled = await readTabledView(store, view, effects.now())
    if (tabled) notes.push(...historyTable(tabled).notes)
  }
  return { tables: wanted.flatMap((view) => viewTables(view, effects)), notes }
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
