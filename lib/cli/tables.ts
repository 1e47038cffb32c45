import { isBucket, type OpenLake } from '../lake/open-lake.ts'
import { openTables } from '../lake/open-tables.ts'
import type { TableStore } from '../lake/table-store.ts'
import { InvalidInputError } from '../model/errors.ts'
import { syncTables } from '../pipeline/sync-tables.ts'
import type { CliContext } from './context.ts'
import { renderTables } from './render-tables.ts'

/** The Glue database that the command line or the environment names. @throws InvalidInputError for one of a lake in a folder. */
export async function tablesOf({ glueDatabase, lake }: CliContext): Promise<{ readonly tables?: TableStore }> {
  if (!glueDatabase) return {}
  if (!isBucket(lake))
    throw new InvalidInputError(`Glue database ${glueDatabase} cannot have tables of a folder; expected --lake s3://BUCKET, found ${lake}`)
  return { tables: await openTables(glueDatabase) }
}

/** Lets the tables of views follow a change that is no publish, and notes what became of them. */
export async function followTables(context: CliContext, lake: OpenLake, views: readonly string[]): Promise<void> {
  const { tables } = await tablesOf(context)
  if (!tables || views.length === 0) return
  const report = await syncTables(views, { lake, tables, now: context.now })
  if (report.written.length + report.removed.length + report.failed.length > 0) context.note(renderTables(report))
}
